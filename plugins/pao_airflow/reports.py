"""What a report means for the task that left it."""

from __future__ import annotations

import datetime as dt

from catalog_compiler.run_format import ActionFailure, ActionReport


def ends_well(report: ActionReport, *, tolerant: bool) -> bool:
    """Whether the task ends as a success: `on_error: continue` lets the request go on, with a warning."""
    return report.outcome == "completed" or tolerant


def broken(error: Exception, try_number: int) -> ActionReport:
    """The report of a host that failed itself: a fault of PAO, whose details belong to the log."""
    now = dt.datetime.now(dt.UTC)
    return ActionReport(
        outcome="failed",
        try_number=try_number,
        error=ActionFailure(
            message=f"an internal error ({type(error).__name__}) stopped the action; the task's log has the details",
            kind="internal",
            effect_possible=True,
        ),
        started_at=now,
        ended_at=now,
    )
