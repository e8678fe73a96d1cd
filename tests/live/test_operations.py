"""What persons do with requests of a running stack: retry, roll back, hand over to people; effects are counted."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
from pao_actions.jira.documents import text_of_adf

from tests.fakes.jira import FakeJira
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


def test_people_go_on_with_what_failed_and_their_ticket_tells_why(
    catalog, developer: Portal, portals: dict[str, Portal], scripted: ScriptedTarget, jira: FakeJira
):
    """By the item's policy; the request completes as the ticket does."""
    scripted.script("/op-asks/help", REFUSED)
    request_id = developer.submit("op-asks", "help")

    def ticket() -> dict[str, Any] | None:
        made = [issue for issue in list(jira.issues.values()) if issue["fields"].get("summary") == "Provide help"]
        return made[0] if made else None

    def waiting() -> bool:
        return [each["status"] for each in developer.request(request_id)["actions"]] == ["failed", "waiting"]

    issue = wait_for(ticket, "a ticket is made")
    wait_for(waiting, "the ticket is waited for")
    request = developer.request(request_id)
    told = text_of_adf(issue["fields"]["description"])
    assert "This was tried automatically before, and failed: action 'first' failed" in told
    assert f"/api/v1/requests/{request_id}" in told
    assert ("in_progress", ["automatic", "manual"]) == (
        request["status"],
        [action["mode"] for action in request["actions"]],
    )
    assert (f"{jira.url}/browse/{issue['key']}", {"id": issue["id"], "key": issue["key"]}) == (
        request["actions"][1]["url"],
        request["actions"][1]["outputs"],
    )

    jira.move(issue["key"], "Done", "Fixed")
    content = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"key": issue["key"]}}).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), content, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature": f"sha256={signature}"}
    portals["nobody"].http.post("/api/v1/webhooks/jira/jira_live", content=content, headers=headers)

    request = developer.ended(request_id)
    assert ("completed", issue["key"]) == (request["status"], request["outputs"]["order"]["key"])
    assert ["in_progress", "completed"] == [entry["status"] for entry in request["timeline"]][3:]
    assert ["POST"] == methods(scripted, "/op-asks/help")
