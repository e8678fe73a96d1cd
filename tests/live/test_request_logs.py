"""A request's log, of what triggerers and workers really wrote: as it happens, and afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from tests.live.items import SCRIPTED, item, scripted_call
from tests.live.portal import Answer, Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

SECRET = "correct-horse-battery"
TOKEN = {"id": "token", "type": "password", "required": True}
UNDO = {"type": "rest-api", "config": {"method": "DELETE", "url": f"{SCRIPTED}/logged-undo/{{{{fields.name}}}}"}}
ITEMS = (
    item(
        "logged",
        scripted_call(
            "first", "/logged", body={"token": "{{fields.token}}"}, retry={"attempts": 2, "delay": 0.1}, rollback=UNDO
        ),
        {"name": "work", "type": "live-process", "config": {"url": f"{SCRIPTED}/logged-work/{{{{fields.name}}}}"}},
        scripted_call("last", "/logged-last"),
        fields=(TOKEN,),
    ),
)
OPEN_AT_MOST = 20
"""Logs that one caller may have open, by default."""


@contextmanager
def following(portal: Portal, request_id: str) -> Iterator[httpx.Response]:
    """The log as it grows, over a connection of its own."""
    headers = {"Authorization": f"Bearer {portal.token}", "Accept-Encoding": "gzip"}
    url = f"{portal.base_url}/api/v1/requests/{request_id}/logs?follow=true"
    with httpx.stream("GET", url, headers=headers, timeout=120, trust_env=False) as answer:
        yield answer


def log_of(portal: Portal, request_id: str, **query: Any) -> list[Answer]:
    """All entries, page by page."""
    found, cursor = [], None
    while True:
        page = portal.get(f"/requests/{request_id}/logs", limit=7, **({"cursor": cursor} if cursor else {}), **query)
        found += page["entries"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def told(entries: list[Answer], *events: str) -> list[tuple[str, str, int | None]]:
    """Those entries, by action, event and attempt."""
    return [(each["action"], each["event"], each["attempt"]) for each in entries if each["event"] in events]


@pytest.fixture(scope="module")
def followed(developer: Portal, scripted: ScriptedTarget) -> tuple[str, list[Answer]]:
    """A request that fails in the end and is undone, and what following its log told from its start to its end."""
    scripted.script("/logged/told", Reply(status=503, body=json.dumps({"said": SECRET})), Reply())
    release = scripted.hold("/logged-work/told/work")
    scripted.script("/logged-last/told", Reply(status=400))
    made = developer.submit("logged", "told", {"token": SECRET})
    entries: list[Answer] = []
    with following(developer, made) as answer:
        # The log as it grows: what the worker wrote is read while it is held.
        for line in answer.iter_lines():
            entries += [json.loads(line)] if line else []
            if entries and entries[-1]["event"] == "process_at_work":
                release.set()
    return made, entries


def test_who_follows_is_told_everything_until_the_end(developer: Portal, followed):
    """Attempts, what ran in the triggerer and on a worker, and the rollback, in the order in which it happened."""
    made, entries = followed
    acts = told(entries, "attempt_failed", "http_call", "process_at_work", "action_failed")

    assert [
        ("first", "http_call", 1),
        ("first", "attempt_failed", 1),
        ("first", "http_call", 2),
        ("work", "process_at_work", 1),
        ("last", "http_call", 1),
        ("last", "action_failed", 1),
        ("first", "http_call", 1),
    ] == [act for act in acts if act != ("work", "http_call", 1)]
    assert [False, True] == [each["undoing"] for each in entries if each["event"] == "action_started"][-2:]
    statuses = [each["data"]["status"] for each in entries if each["event"] == "request_status"]
    assert ["submitted", "validated", "queued", "in_progress", "rolling_back", "rolled_back"] == statuses
    assert "rolled_back" == developer.request(made)["status"]


def test_who_reads_later_reads_the_same(developer: Portal, followed):
    """By pages, in order of time."""
    made, entries = followed
    for entry in entries:
        entry.pop("cursor", None)
    whole = log_of(developer, made)

    assert sorted(map(json.dumps, entries)) == sorted(map(json.dumps, whole))
    assert sorted(entry["at"] for entry in whole) == [entry["at"] for entry in whole]
    assert [each for each in whole if each["action"] == "work"] == log_of(developer, made, action="work")


def test_no_secret_and_nothing_of_the_platform_is_shown(developer: Portal, stack: RunningStack, followed):
    """The target's answer held the secret, and the worker's log the folders of the platform."""
    made, _ = followed
    seen = json.dumps(log_of(developer, made, level="debug")) + developer.http.get(
        f"/api/v1/requests/{made}/logs", headers={"Accept": "text/plain"}
    ).text  # fmt: skip

    assert "answered 503" in seen
    assert [] == [text for text in (SECRET, str(stack.settings.state), "DagBag", "Traceback") if text in seen]


def test_operators_read_what_airflow_wrote(portals: dict[str, Portal], followed):
    """To find a fault in how the platform runs it."""
    made, _ = followed
    by_airflow = [each for each in log_of(portals["operator"], made, level="debug") if each["source"] == "airflow"]

    assert {"first", "work", "last"} <= {each["action"] for each in by_airflow}


def test_a_log_that_was_taken_away_is_named(developer: Portal, stack: RunningStack, followed):
    """The rest of the log is there."""
    made, _ = followed
    shutil.rmtree(next((stack.settings.airflow_home / "logs").glob(f"*/run_id={made}/task_id=last")))
    entries = log_of(developer, made)

    assert [("last", "log_away", None)] == told(entries, "log_away")
    assert ("work", "process_at_work", 1) in told(entries, "process_at_work")


def test_followers_that_leave_make_room(developer: Portal, scripted: ScriptedTarget):
    """A caller may have so many logs open at once, and whoever leaves is noticed."""
    release = scripted.hold("/logged/crowd")
    made = developer.submit("logged", "crowd", {"token": SECRET})

    def one_more() -> int:
        with following(developer, made) as answer:
            return answer.status_code

    with ExitStack() as crowd:
        statuses = [crowd.enter_context(following(developer, made)).status_code for _ in range(OPEN_AT_MOST)]
        assert [200] * OPEN_AT_MOST == statuses
        assert 429 == one_more()
    wait_for(lambda: one_more() == 200, "the others are known to have left")
    release.set()
    developer.ended(made)
