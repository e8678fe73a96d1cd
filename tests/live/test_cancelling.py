"""Requests that a person cancels wherever they are, and what operators do to runs in Airflow itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.live.airflow_api import AirflowApi
from tests.live.items import item, scripted_call, undo
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

MADE = {"mapping": {"id": "$.id"}}


def made(name: str, path: str) -> dict:
    """Makes something by POST that its undo needs the id of."""
    gone = scripted_call("gone", f"{path}/{{{{response.{name}.id}}}}", "DELETE")
    return scripted_call(name, path, rollback=undo(gone), **MADE)


FOLLOWED = made("follow", "/cx-follow")
WHERE = "{{env.SCRIPTED_URL}}/cx-follow-look/{{fields.name}}"
FOLLOWED["config"] |= {
    "poll": {"url": WHERE, "interval": 1, "until": {"path": "$.state", "equals": "ready"}},
    "cancel": {"method": "DELETE", "url": WHERE},
}
ITEMS = (
    item("cx-calls", made("first", "/cx-first"), made("second", "/cx-second"), scripted_call("third", "/cx-third")),
    item("cx-follows", made("before", "/cx-before"), FOLLOWED),
    item("cx-marked", made("first", "/cx-marked"), scripted_call("last", "/cx-marked-last")),
)
DAG = "default.cx-marked"


def timeline(request: dict) -> list[tuple[str, str | None]]:
    """What a request's timeline tells, with who did it."""
    return [(entry["status"], entry["by"]) for entry in request["timeline"]]


def methods(scripted: ScriptedTarget, path: str) -> list[str]:
    """The calls that arrived at a path."""
    return [call.method for call in scripted.calls(path)]


def test_in_the_middle_of_a_call_what_it_makes_is_undone(catalog, developer: Portal, scripted: ScriptedTarget):
    """The answer comes after the request was cancelled: its id is known, and what it made is deleted."""
    scripted.script("/cx-first/call", Reply(body='{"id": "f-1"}'))
    held = scripted.hold("/cx-second/call")
    scripted.script("/cx-second/call", Reply(body='{"id": "s-2"}', held=held))
    request_id = developer.submit("cx-calls", "call")
    wait_for(lambda: scripted.calls("/cx-second/call"), "the second call is on its way")

    assert ["cancelling", "cancelling"] == [developer.cancel(request_id)["status"] for _ in range(2)]
    held.set()
    request = developer.ended(request_id)

    assert ("cancelled", "rolled_back", None) == (request["status"], request["rollback"]["status"], request["error"])
    assert ["rolled_back", "rolled_back", "skipped"] == [action["status"] for action in request["actions"]]
    assert (["POST"], ["POST"], []) == tuple(
        methods(scripted, f"/cx-{name}/call") for name in ("first", "second", "third")
    )
    assert (["DELETE"], ["DELETE"]) == (
        methods(scripted, "/cx-first/f-1/call"),
        methods(scripted, "/cx-second/s-2/call"),
    )
    assert [("cancelling", "developer"), ("cancelled", None)] == timeline(request)[4:]
    assert 409 == developer.http.delete(f"/api/v1/requests/{request_id}").status_code


def test_in_the_middle_of_a_wait_the_work_is_stopped_and_undone(catalog, developer: Portal, scripted: ScriptedTarget):
    """Where it is done; nobody looks at it any more."""
    scripted.script("/cx-before/wait", Reply(body='{"id": "b-1"}'))
    scripted.script("/cx-follow/wait", Reply(status=202, body='{"id": "w-1"}'))
    scripted.script("/cx-follow-look/wait", Reply(body='{"state": "busy"}'))
    request_id = developer.submit("cx-follows", "wait")
    wait_for(lambda: scripted.calls("/cx-follow-look/wait"), "it is followed")

    developer.cancel(request_id)
    request = developer.ended(request_id)

    assert ("cancelled", "rolled_back", None) == (request["status"], request["rollback"]["status"], request["error"])
    assert "DELETE" == methods(scripted, "/cx-follow-look/wait")[-1]
    assert 1 == methods(scripted, "/cx-follow-look/wait").count("DELETE")
    assert (["DELETE"], ["DELETE"]) == (
        methods(scripted, "/cx-before/b-1/wait"),
        methods(scripted, "/cx-follow/w-1/wait"),
    )


def test_a_request_that_waits_to_begin_never_does(
    catalog, developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget
):
    """Nor when its DAG may run again."""
    airflow.pause(DAG, paused=True)
    try:
        request_id = developer.submit("cx-marked", "queued")
        request = developer.cancel(request_id)
    finally:
        airflow.pause(DAG, paused=False)

    assert ("cancelled", None) == (request["status"], request["rollback"])
    assert [("queued", None), ("cancelling", "developer"), ("cancelled", None)] == timeline(request)[2:]
    after = developer.submit("cx-marked", "after")
    scripted.script("/cx-marked/after", Reply(body='{"id": "m-1"}'))
    assert "completed" == developer.ended(after)["status"]
    assert [] == scripted.calls("/cx-marked/queued")


def test_what_an_operator_does_in_airflow_is_told_with_who_did_it(
    catalog, developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget
):
    """A mark as failed while nothing is done yet, a clear after that, and a mark as a success."""
    scripted.script("/cx-marked/op", Reply(status=400))
    request_id = developer.submit("cx-marked", "op")
    assert "failed" == developer.ended(request_id)["status"]
    scripted.script("/cx-marked/op", Reply(body='{"id": "m-2"}'))
    held = scripted.hold("/cx-marked-last/op")
    airflow.clear_run(DAG, request_id)
    wait_for(lambda: scripted.calls("/cx-marked-last/op"), "the last action is at work")
    airflow.mark_task(DAG, request_id, "last", "success")
    request = wait_for(
        lambda: (found := developer.request(request_id))["status"] == "completed" and found, "the request completes"
    )
    held.set()

    assert [("failed", None), ("queued", "admin"), ("in_progress", None), ("completed", "admin")] == timeline(request)[
        4:
    ]
    assert ["completed", "completed"] == [action["status"] for action in request["actions"]]


def test_a_run_that_is_started_in_airflow_is_a_request(
    catalog, portals: dict[str, Portal], airflow: AirflowApi, scripted: ScriptedTarget
):
    """Of whoever started it; values that the API would refuse fail at the first action, with the reason."""
    scripted.script("/cx-marked/ui", Reply(body='{"id": "u-1"}'))
    run = airflow.run(DAG, {"fields": {"name": "ui"}})
    wrong = airflow.run(DAG, {"fields": {"nome": "ui"}})

    assert ("success", "failed") == (run["state"], wrong["state"])
    listed = portals["admin"].get("/requests", item_id="cx-marked")["items"]
    (found,) = [
        request for each in listed if (request := portals["admin"].request(each["id"]))["fields"] == {"name": "ui"}
    ]
    assert ("completed", "admin") == (found["status"], found["timeline"][0]["by"])
    assert {"first": {"id": "u-1"}} == {"first": {"id": found["outputs"]["first"]["id"]}}
    assert f"/dags/{DAG}/runs/manual__" in found["airflow_url"]
    first = f"/api/v2/dags/{DAG}/dagRuns/{wrong['dag_run_id']}/taskInstances/first"
    report = airflow.http.get(f"{first}/xcomEntries/pao_report").raise_for_status()
    assert "/fields/name: name is required" in report.text


def test_an_api_server_that_dies_before_the_undo_loses_nothing(
    catalog, developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget, stack: RunningStack
):
    """It was killed when the request was marked, and its undo about to be written: reconciling starts it, once."""
    for place in ("first", "second"):
        scripted.script(f"/cx-{place}/dies", Reply(body=f'{{"id": "{place}-d"}}'))
    held = scripted.hold("/cx-third/dies")
    request_id = developer.submit("cx-calls", "dies")
    wait_for(lambda: scripted.calls("/cx-third/dies"), "the third call is on its way")

    with ThreadPoolExecutor(1) as pool:
        with stack.nobody_writes("pao.request_rollback") as somebody_waits:
            call = pool.submit(developer.http.delete, f"/api/v1/requests/{request_id}")
            wait_for(somebody_waits, "the undo is about to be written")
            stack.kill("api-server")
            found = stack.rows(
                "SELECT state, (SELECT count(*) FROM pao.request_rollback WHERE request_id::text = run_id) "
                "FROM dag_run WHERE run_id = %s",
                request_id,
            )
        assert isinstance(call.exception(), httpx.TransportError)
    held.set()
    stack.wait_until_ready()
    assert "success" == airflow.run("reconcile")["state"]
    request = developer.ended(request_id)

    assert [("failed", 0)] == found
    assert ("cancelled", "rolled_back", ["second", "first"]) == (
        request["status"],
        request["rollback"]["status"],
        request["rollback"]["actions"],
    )
    assert [("cancelling", "developer"), ("cancelled", None)] == timeline(request)[4:]
    undone = [call for place in ("second", "first") for call in scripted.calls(f"/cx-{place}/{place}-d/dies")]
    assert ["DELETE", "DELETE"] == [call.method for call in undone]
    assert undone == sorted(undone, key=lambda call: call.at)
    assert ["POST"] * 3 == [
        method for place in ("first", "second", "third") for method in methods(scripted, f"/cx-{place}/dies")
    ]
