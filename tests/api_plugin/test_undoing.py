"""What is undone, and in which order: newest first, and first of all what may have been left half done."""

from __future__ import annotations

import pytest

from api_plugin.undoing import undo_order
from tests.api_plugin.runs import a_report, a_task, at, done, refused
from tests.items import UNDO, action, item_plan

WAY = item_plan(
    "queue",
    action("first", rollback=UNDO),
    action("left", rollback=UNDO, depends_on=["first"]),
    action("right", rollback=UNDO, depends_on=["first"]),
    action("plain", depends_on=["left", "right"]),
    action("chat", type="webhook", config={"url": "https://example.com"}, on_error="continue", rollback=UNDO),
).fulfillment("automatic")

TABLE = {
    "nothing ran": ({"first": a_task(None, started_at=None)}, ()),
    "newest first": ({"first": done(1), "left": done(2), "right": done(3)}, ("right", "left", "first")),
    "by completion, not by the order of the list": (
        {"first": done(1), "left": done(9), "right": done(3)},
        ("left", "right", "first"),
    ),
    "one that has nothing to undo is left out": ({"first": done(1), "plain": done(9)}, ("first",)),
    "one that failed without an effect has nothing to undo": ({"first": done(1), "left": refused()}, ("first",)),
    "one that failed and may have had an effect comes first": (
        {
            "first": done(1),
            "left": a_task("failed", a_report("failed", ended=2, effect_possible=True)),
            "right": done(9),
        },
        ("left", "right", "first"),
    ),
    "nobody knows whether it was done": (
        {"first": done(1), "left": a_task("failed", a_report("outcome_unknown", effect_possible=True))},
        ("left", "first"),
    ),
    "stopped in the middle, by hand or with its host: no report": (
        {"first": done(1), "left": a_task("failed", ended_at=at(4))},
        ("left", "first"),
    ),
    "at work when its run took too long: Airflow calls it skipped, and it left no report yet": (
        {"first": done(1), "left": a_task("skipped", ended_at=at(4))},
        ("left", "first"),
    ),
    "at work when its run took too long, and stopped": (
        {"first": done(1), "left": a_task("skipped", a_report("failed", effect_possible=True))},
        ("left", "first"),
    ),
    "not begun when its run took too long": (
        {"first": done(1), "left": a_task("skipped", started_at=None)},
        ("first",),
    ),
    "marked failed before it started": ({"first": done(1), "left": a_task("failed", started_at=None)}, ("first",)),
    "skipped by its condition": ({"first": done(1), "left": a_task("skipped", a_report("skipped"))}, ("first",)),
    "never reached": ({"first": done(1), "left": a_task("upstream_failed", started_at=None)}, ("first",)),
    "marked as a success by hand counts as done": (
        {"first": a_task("success", ended_at=at(1)), "left": done(2)},
        ("left", "first"),
    ),
    "a failure that was tolerated, without an effect": (
        {"first": done(1), "chat": a_task("success", a_report("failed"))},
        ("first",),
    ),
    "a failure that was tolerated, with a possible effect": (
        {"first": done(1), "chat": a_task("success", a_report("failed", effect_possible=True))},
        ("chat", "first"),
    ),
    "two that were stopped: the later one first": (
        {"left": a_task("failed", ended_at=at(4)), "right": a_task("failed", ended_at=at(6))},
        ("right", "left"),
    ),
}


@pytest.mark.parametrize(("tasks", "expected"), TABLE.values(), ids=TABLE.keys())
def test_the_order_of_undoing(tasks, expected):
    """Each row: what became of the tasks, and the actions to undo."""
    assert expected == undo_order(WAY, tasks)
