"""Tickets of a running stack: shown while people work on them, known at once when they are done, closed by an undo."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from pao_actions.jira.documents import text_of_adf

from catalog_compiler.run_format import dag_id
from tests.fakes.jira import FakeJira
from tests.live.airflow_api import AirflowApi
from tests.live.conftest import WEBHOOK_SECRET
from tests.live.items import item
from tests.live.portal import Portal
from tests.live.waiting import wait_for

ORDER = {
    "name": "order",
    "type": "jira-ticket",
    "config": {
        "connection": "jira_live",
        "project": "PLATFORM",
        "issue_type": "Task",
        "summary_template": "Provide {{fields.name}}",
        "description_template": "For {{request.user.email}}, see {{request.url}}",
        "assignee": "ada@example.com",
        "custom_fields": {"business_justification": "{{fields.name}} pays"},
    },
    "rollback": {"type": "jira-ticket"},
}
ITEMS = (item("by-hand", manual=(ORDER,)),)


def _ticket_of(jira: FakeJira, name: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        made = [issue for issue in list(jira.issues.values()) if issue["fields"].get("summary") == f"Provide {name}"]
        return made[0] if made else None

    return wait_for(found, f"a ticket for {name} is made")


def _waiting(developer: Portal, request_id: str) -> dict[str, Any]:
    def seen() -> dict[str, Any] | None:
        action = developer.action(request_id, "order")
        return action if action["status"] == "waiting" else None

    return wait_for(seen, "the action waits")


def test_a_ticket_is_shown_while_people_work_on_it_and_known_at_once_when_they_are_done(
    developer: Portal, portals: dict[str, Portal], jira: FakeJira
):
    """By Jira's webhook, as `test_signals` shows; its outputs are the request's."""
    request_id = developer.submit("by-hand", "one")
    ticket = _ticket_of(jira, "one")
    action = _waiting(developer, request_id)

    assert f"{jira.url}/browse/{ticket['key']}" == action["url"]
    assert "one pays" == ticket["fields"]["customfield_10010"]

    jira.move(ticket["key"], "Done", "Fixed")
    body = {"webhookEvent": "jira:issue_updated", "issue": {"key": ticket["key"]}}
    content = json.dumps(body).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), content, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature": f"sha256={signature}"}
    answer = portals["nobody"].http.post("/api/v1/webhooks/jira/jira_live", content=content, headers=headers)
    assert 202 == answer.status_code

    assert "completed" == developer.ended(request_id)["status"]
    outputs = developer.action(request_id, "order")["outputs"]
    assert (ticket["key"], "Done", "Ada Lovelace") == (outputs["key"], outputs["status"], outputs["assignee"])


def test_tickets_are_looked_at_without_a_webhook(developer: Portal, jira: FakeJira):
    """Two at once, in the same queries; a declined one fails its request, and is left as it is."""
    done, declined = developer.submit("by-hand", "two"), developer.submit("by-hand", "three")
    jira.move(_ticket_of(jira, "two")["key"], "Done")
    jira.move(_ticket_of(jira, "three")["key"], "Rejected", "Won't Do")

    assert "completed" == developer.ended(done)["status"]
    request = developer.ended(declined)

    assert request["status"] in {"failed", "rolled_back"}
    assert "was closed as 'Rejected' (Won't Do)" in developer.action(declined, "order")["error"]
    assert [] == _ticket_of(jira, "three")["comments"]


def test_a_request_that_a_person_stops_closes_its_ticket(developer: Portal, airflow: AirflowApi, jira: FakeJira):
    """With a comment that says so, so that nobody works for nothing."""
    request_id = developer.submit("by-hand", "four")
    ticket = _ticket_of(jira, "four")
    _waiting(developer, request_id)

    airflow.mark_task(dag_id("default", "by-hand", "manual"), request_id, "order", "failed")

    def closed() -> bool:
        return _ticket_of(jira, "four")["fields"]["status"]["name"] == "Rejected"

    wait_for(closed, "the ticket is closed")
    said = [text_of_adf(comment["body"]) for comment in ticket["comments"]]
    assert any(text.startswith("This was stopped, and nobody waits for it any more: ") for text in said), said
