"""What persons do with requests of a running stack: retry, roll back, hand over to people; effects are counted."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from typing import Any

import httpx
from pao_actions.jira.documents import text_of_adf

from tests.fakes.jira import FakeJira
from tests.live.airflow_api import AirflowApi
from tests.live.conftest import WEBHOOK_SECRET
from tests.live.items import item, scripted_call, undo
from tests.live.portal import Portal
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

REFUSED = Reply(status=403, body='{"error": "closed today"}')
FIRST = scripted_call(
    "first",
    "/op-first",
    rollback=undo(scripted_call("gone", "/op-first/{{response.first.id}}", "DELETE")),
    mapping={"id": "$.id"},
)
TICKET = {
    "name": "order",
    "type": "jira-ticket",
    "config": {
        "connection": "jira_live",
        "project": "PLATFORM",
        "issue_type": "Task",
        "summary_template": "Provide {{fields.name}}",
        "custom_fields": {"business_justification": "{{fields.name}} pays"},
    },
}


def on_failure(policy: str, made: dict[str, Any]) -> dict[str, Any]:
    """An item with that policy."""
    made["fulfillment"]["automatic"]["on_failure"] = policy
    return made


ITEMS = (
    on_failure("hold", item("op-held", FIRST, scripted_call("second", "/op-second"))),
    on_failure("escalate", item("op-asks", scripted_call("first", "/op-asks"), manual=(TICKET,))),
    on_failure("escalate", item("op-half", FIRST, scripted_call("second", "/op-asks"), manual=(TICKET,))),
)


def operate(portal: Portal, request_id: str, operation: str, body: Any = None) -> dict[str, Any]:
    """Do it; it must be accepted."""
    answer: httpx.Response = portal.http.post(f"/api/v1/requests/{request_id}/{operation}", json=body or {})
    assert 202 == answer.status_code, answer.text
    return answer.json()


def methods(scripted: ScriptedTarget, path: str) -> list[str]:
    """The calls that arrived at a path."""
    return [call.method for call in scripted.calls(path)]


def test_a_request_goes_on_where_it_failed_is_undone_and_is_tried_anew(
    catalog, developer: Portal, scripted: ScriptedTarget
):
    """Held for a person; each effect once; an undo that fails is tried again; the new request has corrected values."""
    scripted.script("/op-first/one", Reply(body='{"id": "f-1"}'))
    scripted.script("/op-second/one", REFUSED, Reply())
    scripted.script("/op-first/f-1/one", REFUSED, Reply())
    request_id = developer.submit("op-held", "one")

    assert "failed" == developer.ended(request_id)["status"]
    assert [] == methods(scripted, "/op-first/f-1/one")

    operate(developer, request_id, "retry")
    request = developer.ended(request_id)
    assert ("completed", {"first": {"id": "f-1"}}) == (
        request["status"],
        {name: {"id": outputs["id"]} for name, outputs in request["outputs"].items() if "id" in outputs},
    )
    assert (["POST"], ["POST", "POST"]) == (methods(scripted, "/op-first/one"), methods(scripted, "/op-second/one"))

    operate(developer, request_id, "rollback")
    request = developer.ended(request_id)
    assert ("rollback_failed", "not undone, so possibly left standing: first") == (request["status"], request["error"])
    operate(developer, request_id, "rollback")
    assert "rolled_back" == developer.ended(request_id)["status"]
    assert ["DELETE", "DELETE"] == methods(scripted, "/op-first/f-1/one")

    scripted.script("/op-first/two", Reply(body='{"id": "f-2"}'))
    new = operate(developer, request_id, "retry", {"fields": {"name": "two"}})
    assert (request_id, {"name": "two"}) == (new["parent_id"], new["fields"])
    assert "completed" == developer.ended(new["id"])["status"]
    assert ["POST"] == methods(scripted, "/op-first/two")


def ticket(jira: FakeJira, name: str, *, after: int = 0) -> dict[str, Any]:
    """The ticket for a name, of which there were so many before."""

    def made() -> dict[str, Any] | None:
        found = [each for each in list(jira.issues.values()) if each["fields"].get("summary") == f"Provide {name}"]
        return found[after] if found[after:] else None

    return wait_for(made, f"a ticket for {name} is made")


def wait_for_people(portal: Portal, request_id: str) -> dict[str, Any]:
    """A request, once its ticket is waited for."""

    def waiting() -> dict[str, Any] | None:
        request = portal.request(request_id)
        return request if request["actions"][-1]["status"] == "waiting" else None

    return wait_for(waiting, "the ticket is waited for")


def resolve(portals: dict[str, Portal], jira: FakeJira, key: str, *, status: str, resolution: str) -> None:
    """People are done with a ticket, and Jira tells of it."""
    jira.move(key, status, resolution)
    content = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"key": key}}).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), content, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature": f"sha256={signature}"}
    portals["nobody"].http.post("/api/v1/webhooks/jira/jira_live", content=content, headers=headers)


def test_people_go_on_with_what_failed_and_their_ticket_tells_why(
    catalog, developer: Portal, portals: dict[str, Portal], scripted: ScriptedTarget, jira: FakeJira
):
    """By the item's policy; the request completes as the ticket does."""
    scripted.script("/op-asks/help", REFUSED)
    request_id = developer.submit("op-asks", "help")
    issue = ticket(jira, "help")
    request = wait_for_people(developer, request_id)

    told = text_of_adf(issue["fields"]["description"])
    assert "This was tried automatically before, and failed: action 'first' failed" in told
    assert f"/api/v1/requests/{request_id}" in told
    assert ("in_progress", [("automatic", "failed"), ("manual", "waiting")]) == (
        request["status"],
        [(action["mode"], action["status"]) for action in request["actions"]],
    )
    assert (f"{jira.url}/browse/{issue['key']}", {"id": issue["id"], "key": issue["key"]}) == (
        request["actions"][1]["url"],
        request["actions"][1]["outputs"],
    )

    resolve(portals, jira, issue["key"], status="Done", resolution="Fixed")
    request = developer.ended(request_id)
    assert ("completed", issue["key"]) == (request["status"], request["outputs"]["order"]["key"])
    assert ["in_progress", "completed"] == [entry["status"] for entry in request["timeline"]][3:]
    assert ["POST"] == methods(scripted, "/op-asks/help")


def test_people_who_decline_fail_the_request(
    catalog, developer: Portal, portals: dict[str, Portal], scripted: ScriptedTarget, jira: FakeJira
):
    """What was done is undone; where nothing was, it can be tried again, and people are asked by another ticket."""
    scripted.script("/op-first/half", Reply(body='{"id": "h-1"}'))
    for name in ("half", "none"):
        scripted.script(f"/op-asks/{name}", REFUSED)
    half, none = developer.submit("op-half", "half"), developer.submit("op-asks", "none")
    for request_id, name in ((half, "half"), (none, "none")):
        declined = ticket(jira, name)["key"]
        wait_for_people(developer, request_id)
        resolve(portals, jira, declined, status="Rejected", resolution="Won't Do")

    request = developer.ended(half)
    assert ("rolled_back", ["first"]) == (request["status"], request["rollback"]["actions"])
    assert ["rolled_back", "failed", "failed"] == [action["status"] for action in request["actions"]]
    assert ["in_progress", "rolling_back", "rolled_back"] == [entry["status"] for entry in request["timeline"]][3:]
    assert "was closed as 'Rejected' (Won't Do)" in request["error"]
    assert ["DELETE"] == methods(scripted, "/op-first/h-1/half")

    request = developer.ended(none)
    assert ("failed", None) == (request["status"], request["rollback"])
    assert ["in_progress", "failed"] == [entry["status"] for entry in request["timeline"]][3:]
    assert "was closed as 'Rejected' (Won't Do)" in request["error"]
    assert 409 == developer.http.post(f"/api/v1/requests/{none}/escalate", json={}).status_code

    operate(developer, none, "retry")
    resolve(portals, jira, ticket(jira, "none", after=1)["key"], status="Done", resolution="Fixed")
    request = developer.ended(none)
    assert ("completed", ["failed", "completed"]) == (
        request["status"],
        [action["status"] for action in request["actions"]],
    )
    assert ["POST"] == methods(scripted, "/op-asks/none")


def test_what_was_ordered_in_airflow_is_operated_on_as_any_request(
    catalog, portals: dict[str, Portal], airflow: AirflowApi, scripted: ScriptedTarget
):
    """Retried where it failed, undone, and tried anew, by whoever started it there, under a name of their own."""
    scripted.script("/op-first/ui", Reply(body='{"id": "ui-1"}'))
    scripted.script("/op-second/ui", REFUSED, Reply())
    admin = portals["admin"]
    run = airflow.run("default.op-held", {"fields": {"name": "ui"}}, run_id="by-hand:1")
    request_id = str(uuid.uuid5(uuid.NAMESPACE_URL, "airflow:default.op-held/by-hand:1"))
    request = admin.ended(request_id)
    assert ("failed", "failed") == (run["state"], request["status"])
    assert ["completed", "failed"] == [action["status"] for action in request["actions"]]

    operate(admin, request_id, "retry")
    assert "completed" == admin.ended(request_id)["status"]
    operate(admin, request_id, "rollback")
    request = admin.ended(request_id)
    assert ("rolled_back", None) == (request["status"], request["error"])
    assert (["POST"], ["POST", "POST"], ["DELETE"]) == (
        methods(scripted, "/op-first/ui"),
        methods(scripted, "/op-second/ui"),
        methods(scripted, "/op-first/ui-1/ui"),
    )

    scripted.script("/op-first/ui", Reply(body='{"id": "ui-2"}'))
    new = operate(admin, request_id, "retry")
    assert (request_id, "completed") == (new["parent_id"], admin.ended(new["id"])["status"])
