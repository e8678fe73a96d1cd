"""A line of a task's log becomes what a person can read, and its attempt is known though it does not say so."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from api_plugin.request_logs.lines import TaskFacts, parse_line
from tests.api_plugin.task_logs import line, told

TASK = TaskFacts(dag_id="d", run_id="r", task_id="a", try_number=1, action="a", undoing=False)
BEFORE = dt.datetime(2026, 1, 31, 9, tzinfo=dt.UTC)


def parsed(text, attempt=0):
    """The entry of a line."""
    return parse_line(text.encode() if isinstance(text, str) else text, TASK, attempt, BEFORE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (told(1, "action started", type="rest-api", undoing=False), "rest-api started"),
        (told(1, "action ended", outcome="completed", attempts=1), "ended: completed"),
        (told(1, "attempt_started", attempt=2), "attempt 2 started"),
        (told(1, "action_failed", attempt=1, error="it said no"), "failed: it said no"),
        (told(1, "outcome_unknown", attempt=1, error="no answer"), "the outcome is not known: no answer"),
        (told(1, "http_call", target="GET x", status=200, seconds=0.5), "GET x answered 200 after 0.5 s"),
        (told(1, "http_call", target="{status} {0.a}", status=1, seconds=1), "{status} {0.a} answered 1 after 1 s"),
        (told(1, "http_call"), "http call"),
        (told(1, "look_failed", error="away"), "look failed: away"),
        (told(1, "look_failed", error=5), "look failed"),
        (told(1, "terraform_planned", add=3), "terraform planned"),
        (line(1, "Process exited abnormally", level="warning", exit_code=-9), "Process exited abnormally"),
        ("plain text\n", "plain text"),
        ("[1, 2]\n", "[1, 2]"),
        ('"text"\n', '"text"'),
        ("{not JSON\n", "{not JSON"),
        (b"\xff\xfe bytes\n", "\ufffd\ufffd bytes"),
        ("[" * 100_000 + "\n", "[" * 100_000),
    ],
)  # fmt: skip
def test_a_line_is_read_in_words(text, message):
    """Whoever wrote it, and whatever it holds."""
    entry, _ = parsed(text)

    assert message == entry.message


@pytest.mark.parametrize(
    "text", ["\n", "  \n", line(1, "::group::Pre Execute"), line(1, "::endgroup::"), line(1, ""), "{}\n"]
)
def test_what_says_nothing_is_left_out(text):
    """Airflow folds its own lines by markers."""
    assert parsed(text)[0] is None


@pytest.mark.parametrize(
    ("text", "level", "source"),
    [
        (told(1, "x"), "info", "action"),
        (told(1, "x", level="warning"), "warning", "action"),
        (told(1, "x", level="CRITICAL"), "error", "action"),
        (told(1, "x", level="strange"), "info", "action"),
        (line(1, "x"), "debug", "airflow"),
        (line(1, "x", level="warn"), "warning", "airflow"),
        (line(1, "x", logger="pao.action.other"), "debug", "airflow"),
        (line(1, json.dumps({"logger": "pao.action", "event": "mine"})), "debug", "airflow"),
        ("pao.action\n", "debug", "airflow"),
    ],
)
def test_only_what_actions_wrote_is_theirs(text, level, source):
    """Everything else is of Airflow and its libraries, whatever it says of itself."""
    entry, _ = parsed(text)

    assert (level, source) == (entry.level, entry.source)


def test_an_action_keeps_its_own_fields():
    """Those of Airflow that it has too are left out, but for a value that is not Airflow's."""
    own = told(1, "run_started", run_id=4711, url="https://x.example", try_number=1, dag_id="d", task_id="other")

    assert {"run_id": 4711, "url": "https://x.example", "task_id": "other"} == parsed(own)[0].data


def test_lines_within_an_attempt_are_of_it():
    """The last task of a rollback undoes several actions: each begins anew."""
    attempts = [0]
    for text in (
        told(1, "action started", type="x"),
        told(2, "attempt_started", attempt=1),
        told(3, "http_call"),
        line(4, "a library's line"),
        told(5, "attempt_failed", attempt=1),
        told(6, "attempt_started", attempt=2),
        told(7, "action started", type="x", action="b"),
        told(8, "http_call", action="b"),
    ):
        attempts.append(parsed(text, attempts[-1])[1])

    assert [0, 0, 1, 1, 1, 1, 2, 0, 0] == attempts


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("2026-01-31T10:00:00Z", dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)),
        ("2026-01-31T12:00:00.5+02:00", dt.datetime(2026, 1, 31, 10, 0, 0, 500_000, tzinfo=dt.UTC)),
        ("2026-01-31T10:00:00", dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)),
        ("0001-01-01T00:00:00+14:00", BEFORE),
        ("yesterday", BEFORE),
        (None, BEFORE),
        (5, BEFORE),
    ],
)
def test_a_line_without_a_time_has_that_of_the_one_before(timestamp, at):
    """So that it stays where it was written."""
    assert at == parsed(json.dumps({"timestamp": timestamp, "event": "x"}))[0].at
