"""What each owner is to be told of the errors in a catalog: once for each change of theirs, and once when all is well.

Pure. An error belongs to the owner of its item, and to nobody in particular where the file is too broken to tell.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Problem = Mapping[str, Any]
"""As `pao validate --format json` gives it."""
NOBODY = ""
"""Stands for the owner of what no item can be read from, where owners are keys."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnerReport:
    """What one owner has not been told yet."""

    owner: str | None
    contact: str | None
    """How the catalog's `.pao.yaml` says that people reach them."""
    problems: tuple[Problem, ...]
    """Empty where those that were reported are gone."""
    digest: str
    """Of these problems; to be stored once the owner was told."""


def due_reports(
    problems: Iterable[Problem],
    *,
    item_owners: Mapping[str, str],
    owners: Mapping[str, Mapping[str, Any]],
    reported: Mapping[str, str],
) -> list[OwnerReport]:
    """The reports of owners whose errors differ from those in `reported`, which holds a digest for each owner."""
    theirs: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem["severity"] == "error":
            theirs[item_owners.get(problem["item_id"] or "", NOBODY)].append(problem)
    return [
        OwnerReport(
            owner=owner or None,
            contact=owners.get(owner, {}).get("contact"),
            problems=tuple(theirs.get(owner, ())),
            digest=found,
        )
        for owner in sorted({*theirs, *reported})
        if (found := digest(theirs.get(owner, ()))) != reported.get(owner, "")
    ]


def digest(problems: Iterable[Problem]) -> str:
    """Changes with what is wrong, and not with the lines that it moves to; empty where nothing is wrong."""
    told = sorted([problem["file"], problem["pointer"], problem["code"], problem["message"]] for problem in problems)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32] if told else ""
