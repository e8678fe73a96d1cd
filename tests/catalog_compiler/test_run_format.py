"""What crosses processes is read by versions that come after the one that wrote it."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from catalog_compiler.run_format import ActionReport, action_task_id, dag_id, decode, undo_task_id

REPORT = {
    "format": 1,
    "outcome": "failed",
    "try_number": 2,
    "outputs": {"id": "db-1", "password": {"$sealed": "x"}},
    "url": None,
    "error": {"message": "no", "kind": "permanent", "effect_possible": True},
    "attempts": 3,
    "started_at": "2026-01-31T10:00:00Z",
    "ended_at": "2026-01-31T10:00:01.500000Z",
}


def test_the_format_of_a_report_is_fixed():
    """Runs that are under way while PAO is upgraded left reports of the version before."""
    report = ActionReport.model_validate(REPORT)

    assert REPORT == json.loads(report.model_dump_json())
    assert dt.timedelta(seconds=1.5) == report.ended_at - report.started_at


def test_keys_of_a_newer_version_are_passed_over():
    """Two versions run side by side while an upgrade goes on."""
    newer = {**REPORT, "cost": 7, "error": {**REPORT["error"], "retryable": False}}

    assert ActionReport.model_validate(REPORT) == ActionReport.model_validate(newer)


@pytest.mark.parametrize("value", [None, True, 7, [1], {"a": "b"}])
@pytest.mark.parametrize("times", [0, 1, 2])
def test_an_xcom_is_decoded_however_often_airflow_encoded_it(value, times):
    """A trigger's value comes as JSON text, once or twice."""
    stored = value
    for _ in range(times):
        stored = json.dumps(stored)

    assert value == decode(stored)


def test_names_in_airflow_are_fixed():
    """Requests hold them."""
    assert ("default.queue", "default.queue.manual", "default.queue.rollback") == (
        dag_id("default", "queue", "automatic"),
        dag_id("default", "queue", "manual"),
        dag_id("default", "queue", "rollback"),
    )
    assert ("create", "undo-1") == (action_task_id("create"), undo_task_id(1))
