"""Measures compiling catalogs without a stack: as a team's CI does it, and commit by commit as a bundle does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from bench.figures import Row, Target, row
from bench.measure import Spread, spread
from bench.repository import make_repository

PAO = Path(sys.executable).with_name("pao")
COLD_RUNS = 3
COMMITS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class CompileTimes:
    """What a catalog of so many items costs."""

    items: int
    validate: Spread
    """`pao validate` in a new process, from its start to its end."""
    compile: Spread
    """The first look of a new process: everything fetched, compiled, and written as stubs."""
    change: Spread
    """A commit of one changed item, from the push to its stubs and the folder of its version."""
    memory_mb: float
    """By how much the first look made the process grow, in MB (10^6 bytes)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiling:
    """Catalogs, the smallest first: the targets are for that one."""

    catalogs: tuple[CompileTimes, ...]

    def rows(self) -> Iterator[Row]:
        """Three lines a catalog."""
        for each in self.catalogs:
            yield row(f"{each.items} items: pao validate", each.validate)
            yield row(f"{each.items} items: compile", each.compile, f"{each.memory_mb:g} MB")
            yield row(f"{each.items} items: one changed", each.change)

    def targets(self) -> Iterator[Target]:
        """A check in a team's CI takes no longer than its start."""
        for each in self.catalogs[:1]:
            for part, times, limit in (("pao validate, cold", each.validate, 5000),
                                       ("fetched and compiled, cold", each.compile, 5000),
                                       ("one changed", each.change, 200)):  # fmt: skip
                yield Target(name=f"{each.items} items, {part}: p50", measured=times.p50, limit=limit, unit="ms")


class _Look(TypedDict):
    """What `bench.following` prints: seconds, seconds each, bytes."""

    first: float
    changes: list[float]
    memory: int


def measure_compiling(items: int) -> CompileTimes:
    """Make a catalog of so many items, and compile it; raises OSError or CalledProcessError where that fails."""
    with tempfile.TemporaryDirectory(prefix="pao-compile-") as folder:
        repository = Path(folder) / "catalog"
        make_repository(repository, items)
        validate = [_seconds([str(PAO), "validate", str(repository)]) for _ in range(COLD_RUNS)]
        looks = [_look(repository, Path(folder), commits=0) for _ in range(COLD_RUNS - 1)]
        looks.append(_look(repository, Path(folder), commits=COMMITS))
        return CompileTimes(
            items=items,
            validate=spread(validate),
            compile=spread([look["first"] for look in looks]),
            change=spread(looks[-1]["changes"]),
            memory_mb=round(looks[-1]["memory"] / 1e6, 1),
        )


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def _look(repository: Path, folder: Path, *, commits: int) -> _Look:
    """Follow the repository in a process of its own; Airflow's files go into the temporary folder."""
    answer = subprocess.run(
        [sys.executable, "-m", "bench.following", str(repository), str(commits)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "AIRFLOW_HOME": str(folder / "airflow")},
    )
    found: _Look = json.loads(answer.stdout.splitlines()[-1])
    return found
