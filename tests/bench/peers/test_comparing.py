"""What is shown of each engine, and what becomes of one that can't be measured."""

from __future__ import annotations

import contextlib
import io

from pao_local.progress import Progress
from rich.console import Console

from bench.measure import Spread
from bench.peers.comparing import PEERS, Compared, measure_peers
from bench.peers.engine import NotInstallableError, Peer
from bench.peers.measuring import Amounts, EngineTimes
from bench.peers.n8n import workflow

AMOUNTS = Amounts(rounds=1, runs=1, clients=1, timeout=1)


def spread(p50):
    return Spread(count=10, p50=p50, p95=p50, p99=p50, slowest=p50)


def engine(succeeded=200, seconds=8.0):
    return EngineTimes(
        name="Peer", version="1.0", called=spread(50.0), completed=spread(60.0), between=spread(9.0), runs=200,
        succeeded=succeeded, failed=0, submitted=1.5, submission_p50=4.0, seconds=seconds,
    )  # fmt: skip


def test_the_rate_is_of_what_succeeded():
    """Whatever was submitted; nothing at all has no rate."""
    assert 25.0 == engine().per_second
    assert 2.5 == engine(succeeded=20).per_second
    assert 0.0 == engine(succeeded=0, seconds=0.0).per_second


def test_each_engine_has_its_lines_and_each_that_was_left_out_one():
    """How many of how many, where not all ended; and no limits, which are ours alone."""
    compared = Compared(engines=(engine(), engine(succeeded=20)), left_out=("n8n was not measured: no npm\nits words",))

    rows = list(compared.rows())

    assert [] == list(compared.targets())
    assert ("Peer 1.0: one, last call answered", "10", "50.0", "50.0", "50.0", "50.0", "") == rows[0]
    assert [60.0, 9.0] == [float(row[2]) for row in rows[1:3]]
    assert ("Peer 1.0: many", "200", "", "", "", "8000", "25/s, all taken within 1.5 s") == rows[3]
    assert "20 of 200" == rows[7][1]
    assert ["n8n was not measured: no npm"] == [row[0] for row in rows[8:]]


def test_a_peer_that_cannot_be_measured_is_left_out_with_the_reason(tmp_path):
    """And the others are still tried."""

    def fails(folder):
        raise NotInstallableError(f"{folder.name} can't be installed: npm is not on the PATH")

    peers = [Peer(name=n, version="1", folder=n, install=fails, running=contextlib.nullcontext) for n in ("one", "two")]
    output = io.StringIO()

    found = measure_peers(peers, tmp_path, AMOUNTS, Progress(Console(file=output, width=200)))

    said = tuple(f"{n} 1 was not measured: {n} can't be installed: npm is not on the PATH" for n in ("one", "two"))
    assert Compared(engines=(), left_out=said) == found
    assert all(sentence in output.getvalue() for sentence in said)


def test_no_two_peers_have_the_same_name_and_one_installation_has_one_version():
    """Ways of running the same engine share what is installed."""
    assert len(PEERS) == len({peer.name for peer in PEERS})
    assert len({peer.folder for peer in PEERS}) == len({(peer.folder, peer.version) for peer in PEERS})


def test_the_workflow_of_n8n_makes_three_calls_one_after_the_other():
    """Behind its webhook."""
    made = workflow("http://127.0.0.1:1/now")

    after = {name: links["main"][0][0]["node"] for name, links in made["connections"].items()}
    urls = [node["parameters"]["url"] for node in made["nodes"][1:]]

    assert {"Webhook": "Call 1", "Call 1": "Call 2", "Call 2": "Call 3"} == after
    assert ["/1", "/2", "/3"] == [url[-2:] for url in urls]
    assert all(url.startswith("=http://127.0.0.1:1/now/{{") for url in urls)
