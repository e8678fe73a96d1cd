"""What a failed request leaves behind: nothing, or what it names. The net for lost callbacks is off meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api_plugin.failure_listening import FailureListener
from tests.live.airflow_api import AirflowApi
from tests.live.example_target import ExampleTarget
from tests.live.items import database, dns, item, scripted_call, undo, user
from tests.live.portal import Portal, Watched
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

ITEMS = (
    item("undone", database(), user(), dns()),
    item(
        "half-undone",
        database(),
        scripted_call("stubborn", "/stubborn", rollback=undo(scripted_call("undo", "/stubborn-undo", "DELETE"))),
        dns(),
    ),
    item("called-back", database(), dns()),
    item("nothing-to-undo", scripted_call("first", "/first"), dns()),
)
NAME = "forbidden-{}"
"""The target refuses DNS names that begin so."""


RECONCILE = "/api/v2/dags/reconcile"


def pause_reconcile(airflow: AirflowApi, *, paused: bool) -> None:
    airflow.http.patch(RECONCILE, json={"is_paused": paused}).raise_for_status()


def reconcile_runs(airflow: AirflowApi, *states: str) -> set[str]:
    """The runs of the DAG `reconcile` that are in one of these states."""
    query = {"state": states, "order_by": "-run_after", "limit": 100}
    answer = airflow.http.get(f"{RECONCILE}/dagRuns", params=query).raise_for_status()
    return {run["dag_run_id"] for run in answer.json()["dag_runs"]}


def reconcile_rests(airflow: AirflowApi) -> bool:
    """Pause the DAG between two runs: one that was under way would stand still, and end only later."""
    if reconcile_runs(airflow, "queued", "running"):
        return False
    pause_reconcile(airflow, paused=True)
    if reconcile_runs(airflow, "queued", "running"):
        pause_reconcile(airflow, paused=False)
        return False
    return True


@pytest.fixture(scope="module")
def without_reconcile(airflow: AirflowApi) -> Iterator[set[str]]:
    """The DAG `reconcile`, which does every minute what a lost callback did not, rests; the runs that it had before."""
    wait_for(lambda: airflow.http.get(RECONCILE).is_success, "the DAG reconcile is there")
    try:
        wait_for(lambda: reconcile_rests(airflow), "the DAG reconcile rests")
        yield reconcile_runs(airflow, "success", "failed")
    finally:
        pause_reconcile(airflow, paused=False)


@pytest.fixture(scope="module")
def watched(developer: Portal, scripted: ScriptedTarget, without_reconcile: set[str]) -> dict[str, Watched]:
    """Each item's request, ordered at the same time and watched to its end."""
    scripted.script("/stubborn-undo/forbidden-half-undone", Reply(status=403, body='{"error": "it stays"}'))
    names = ["undone", "half-undone", "nothing-to-undo"]
    ids = {name: developer.submit(name, NAME.format(name)) for name in names}
    return {name: developer.watch(request_id, query="?since=0") for name, request_id in ids.items()}


def ended(developer: Portal, watched: Watched) -> dict:
    return developer.request(watched.messages[-1]["request_id"])


def test_what_was_done_is_undone_newest_first(watched, developer: Portal, target: ExampleTarget):
    """When the third action is refused, the two before it are undone in reverse order."""
    request = ended(developer, watched["undone"])
    made = [request["outputs"][name]["id"] for name in ("database", "user")]

    assert "rolled_back" == request["status"]
    assert {"status": "rolled_back", "actions": ["user", "database"]} == {
        key: request["rollback"][key] for key in ("status", "actions")
    }
    assert ["rolled_back", "rolled_back", "failed"] == [action["status"] for action in request["actions"]]
    assert "action 'dns' failed" in request["error"]
    assert "answered 422" in request["error"]
    assert "reserved" in request["error"]
    assert [
        ("created", "databases"),
        ("created", "users"),
        ("deleted", "users"),
        ("deleted", "databases"),
    ] == target.effects(*made)


def test_the_failure_itself_starts_the_undoing(watched, airflow: AirflowApi, without_reconcile: set[str]):
    """No run of the DAG `reconcile` has begun since before the requests were ordered."""
    assert {"rolled_back", "rollback_failed"} == {
        watched[name].messages[-1]["status"] for name in ("undone", "half-undone")
    }
    assert without_reconcile == reconcile_runs(airflow, "running", "success", "failed")


def test_where_nobody_hears_of_a_failure_its_callback_starts_the_undoing(
    developer: Portal, airflow: AirflowApi, stack: RunningStack, without_reconcile: set[str]
):
    """As where the notice is lost with a connection."""
    with stack.nobody_hears(FailureListener):
        request = developer.ended(developer.submit("called-back", NAME.format("called-back")))

    assert "rolled_back" == request["status"]
    assert without_reconcile == reconcile_runs(airflow, "running", "success", "failed")


def test_a_request_that_is_undone_never_rests_at_failed(watched):
    """A failure goes from `in_progress` to `rolling_back` at once, and `end` comes after the undoing."""
    assert [
        "submitted",
        "validated",
        "queued",
        "in_progress",
        "rolling_back",
        "rolled_back",
    ] == watched["undone"].statuses
    assert ("end", "rolled_back", 1000) == (
        watched["undone"].messages[-1]["type"],
        watched["undone"].messages[-1]["status"],
        watched["undone"].code,
    )


def test_an_undo_that_fails_does_not_stop_the_others(watched, developer: Portal, target: ExampleTarget):
    """What could not be undone is named as possibly standing; everything else is undone nonetheless."""
    request = ended(developer, watched["half-undone"])

    assert "rollback_failed" == request["status"]
    assert "rollback_failed" == request["rollback"]["status"]
    assert "not undone, so possibly left standing: stubborn" in request["error"]
    assert ["rolled_back", "rollback_failed", "failed"] == [action["status"] for action in request["actions"]]
    assert [("created", "databases"), ("deleted", "databases")] == target.effects(request["outputs"]["database"]["id"])


def test_a_failure_with_nothing_to_undo_ends_failed(watched, developer: Portal):
    """Where no action declares a rollback, the request ends `failed`, with no rollback shown."""
    request = ended(developer, watched["nothing-to-undo"])

    assert "failed" == request["status"]
    assert request["rollback"] is None
    assert "rolling_back" not in watched["nothing-to-undo"].statuses
