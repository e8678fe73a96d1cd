"""Runs every hostile file in a process with little time and memory, and prints what became of each as JSON.

Started by `test_hostile` as a program of its own: it forks for each file, which a process with threads must not do.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from catalog_compiler.catalog_settings import SETTINGS_FILE, read_settings
from catalog_compiler.form import item_form
from catalog_compiler.item import compile_item
from tests.catalog_compiler.hostile import LARGE, REFUSED, SETTINGS

SECONDS = 1
"""Of a processor, for what a file takes; the system counts whole ones, so that up to another one may pass."""
MEMORY = 256 * 1024 * 1024
"""Bytes for what is made of a file, itself not counted."""

Found = list[tuple[str, str | None]]
"""Message and hint of each problem."""


def compiled(content: bytes) -> tuple[bool, Found]:
    """Whether an item is served, with its form, and what is told of it."""
    item = compile_item(content, "catalog/hostile.yaml")
    if item.item is not None and item.plan is not None:
        item_form(item.item)
    return item.plan is not None, [(problem.message, problem.hint) for problem in item.problems]


def settings(content: bytes) -> tuple[bool, Found]:
    """Whether settings are right, and what is told of them."""
    problems = read_settings(content, SETTINGS_FILE).problems
    return not problems, [(problem.message, problem.hint) for problem in problems]


CASES: dict[str, tuple[Callable[[], bytes], Callable[[bytes], tuple[bool, Found]]]] = {
    **{f"refused: {name}": (make, compiled) for name, make in REFUSED.items()},
    **{f"large: {name}": (make, compiled) for name, make in LARGE.items()},
    **{f"settings: {name}": (make, settings) for name, make in SETTINGS.items()},
}


def limit() -> None:
    """Let this process take no more than it may."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    seconds = int(time.process_time()) + SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def outcome(name: str) -> dict[str, Any]:
    """What became of a file: `valid` and `problems`, or how the process that read it ended."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        make, read = CASES[name]
        content = make()
        limit()
        valid, problems = read(content)
        with os.fdopen(writable, "w") as pipe:
            json.dump({"valid": valid, "problems": problems}, pipe)
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(told) if status == 0 else {"ended": os.waitstatus_to_exitcode(status)}


def outcomes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Of all files; the first one only warms up."""
    compiled(next(iter(LARGE.values()))())
    for name in CASES:
        yield name, outcome(name)


if __name__ == "__main__":
    json.dump(dict(outcomes()), sys.stdout)
