"""Which Airflow our triggerer and our DAG processor were read and tested with, and what runs with another one.

Both are subclasses of what Airflow does not promise to keep, and so is whatever goes on to a run's next action outside
of the scheduler. With a version of Airflow that was not reviewed none of it runs: Airflow's own commands run instead,
and everything works, slower. What was reviewed in detail is in `scripts/pao_reviewed/parts.toml`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import NoReturn

import structlog

log = structlog.get_logger(__name__)

REVIEWED: Mapping[str, frozenset[str]] = MappingProxyType(
    {"apache-airflow-core": frozenset({"3.3.2"}), "apache-airflow-task-sdk": frozenset({"1.3.2"})}
)
"""The packages that hold what we rely on, with the versions of each that were reviewed.

A build with a local version, as `3.3.2+vendor.1` has one, is not among them: its builder may have changed anything.
"""


def unreviewed() -> dict[str, str]:
    """The packages that are installed in a version that was not reviewed, with that version."""
    installed = {package: _installed(package) for package in REVIEWED}
    return {package: found for package, found in installed.items() if found not in REVIEWED[package]}


def is_reviewed() -> bool:
    """Whether what rests on Airflow's internals may run here."""
    return not unreviewed()


def run_airflows_own(command: str, *options: str, without: str) -> NoReturn:
    """Become Airflow's own command in this process, and say why, and what users are then without."""
    message = (
        f"pao {command} was not tested with this version of Airflow, so 'airflow {command}' runs in its place: "
        f"{without}; install a tested version of Airflow, or a version of platform-automation-orchestrator that was "
        "tested with it"
    )
    log.warning(
        message,
        installed=unreviewed(),
        tested={package: sorted(versions) for package, versions in REVIEWED.items()},
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, airflows_own(command, *options))  # noqa: S606 - no shell, and no word of a user's


def airflows_own(command: str, *options: str) -> list[str]:
    """The command line of Airflow's own command, by this very Python; `-P` keeps the current folder out."""
    return [sys.executable, "-P", "-m", "airflow", command, *options]


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
