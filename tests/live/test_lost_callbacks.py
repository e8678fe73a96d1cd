"""Rollbacks whose callback was lost: the reconcile DAG is the net."""

from __future__ import annotations

from tests.live.airflow_api import AirflowApi
from tests.live.example_target import ExampleTarget
from tests.live.items import database, item, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

ITEMS = (item("interrupted", database(), scripted_call("held", "/interrupted")),)


def test_a_run_marked_failed_by_hand_is_undone(
    developer: Portal, airflow: AirflowApi, target: ExampleTarget, scripted: ScriptedTarget
):
    """No callback fires for a run that an operator marks failed; reconciling finds it, and undoes what was done."""
    scripted.hold("/interrupted/by-hand")
    request_id = developer.submit("interrupted", "by-hand")
    wait_for(lambda: scripted.calls("/interrupted/by-hand"), "the second action has begun")

    airflow.mark_failed("default.interrupted", request_id)
    assert "success" == airflow.run("reconcile")["state"]

    request = developer.ended(request_id)
    assert "rolled_back" == request["status"]
    assert ["rolled_back", "failed"] == [action["status"] for action in request["actions"]]
    assert "marked failed in Airflow" in request["error"]
    assert [("created", "databases"), ("deleted", "databases")] == target.effects(request["outputs"]["database"]["id"])
