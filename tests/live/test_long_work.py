"""Work that goes on after the answer: followed in the triggerer, over its death, and stopped where it is done."""

from __future__ import annotations

from tests.live.airflow_api import AirflowApi
from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

LONG = scripted_call("make", "/long", mapping={"id": "$.id", "state": "$.state"})
WHERE = "{{env.SCRIPTED_URL}}/long-work/{{fields.name}}/{$.operation}"
LONG["config"] |= {
    "poll": {"url": WHERE, "interval": 1, "until": {"path": "$.state", "equals": "ready"}},
    "cancel": {"method": "DELETE", "url": WHERE},
}
ITEMS = (item("long-work", LONG),)
RECOVERY_SECONDS = 150
"""What may pass until a dead triggerer's work goes on."""
BUSY, READY = Reply(body='{"state": "busy"}'), Reply(body='{"state": "ready"}')


def begin(developer: Portal, scripted: ScriptedTarget, name: str, operation: str) -> tuple[str, str]:
    """Order it, and wait until it is followed: the request's id, and the path of the looks."""
    looks = f"/long-work/{name}/{operation}"
    scripted.script(f"/long/{name}", Reply(status=202, body=f'{{"id": "db-1", "operation": "{operation}"}}'))
    scripted.script(looks, BUSY)
    request_id = developer.submit("long-work", name)
    wait_for(lambda: len(scripted.calls(looks)) > 1, "the work is looked at again")
    return request_id, looks


def test_a_restart_goes_on_looking(developer: Portal, scripted: ScriptedTarget, stack: RunningStack):
    """The call is made once, though the triggerer dies while the work goes on; its link is nowhere in clear."""
    request_id, looks = begin(developer, scripted, "restarted", "operation-with-a-signature-77")
    wait_for(lambda: developer.action(request_id, "make")["status"] == "waiting", "the action says that it waits")
    before = stack.heartbeats("TriggererJob")
    stack.kill("triggerer")
    wait_for(lambda: stack.heartbeats("TriggererJob") - before, "another triggerer has started")
    places = stack.places_of("operation-with-a-signature-77")
    seen = len(scripted.calls(looks))
    wait_for(lambda: len(scripted.calls(looks)) > seen, "the work is looked at again", RECOVERY_SECONDS)
    scripted.script(looks, READY)

    request = developer.ended(request_id)

    assert ("completed", 1) == (request["status"], request["actions"][0]["attempt"])
    outputs = request["outputs"]["make"]
    assert ("db-1", "ready") == (outputs["id"], outputs["state"])
    assert 1 == len(scripted.calls("/long/restarted"))
    assert not {place for place in places if "xcom" in place}


def test_a_stop_reaches_the_outside(developer: Portal, scripted: ScriptedTarget, airflow: AirflowApi):
    """Whoever marks it failed in Airflow stops the work where it is done; nobody looks at it any more."""
    request_id, looks = begin(developer, scripted, "stopped", "operation-5")
    airflow.mark_failed("default.long-work", request_id)

    def stops() -> list[str]:
        return [call.method for call in scripted.calls(looks) if call.method != "GET"]

    wait_for(stops, "the work is stopped")
    request = developer.ended(request_id)

    assert ("failed", ["DELETE"], "DELETE") == (request["status"], stops(), scripted.calls(looks)[-1].method)
