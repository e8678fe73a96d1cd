"""Work that goes on after the answer is stopped where it is done. Over a triggerer's death: `test_killed_processes`."""

from __future__ import annotations

from tests.live.airflow_api import AirflowApi
from tests.live.followed_work import begin, followed_call
from tests.live.items import item
from tests.live.portal import Portal
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

ITEMS = (item("long-work", followed_call("make", "long-work")),)


def test_a_stop_reaches_the_outside(developer: Portal, scripted: ScriptedTarget, airflow: AirflowApi):
    """Whoever marks it failed in Airflow stops the work where it is done; nobody looks at it any more."""
    request_id, looks = begin(developer, scripted, "long-work", "stopped", "operation-5")
    airflow.mark_failed("default.long-work", request_id)

    def stops() -> list[str]:
        return [call.method for call in scripted.calls(looks) if call.method != "GET"]

    wait_for(stops, "the work is stopped")
    request = developer.ended(request_id)

    assert ("failed", ["DELETE"], "DELETE") == (request["status"], stops(), scripted.calls(looks)[-1].method)
