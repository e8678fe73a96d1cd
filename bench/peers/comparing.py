"""The part `peers`: ours and every peer, one after the other, each alone on the machine."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from pao_local.errors import StartError
from pao_local.progress import Progress

from bench.calls import UnexpectedAnswerError
from bench.figures import Row, Target, bare_row, row
from bench.peers.database import postgres
from bench.peers.dbos import DBOS
from bench.peers.engine import Peer, Place
from bench.peers.installing import install
from bench.peers.measuring import Amounts, EngineTimes, measure_engine
from bench.peers.n8n import QUEUE, REGULAR
from bench.peers.ours import OURS, ours
from bench.peers.prefect import BACKGROUND, DEPLOYMENT
from bench.recorder import recording
from bench.stack import measured_stack
from bench.ways import RunFailedError

PEERS = (DBOS, REGULAR, QUEUE, BACKGROUND, DEPLOYMENT)
ITEMS = 5
"""Of our catalog: what a request takes does not depend on it."""
CLIENTS = 50
"""That submit at once, each over one connection that is kept alive."""
FAILURES = (
    StartError, UnexpectedAnswerError, RunFailedError, TimeoutError, OSError, psycopg2.Error,
    subprocess.SubprocessError,
)  # fmt: skip
"""What a peer can do wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """What was measured, and what could not be."""

    engines: tuple[EngineTimes, ...]
    left_out: tuple[str, ...]
    """A sentence for each peer that could not be installed, started or measured."""

    def rows(self) -> Iterator[Row]:
        """Four lines an engine, and one for each that was left out."""
        for engine in self.engines:
            name = f"{engine.name} {engine.version}".rstrip()
            yield row(f"{name}: one, last call answered", engine.called)
            yield row(f"{name}: one, completed", engine.completed)
            yield row(f"{name}: one, between calls", engine.between)
            count = str(engine.runs) if engine.succeeded == engine.runs else f"{engine.succeeded} of {engine.runs}"
            rate = f"{engine.per_second:g}/s, all taken within {engine.submitted:g} s"
            yield bare_row(f"{name}: many", count, engine.seconds * 1000, rate)
        for sentence in self.left_out:
            yield bare_row(sentence.splitlines()[0])

    def targets(self) -> Iterator[Target]:
        """None: what others take is theirs."""
        yield from ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of this part."""
    parser.add_argument("--peer-rounds", type=int, default=10, help="runs of each peer, one at a time, idle")
    parser.add_argument("--peer-runs", type=int, default=200, help="runs submitted to each peer at once")
    parser.add_argument("--peer-seconds", type=float, default=60, help="until what has not ended of those is given up")
    parser.add_argument(
        "--peers-in", type=Path, help="keep what is installed of peers in this folder, and use it again"
    )


def compare(arguments: argparse.Namespace, progress: Progress) -> Compared:
    """Measure ours, and then each peer."""
    amounts = Amounts(
        rounds=arguments.peer_rounds, runs=arguments.peer_runs, clients=CLIENTS, timeout=arguments.peer_seconds
    )
    with measured_stack(ITEMS, progress) as stack, progress.step(f"Measuring {OURS}"):
        first = measure_engine(OURS, "", ours(stack), stack.recorder, amounts)
    with _folder(arguments.peers_in) as everything:
        others = measure_peers(PEERS, everything, amounts, progress)
    return Compared(engines=(first, *others.engines), left_out=others.left_out)


def measure_peers(peers: Iterable[Peer], everything: Path, amounts: Amounts, progress: Progress) -> Compared:
    """Each of them; what is installed goes into that folder. One that fails is left out, with the reason."""
    engines, left_out = [], []
    for peer in peers:
        try:
            engines.append(_measure(peer, everything, amounts, progress))
        except FAILURES as error:
            left_out.append(f"{peer.name} {peer.version} was not measured: {error}")
            progress.say(left_out[-1])
    return Compared(engines=tuple(engines), left_out=tuple(left_out))


def _measure(peer: Peer, everything: Path, amounts: Amounts, progress: Progress) -> EngineTimes:
    with progress.step(f"Installing {peer.name} {peer.version}"):
        installed = install(peer, everything)
    with (
        progress.step(f"Measuring {peer.name}"),
        tempfile.TemporaryDirectory(prefix="pao-peer-") as name,
        postgres(_readable(Path(name))) as database,
        recording() as recorder,
    ):
        target = f"http://127.0.0.1:{recorder.port}/now"
        place = Place(installed=installed, folder=Path(name), database=database, target=target)
        with peer.running(place) as engine:
            return measure_engine(peer.name, peer.version, engine, recorder, amounts)


def _readable(folder: Path) -> Path:
    """PostgreSQL runs as another user where this runs as root."""
    folder.chmod(0o755)
    return folder


@contextmanager
def _folder(installed: Path | None) -> Iterator[Path]:
    if installed is not None:
        yield installed.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="pao-peers-") as name:
        yield Path(name)
