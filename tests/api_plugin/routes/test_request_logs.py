"""A request's log over HTTP: of one's own requests, by pages, as text, filtered, masked."""

from __future__ import annotations

import json

import pytest

from api_plugin.permissions import Permission
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.api_plugin.task_logs import line, told, trigger_log, write_log
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"), action("b"))
DEVELOPER = a_caller(Permission.REQUEST_READ)
OPERATOR = a_caller(Permission.REQUEST_READ, Permission.REQUEST_READ_ALL, Permission.OPERATIONS_READ, name="ops")
STRANGER = a_caller(Permission.REQUEST_READ, name="stranger")


@pytest.fixture
def request_(world):
    """A request that has completed, with the logs of its two actions."""
    world.publish(ITEM)
    world.parse(ITEM)
    made = world.order()
    run = (made.dag_id, str(made.id))
    first = told(1, "action started", type="rest-api", undoing=False) + told(2, "attempt_started", attempt=1)
    first += told(3, "attempt_failed", level="warning", attempt=1, error="answered 503", retry_in_seconds=1.5)
    first += told(5, "attempt_started", attempt=2)
    first += told(6, "http_call", target="POST x.example/y", status=201, seconds=0.1)
    first += line(6.5, "a library's fault", level="error", logger="some.library", error_detail=[{"exc_type": "E"}])
    first += told(7, "unexpected_error", level="error", traceback='Traceback (most recent call last):\n  File "/opt/x"')
    second = told(8, "action started", action="b", type="webhook", undoing=False)
    write_log(run, "a", trigger_log(first))
    write_log(run, "b", trigger_log(second, action="b"))
    for task in ("a", "b"):
        world.task(made, task, "success", a_report())
    world.run(made, "success")
    return made


@pytest.fixture
def logs(portal, request_):
    """What reading the log answers."""

    def read(query="", caller=DEVELOPER, **more):
        return portal("GET", f"/requests/{request_.id}/logs{query}", caller, **more)

    return read


def messages(answer):
    """Of the entries that actions wrote."""
    return [entry["message"] for entry in answer.json()["entries"] if entry["source"] == "action"]


def test_what_actions_wrote_is_one_log(logs):
    """In order of time, over all actions, in words, with what Airflow wrote around it left out."""
    expected = [
        "rest-api started",
        "attempt 1 started",
        "attempt 1 failed: answered 503; the next one follows in 1.5 s",
        "attempt 2 started",
        "POST x.example/y answered 201 after 0.1 s",
        "unexpected error",
        "webhook started",
    ]

    assert expected == messages(logs())


def test_what_became_of_the_request_is_part_of_it(logs):
    """Statuses, and those of its actions."""
    told_by_us = [entry["message"] for entry in logs().json()["entries"] if entry["source"] == "request"]

    assert {"request submitted", "request queued", "request completed", "completed"} <= set(told_by_us)


def test_an_entry_names_its_action_and_its_attempt(logs):
    """Also where the line itself does not name the attempt."""
    call = next(entry for entry in logs().json()["entries"] if entry["event"] == "http_call")

    assert {"target": "POST x.example/y", "status": 201, "seconds": 0.1} == call.pop("data")
    assert {
        "at": "2026-01-31T10:00:06Z", "level": "info", "source": "action", "action": "a", "attempt": 2,
        "undoing": False, "message": "POST x.example/y answered 201 after 0.1 s", "event": "http_call",
    } == call  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?action=b", ["webhook started"]),
        ("?action=a&attempt=1", ["attempt 1 started", "attempt 1 failed: answered 503; the next one follows in 1.5 s"]),
        ("?level=warning", ["attempt 1 failed: answered 503; the next one follows in 1.5 s", "unexpected error"]),
        ("?level=error", ["unexpected error"]),
        ("?action=none", []),
    ],
)
def test_a_reader_chooses(logs, query, expected):
    """By action, attempt and level."""
    assert expected == messages(logs(query))


def test_tracebacks_and_what_libraries_wrote_are_for_operators(logs):
    """They show how the platform is built."""
    seen, hidden = logs("?level=debug", caller=OPERATOR), logs("?level=debug")

    texts = ("Traceback", "/opt/x", "a library's fault", "trigger completed", "exc_type")
    assert [(True, False)] * len(texts) == [(text in seen.text, text in hidden.text) for text in texts]


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_give_every_entry_once(logs, limit):
    """In the same order as all at once."""
    whole = logs("?limit=200").json()
    found, query = [], f"?limit={limit}"
    while query:
        page = logs(query).json()
        assert len(page["entries"]) <= limit
        found += page["entries"]
        query = page["next_cursor"] and f"?limit={limit}&cursor={page['next_cursor']}"

    assert whole["entries"] == found
    assert whole["next_cursor"] is None


def test_a_reader_goes_on_where_it_was(logs, request_):
    """With what was written since, though the log had ended for it."""
    page = logs("?limit=200").json()
    write_log((request_.dag_id, str(request_.id)), "b", told(9, "message_sent", action="b"))

    later = logs(f"?cursor={page['resume_cursor']}").json()

    assert ["message sent"] == [entry["message"] for entry in later["entries"]]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJsb2ciLCAieCJd", "WyJsb2ciLCAxXQ"])
def test_a_cursor_is_one_of_ours(logs, cursor):
    """Anything else is refused."""
    assert (422, "invalid-cursor") == (
        logs(f"?cursor={cursor}").status_code,
        logs(f"?cursor={cursor}").json()["errors"][0]["code"],
    )


def test_people_read_text(logs):
    """The whole log, a line an entry."""
    answer = logs(headers={"Accept": "text/plain"})

    assert "text/plain; charset=utf-8" == answer.headers["content-type"]
    assert "2026-01-31 10:00:05.000Z  INFO     a #2: attempt 2 started\n" in answer.text
    assert "cut" not in answer.text


def test_a_finished_log_that_is_followed_ends(logs):
    """Each line is an entry, with where to go on after it."""
    answer = logs("?follow=true")
    entries = [json.loads(text) for text in answer.text.splitlines() if text]

    assert "application/x-ndjson" == answer.headers["content-type"]
    assert [entry["message"] for entry in entries] == [e["message"] for e in logs("?limit=200").json()["entries"]]
    half = logs(f"?limit=200&cursor={entries[4]['cursor']}").json()["entries"]
    assert [entry["message"] for entry in entries[5:]] == [entry["message"] for entry in half]


def test_a_log_that_is_not_at_hand_says_so(world, portal):
    """Once, for each action that ran; the rest of the log is there."""
    world.publish(ITEM)
    world.parse(ITEM)
    made = world.order()
    world.task(made, "a", "success", a_report())
    path = f"/requests/{made.id}/logs"

    page = portal("GET", f"{path}?limit=200", DEVELOPER).json()
    away = [entry for entry in page["entries"] if entry["event"] == "log_away"]

    assert [("a", "warning")] == [(entry["action"], entry["level"]) for entry in away]
    assert "request submitted" in {entry["message"] for entry in page["entries"]}
    assert [] == portal("GET", f"{path}?cursor={page['resume_cursor']}", DEVELOPER).json()["entries"]


def test_a_log_of_others_does_not_exist(logs):
    """There is no telling it from none."""
    assert (404, "unknown-request") == (logs(caller=STRANGER).status_code, logs(caller=STRANGER).json()["code"])


def test_a_request_links_to_its_log(portal, request_):
    """As to its status."""
    links = portal("GET", f"/requests/{request_.id}", DEVELOPER).json()["links"]

    assert f"http://localhost:8080/api/v1/requests/{request_.id}/logs" == links["logs"]
