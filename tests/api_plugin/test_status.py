"""A request's status is derived from Airflow's state alone: every combination that can come up has its row."""

from __future__ import annotations

import pytest

from api_plugin.status import derive
from api_plugin.status_views import ProgressView, RollbackView
from catalog_compiler.plan import ActionPlan, FulfillmentPlan
from tests.api_plugin.runs import a_report, a_run, a_task, at, done, refused
from tests.items import UNDO, action, item_plan

TOLERANT = action("chat", type="webhook", config={"url": "https://example.com"}, on_error="continue")


def way():
    """Two actions that can be undone, then a message."""
    return item_plan("queue", action("a", rollback=UNDO), action("b", rollback=UNDO), TOLERANT).fulfillment("automatic")


def a_rollback(state, **tasks):
    """A rollback of `b`, then `a`, whose places are named `undo_1` and `undo_2` here."""
    run = None if state is None else a_run(state, **{name.replace("_", "-"): task for name, task in tasks.items()})
    return RollbackView(run=run, actions=(("automatic", "b"), ("automatic", "a")), started_at=at(31))


NOT_YET = a_task(None, started_at=None)
SCHEDULED = a_task("scheduled", started_at=None)
AT_WORK = a_task("deferred")
UPSTREAM_FAILED = a_task("upstream_failed", started_at=None)
MAYBE = a_task("failed", a_report("failed", effect_possible=True))
UNKNOWN = a_task("failed", a_report("outcome_unknown", effect_possible=True))
STOPPED = a_task("failed")
OUT_OF_TIME = a_task("skipped")
NEVER_BEGUN = a_task("skipped", started_at=None)
SKIPPED = a_task("skipped", a_report("skipped"))
TOLERATED = a_task("success", a_report("failed"))
UNDONE = a_task("success", a_report())
LEFT = a_task("failed", a_report("failed"))

# run state, tasks a, b, chat; expected status of the request and of a, b, chat
RUNS = {
    "queued": ("queued", (NOT_YET, NOT_YET, NOT_YET), "queued", "pending pending pending"),
    "tasks not made yet": ("queued", (None, None, None), "queued", "pending pending pending"),
    "just begun": ("running", (SCHEDULED, NOT_YET, NOT_YET), "in_progress", "pending pending pending"),
    "queued task": ("running", (a_task("queued"), NOT_YET, NOT_YET), "in_progress", "pending pending pending"),
    "first at work": ("running", (AT_WORK, NOT_YET, NOT_YET), "in_progress", "running pending pending"),
    "its worker died": (
        "running", (a_task("up_for_retry"), NOT_YET, NOT_YET), "in_progress", "retrying pending pending"),
    "on a worker": ("running", (a_task("running"), NOT_YET, NOT_YET), "in_progress", "running pending pending"),
    "second at work": ("running", (done(), AT_WORK, NOT_YET), "in_progress", "completed running pending"),
    "failed, run not ended yet": (
        "running", (done(), refused(), NOT_YET), "in_progress", "completed failed pending"),
    "all done": ("success", (done(), done(), done()), "completed", "completed completed completed"),
    "skipped one": ("success", (done(), SKIPPED, done()), "completed", "completed skipped completed"),
    "tolerated failure": ("success", (done(), done(), TOLERATED), "completed", "completed completed failed"),
    "marked as success": (
        "success", (done(), a_task("success"), done()), "completed", "completed completed completed"),
    "run marked as success": ("success", (done(), NOT_YET, NOT_YET), "completed", "completed skipped skipped"),
    "first failed": ("failed", (refused(), UPSTREAM_FAILED, UPSTREAM_FAILED), "failed", "failed skipped skipped"),
    "first may have acted": (
        "failed", (MAYBE, UPSTREAM_FAILED, UPSTREAM_FAILED), "rolling_back", "failed skipped skipped"),
    "first unknown": (
        "failed", (UNKNOWN, UPSTREAM_FAILED, UPSTREAM_FAILED), "rolling_back", "outcome_unknown skipped skipped"),
    "second failed, rollback not started yet": (
        "failed", (done(), refused(), UPSTREAM_FAILED), "rolling_back", "completed failed skipped"),
    "stopped by hand": ("failed", (done(), STOPPED, SKIPPED), "rolling_back", "completed failed skipped"),
    "ran out of time": (
        "failed", (done(), OUT_OF_TIME, NEVER_BEGUN), "rolling_back", "completed failed skipped"),
    "ran out of time, and was stopped": (
        "failed", (done(), a_task("skipped", a_report("failed", effect_possible=True)), NEVER_BEGUN), "rolling_back",
        "completed failed skipped"),
    "marked failed while queued": ("failed", (NOT_YET, NOT_YET, NOT_YET), "failed", "skipped skipped skipped"),
    "removed from the DAG": ("failed", (a_task("removed"), refused(), NOT_YET), "failed", "skipped failed skipped"),
}  # fmt: skip


@pytest.mark.parametrize(("state", "tasks", "status", "actions"), RUNS.values(), ids=RUNS.keys())
def test_a_run_gives_the_status(state, tasks, status, actions):
    """Each row: the run's state and its tasks; the request's status and its actions'."""
    present = {name: task for name, task in zip(("a", "b", "chat"), tasks, strict=True) if task is not None}

    view = derive(way(), a_run(state, **present), None)

    assert (status, actions) == (view.status, " ".join(action.status for action in view.actions))
    assert view.ended is (status in {"completed", "failed"})
    assert (state == "failed") is (view.error is not None)


FAILED = {"a": done(), "b": refused(), "chat": UPSTREAM_FAILED}
ROLLBACKS = {
    "queued": (a_rollback("queued", undo_1=NOT_YET, undo_2=NOT_YET), "rolling_back", "completed failed"),
    "at work": (a_rollback("running", undo_1=AT_WORK, undo_2=NOT_YET), "rolling_back", "completed failed"),
    "half done": (a_rollback("running", undo_1=UNDONE, undo_2=AT_WORK), "rolling_back", "completed rolled_back"),
    "done": (a_rollback("success", undo_1=UNDONE, undo_2=UNDONE), "rolled_back", "rolled_back rolled_back"),
    "unused places are skipped": (
        a_rollback("success", undo_1=UNDONE, undo_2=UNDONE, undo_3=a_task("skipped")),
        "rolled_back",
        "rolled_back rolled_back",
    ),
    "one is left, and the run a success by its last task": (
        a_rollback("success", undo_1=LEFT, undo_2=UNDONE),
        "rollback_failed",
        "rolled_back rollback_failed",
    ),
    "all left": (a_rollback("failed", undo_1=LEFT, undo_2=LEFT), "rollback_failed", "rollback_failed rollback_failed"),
    "stopped by hand": (
        a_rollback("failed", undo_1=UNDONE, undo_2=a_task("failed")),
        "rollback_failed",
        "rollback_failed rolled_back",
    ),
    "its run is gone": (a_rollback(None), "rollback_failed", "completed failed"),
}


@pytest.mark.parametrize(("rollback", "status", "actions"), ROLLBACKS.values(), ids=ROLLBACKS.keys())
def test_a_rollback_gives_the_status(rollback, status, actions):
    """Each row: what became of the rollback; the request's status, and that of `a` and `b`."""
    view = derive(way(), a_run("failed", **FAILED), rollback)

    assert (status, actions) == (view.status, " ".join(action.status for action in view.actions[:2]))


@pytest.mark.parametrize(
    "undo",
    [
        a_task("deferred", progress=ProgressView(url="https://x.example/undo")),
        a_task("success", a_report(url="https://x.example/undo")),
    ],
    ids=["at work", "done"],
)
def test_an_undo_leads_to_what_it_made_outside(undo):
    """Beside what the action itself made; an action that is not undone, or without such a thing, has none."""
    view = derive(way(), a_run("failed", **FAILED), a_rollback("running", undo_1=undo, undo_2=NOT_YET))

    urls = {action.name: action.undo_url for action in view.actions}
    assert {"a": None, "b": "https://x.example/undo"} == {name: urls[name] for name in ("a", "b")}


@pytest.mark.parametrize(("policy", "status"), [("hold", "failed"), ("escalate", "in_progress")])
def test_a_failure_rests_where_the_item_says_so(policy, status):
    """`on_failure: rollback` is about to be undone, `escalate` is about to be done by people."""
    plan = way().model_copy(update={"on_failure": policy})

    assert status == derive(plan, a_run("failed", **FAILED), None).status


def test_the_error_names_the_actions_that_failed():
    """With what the action said; a tolerated failure is a warning instead."""
    tasks = {"a": done(), "b": refused(), "chat": TOLERATED}

    view = derive(way(), a_run("failed", **tasks), None)

    assert "action 'b' failed: the target said no" == view.error
    assert ("action 'chat' did not succeed: the target said no",) == view.warnings


def test_what_is_left_standing_is_named():
    """The requester must know what nobody undid."""
    view = derive(way(), a_run("failed", **FAILED), a_rollback("success", undo_1=LEFT, undo_2=UNDONE))

    assert "action 'b' failed: the target said no; not undone, so possibly left standing: b" == view.error


def test_a_run_that_was_stopped_by_hand_says_so():
    """No action has an error of its own then."""
    view = derive(way(), a_run("failed", a=done(), b=STOPPED), None)

    assert "the run was marked failed in Airflow, or ran out of time" == view.error


@pytest.mark.parametrize(
    ("task", "status", "attempt"),
    [
        (NOT_YET, "pending", 0),
        (AT_WORK, "running", 1),
        (a_task("deferred", memory={"attempts": {"attempt": 3, "next_at": None}}), "running", 3),
        (a_task("deferred", memory={"attempts": {"attempt": 2, "next_at": "2026-01-31T10:01:00Z"}}), "retrying", 2),
        (a_task("success", a_report(attempts=4)), "completed", 4),
    ],
)
def test_attempts_are_counted_while_they_go_on(task, status, attempt):
    """The attempt loop's own memory tells, and the report once the action ended."""
    view = derive(way(), a_run("running", a=task), None).actions[0]

    assert (status, attempt) == (view.status, view.attempt)


LINK = "https://jira.example.com/browse/OPS-1"
DUE = {"attempts": {"attempt": 2, "next_at": "2026-01-31T10:01:00Z"}}


@pytest.mark.parametrize(
    ("task", "status", "url"),
    [
        (a_task("deferred", progress=ProgressView(url=LINK)), "waiting", LINK),
        (a_task("running", progress=ProgressView(url=None)), "waiting", None),
        (a_task("deferred", progress=ProgressView(url=LINK), memory=DUE), "retrying", LINK),
        (a_task("success", a_report(), progress=ProgressView(url=LINK)), "completed", LINK),
        (a_task("success", a_report(url="https://x/2"), progress=ProgressView(url=LINK)), "completed", "https://x/2"),
        (a_task("failed", a_report("failed", url=LINK)), "failed", LINK),
        (a_task("failed", progress=ProgressView(url=LINK)), "failed", LINK),
        (a_task("queued", started_at=None), "pending", None),
    ],
)
def test_what_an_action_waits_for_is_shown_and_stays_to_be_looked_at(task, status, url):
    """Only while it runs is it waiting; the link is there afterwards too, also of one that was stopped."""
    view = derive(way(), a_run("running", a=task), None).actions[0]

    assert (status, url) == (view.status, view.url)


@pytest.mark.parametrize(("retry", "expected"), [(None, 4), ({"attempts": 0}, 1), ({"attempts": 9}, 10)])
def test_the_most_attempts_are_the_first_and_the_retries(retry, expected):
    """Three retries where the item says nothing."""
    more = {} if retry is None else {"retry": retry}
    plan = item_plan("queue", action("a", **more)).fulfillment("automatic")

    assert expected == derive(plan, a_run("queued"), None).actions[0].max_attempts


def test_times_are_those_of_the_action():
    """Airflow's own are of the task, and stay old after a clear."""
    view = derive(way(), a_run("running", a=a_task("success", a_report(ended=5), ended_at=at(59))), None)

    assert (at(1), at(5)) == (view.actions[0].started_at, view.actions[0].ended_at)


def test_a_ticket_is_known_by_its_key_while_it_is_waited_for():
    """As far as its type shows what it made; what else the action stored is not told."""
    order = ActionPlan(name="a", type="jira-ticket", config={}, on_error="fail", depends_on=())
    stored = {"action": {"ticket": {"id": "10001", "key": "P-1"}, "waiting_since": "2026-01-31T10:01:00Z"}}
    waiting = a_task("deferred", progress=ProgressView(url=LINK), memory=stored)

    view = derive(FulfillmentPlan(actions=(order,)), a_run("running", a=waiting), None).actions[0]

    assert ("waiting", {"id": "10001", "key": "P-1"}) == (view.status, view.outputs)
