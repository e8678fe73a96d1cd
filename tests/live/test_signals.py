"""A webhook of GitHub or Jira wakes the action that waits, though that would not look for minutes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest

from api_plugin.store.notices import SIGNALS
from catalog_compiler.run_format import PROGRESS_KEY
from tests.live.conftest import WEBHOOK_SECRET
from tests.live.items import item
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.waiting import wait_for


def _waiting(signal: str) -> Mapping[str, Any]:
    return {"name": "wait", "type": "news", "config": {"signal": signal}}


ITEMS = (
    item("awaits-run", _waiting("github:github.com/example/live/{{fields.name}}")),
    item("awaits-ticket", _waiting("jira:jira_live:{{fields.name}}")),
)
pytestmark = pytest.mark.usefixtures("hears_signals")
HEARING = f"SELECT pid FROM pg_stat_activity WHERE application_name = '{SIGNALS}'"


@pytest.fixture
def deliver(portals: dict[str, Portal]):
    """Sends a signed body, as GitHub or Jira does; the status of the answer."""

    def sending(path: str, body: Any, header: str, **headers: str) -> int:
        content = json.dumps(body).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), content, hashlib.sha256).hexdigest()
        signed = {"Content-Type": "application/json", header: f"sha256={signature}", **headers}
        return portals["nobody"].http.post(f"/api/v1/webhooks/{path}", content=content, headers=signed).status_code

    return sending


@pytest.fixture
def github(deliver):
    """Tells that a run has ended."""

    def telling(run_id: int) -> int:
        repository = {"full_name": "Example/live", "html_url": "https://github.com/Example/live"}
        body = {"action": "completed", "workflow_run": {"id": run_id}, "repository": repository}
        return deliver("github", body, "X-Hub-Signature-256", **{"X-GitHub-Event": "workflow_run"})

    return telling


@pytest.fixture
def waits(developer: Portal, stack: RunningStack):
    """Orders an item, and gives the request once its action has said that it waits."""
    said = "SELECT 1 FROM xcom WHERE run_id = %s AND key = %s"

    def ordering(item_id: str, name: str) -> str:
        request_id = developer.submit(item_id, name)
        wait_for(lambda: stack.rows(said, request_id, PROGRESS_KEY), "the action waits")
        return request_id

    return ordering


def test_a_run_that_ends_is_known_at_once(developer: Portal, waits, github):
    """The other request waits on, for a run of its own."""
    other, request_id = waits("awaits-run", "7002"), waits("awaits-run", "7001")

    assert [202, 409] == [github(7001), github(7001)]

    assert "completed" == developer.ended(request_id)["status"]
    assert "in_progress" == developer.request(other)["status"]
    github(7002)
    assert "completed" == developer.ended(other)["status"]


def test_a_ticket_that_is_resolved_is_known_at_once(developer: Portal, waits, deliver):
    """By the webhook of its connection."""
    request_id = waits("awaits-ticket", "OPS-7")

    body = {"webhookEvent": "jira:issue_updated", "issue": {"key": "OPS-7"}}
    assert 202 == deliver("jira/jira_live", body, "X-Hub-Signature")

    assert "completed" == developer.ended(request_id)["status"]


def test_a_triggerer_whose_database_was_away_hears_again(developer: Portal, stack: RunningStack, waits, github):
    """Its connection is cut, as by a restart of PostgreSQL; nothing else is."""
    request_id = waits("awaits-run", "7003")
    (cut,) = {pid for (pid,) in stack.rows(HEARING)}
    stack.rows("SELECT pg_terminate_backend(%s)", cut)
    wait_for(lambda: [pid for (pid,) in stack.rows(HEARING) if pid != cut], "the triggerer listens again")

    assert 202 == github(7003)

    assert "completed" == developer.ended(request_id)["status"]
