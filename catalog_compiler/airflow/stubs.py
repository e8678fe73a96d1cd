"""Stub files: Airflow discovers Python files alone, so each item gets one that loads its plan.

A folder of stubs is kept in step with the compiled items; a file whose item did not change keeps its bytes and its
time, by which the DAG processor tells what to parse again.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import MappingProxyType

from catalog_compiler.plan import ItemPlan

STUB = '''"""{title}. Made from the catalog by PAO; do not edit."""

from catalog_compiler.airflow.dag import load_dags

globals().update(load_dags(__file__, catalog={catalog!r}, plan={plan!r}))
'''
NAMED_PLAN = re.compile(r"plan='(?P<plan>[^']+)'")
"""Where a stub names its plan."""

BROKEN_STUB = '''"""{title}. Made from the catalog by PAO; do not edit."""

from catalog_compiler.airflow.dag import InvalidItemError

raise InvalidItemError({message!r})
'''


def write_stubs(
    folder: Path,
    catalog: str,
    plans: Iterable[ItemPlan],
    broken: Mapping[str, str],
    held: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Make the folder hold the stubs of these items and no others; tells what it holds now.

    `broken` are files that never held a valid item, with what is wrong: they become import errors in Airflow. Plans are
    written before the stubs that name them, and removed after the stubs that named them.

    `held` is what the last call told of the same folder, if nobody else writes there: files that it names as they
    should be are not looked at. Without it, all are compared with the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    holds: dict[str, str] = {}
    for plan in plans:
        plan_file, stub_file = f"{plan.item_id}.{plan.revision[:16]}.json", f"{plan.item_id}.py"
        if held.get(plan_file) != plan.revision:
            _write(folder / plan_file, plan.model_dump_json())
        if held.get(stub_file) != plan.revision:
            _write(folder / stub_file, STUB.format(title=plan.item_id, catalog=catalog, plan=plan_file))
        holds |= {plan_file: plan.revision, stub_file: plan.revision}
    for file, message in broken.items():
        name = f"invalid_{hashlib.sha256(file.encode()).hexdigest()[:16]}.py"
        if held.get(name) != message:
            _write(folder / name, BROKEN_STUB.format(title="An invalid item", message=message))
        holds[name] = message
    _remove(folder, (held.keys() or {path.name for path in folder.iterdir()}) - holds.keys())
    return holds


def read_plan(stub: Path, plan: str) -> str:
    """The content of the plan of that name, or of the one that its stub names by now.

    Raises:
        FileNotFoundError: if the stub or the plan that it names is gone: its item was removed.
    """
    try:
        return stub.with_name(plan).read_text(encoding="utf-8")
    except FileNotFoundError:
        named = NAMED_PLAN.search(stub.read_text(encoding="utf-8"))
        if named is None or named["plan"] == plan:
            raise
        return read_plan(stub, named["plan"])


def link_stubs(folder: Path, names: Iterable[str], into: Path) -> None:
    """Make the folder `into`, with hard links to what `write_stubs` told of `folder`: a copy that stays as it is."""
    into.mkdir(parents=True)
    # Plain paths, since there may be thousands of them.
    here, there = str(folder), str(into)
    for name in names:
        os.link(f"{here}/{name}", f"{there}/{name}")


def _remove(folder: Path, names: AbstractSet[str]) -> None:
    """Remove stubs, then plans; a file of another kind is not ours."""
    for name in sorted(names, key=lambda name: not name.endswith(".py")):
        if name.endswith((".py", ".json")):
            (folder / name).unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """Write at once or not at all; leave a file that is right as it is."""
    before = _time(path)
    if before is not None and path.read_text(encoding="utf-8") == text:
        return
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    if before is not None and int(before) >= int(unfinished.stat().st_mtime):
        # Python takes compiled code for that of a file with the same size and the same second.
        os.utime(unfinished, (before + 1, before + 1))
    unfinished.replace(path)


def _time(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
