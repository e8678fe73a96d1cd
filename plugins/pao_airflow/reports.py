"""The reports that actions leave, and what they mean for their tasks."""

from __future__ import annotations

import datetime as dt

from pao_actions.outcome import Outcome
from pydantic import JsonValue

from catalog_compiler.run_format import ActionFailure, ActionReport
from catalog_compiler.sealing import Sealer
from pao_airflow.action_log import Masker
from pao_airflow.memory import TaskPlace
from pao_airflow.shown_links import shown_link


def ends_well(report: ActionReport, *, tolerant: bool) -> bool:
    """Whether the task ends as a success: `on_error: continue` lets the request go on, with a warning."""
    return report.outcome == "completed" or tolerant


def report_of(outcome: Outcome, place: TaskPlace, masker: Masker, sealer: Sealer) -> ActionReport:
    """The report of an action that ran: secrets sealed in outputs, masked in everything else."""
    result, error = outcome.result, outcome.error
    outputs: dict[str, JsonValue] = {}
    if result is not None:
        # Later actions and undos need the exact value: one that holds a secret is kept whole, and shown as `***`.
        outputs = sealer.seal_outputs(
            result.outputs, lambda name, value: name in result.sensitive or masker.value(value) != value
        )
    return ActionReport(
        outcome=outcome.status,
        try_number=place.try_number,
        outputs=outputs,
        url=shown_link(masker.text(result.url)) if result and result.url else None,
        error=None
        if error is None
        else ActionFailure(message=masker.text(error.message), kind=error.kind, effect_possible=error.effect_possible),
        attempts=outcome.attempts,
        started_at=outcome.started_at,
        ended_at=outcome.ended_at,
    )


def skipped(place: TaskPlace, started: dt.datetime) -> ActionReport:
    """Nothing was to be done here."""
    return ActionReport(
        outcome="skipped", try_number=place.try_number, started_at=started, ended_at=dt.datetime.now(dt.UTC)
    )


def refused(message: str, place: TaskPlace, started: dt.datetime) -> ActionReport:
    """An action that never began: nothing to undo."""
    return ActionReport(
        outcome="failed",
        try_number=place.try_number,
        error=ActionFailure(message=message, kind="permanent", effect_possible=False),
        started_at=started,
        ended_at=dt.datetime.now(dt.UTC),
    )


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
