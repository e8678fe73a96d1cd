"""How an action ended: what the attempt loop hands to its host, which decides what to store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from catalog_compiler.actions import ActionResult

Status = Literal["completed", "failed", "outcome_unknown"]
Kind = Literal["permanent", "temporary", "outcome_unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionFailure:
    """Why an action did not complete, for the requester and for the rollback."""

    message: str
    kind: Kind
    effect_possible: bool
    """Whether the target may have acted nonetheless, so that a rollback undoes this action too."""
    attempts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The end of an action: with a result where it completed, with an error otherwise.

    One that failed has a result too where it made something all the same, such as a ticket that can be looked at.
    `attempts` counts every try, over restarts too; the times are in UTC, `started_at` that of the first try.
    """

    status: Status
    result: ActionResult | None
    error: ActionFailure | None
    attempts: int
    started_at: datetime
    ended_at: datetime
