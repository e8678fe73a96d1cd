"""Rolling back: everything that was done, newest first; what could not be undone is tried again, and nothing else."""

from __future__ import annotations

from airflow.models.taskinstance import TaskInstance
from sqlalchemy import select

from tests.api_plugin.operations.conftest import BOTH, UNDONE
from tests.api_plugin.runs import a_report
from tests.items import compiled_item


def test_a_completed_request_is_undone(desk):
    """What it made, newest first; an action without a rollback has nothing to undo."""
    request = desk.order()
    desk.complete(request)

    body = desk.do("rollback", request).json()

    assert ("rolling_back", ["b", "a"]) == (body["rollback"]["status"], body["rollback"]["actions"])
    assert {"undo-1": None, "undo-2": None, "undo-3": "skipped"} == desk.states(
        "default.held.rollback", desk.rollback(request).run_id
    )
    desk.undo(request, undo_1="success", undo_2="success")
    seen = desk.look(request)
    assert ("rolled_back", None) == (seen.status, seen.state["error"])
    assert ["dev"] == desk.audited(request, "rollback")


def test_what_could_not_be_undone_is_named_and_tried_again(desk):
    """In the same run; what was undone is left alone, and the request ends as rolled back."""
    request = desk.order()
    desk.complete(request)
    desk.do("rollback", request)
    desk.undo(request, undo_1="failed", undo_2="success")

    seen = desk.look(request)
    assert ("rollback_failed", "not undone, so possibly left standing: b") == (seen.status, seen.state["error"])

    body = desk.do("rollback", request).json()

    rollback = desk.rollback(request)
    assert "rolling_back" == body["status"]
    assert {"undo-1": None, "undo-2": "success", "undo-3": "skipped"} == desk.states(rollback.dag_id, rollback.run_id)
    where = {"dag_id": rollback.dag_id, "run_id": rollback.run_id}
    desk.world.task(request, "undo-1", "success", a_report(try_number=2), try_number=2, **where)
    desk.world.run(request, "success", **where)
    assert ("rolled_back", None) == (desk.look(request).status, desk.look(request).state["error"])
    assert ["in_progress", "completed", "rolling_back", "rollback_failed", "rolling_back", "rolled_back"] == (
        desk.world.statuses(request)[3:]
    )


def test_a_rollback_that_a_person_ended_left_things_standing(desk):
    """Marking its run as failed skips what it had not begun: that is not undone."""
    request = desk.order()
    desk.complete(request)
    desk.do("rollback", request)
    desk.undo(request, undo_1="failed", undo_2="skipped")

    assert "rollback_failed" == desk.look(request).status
    desk.do("rollback", request)
    assert {"undo-1": None, "undo-2": None, "undo-3": "skipped"} == desk.states(
        "default.held.rollback", desk.rollback(request).run_id
    )


def test_a_request_that_did_nothing_has_nothing_to_undo(desk):
    """It failed at its first action, without an effect."""
    request = desk.order()
    desk.world.task(request, "a", "failed", a_report("failed"))
    desk.world.run(request, "failed")

    answer = desk.do("rollback", request)

    assert (409, "nothing-to-undo") == (answer.status_code, answer.json()["code"])


def test_both_ways_of_an_escalated_request_are_undone(desk):
    """What people did first, since it came last."""
    request = desk.failed()
    desk.do("escalate", request)
    manual = {"dag_id": "default.held.manual", "run_id": str(request.id)}
    desk.world.task(request, "ticket", "success", a_report(outputs={"key": "P-1"}), **manual)
    desk.world.run(request, "success", **manual)
    assert "completed" == desk.look(request).status

    body = desk.do("rollback", request).json()

    assert ["ticket", "a"] == body["rollback"]["actions"]
    desk.undo(request, undo_1="success", undo_2="success")
    assert [("a", "rolled_back"), ("b", "failed"), ("c", "skipped"), ("ticket", "rolled_back")] == [
        (each["name"], each["status"]) for each in desk.look(request).state["actions"]
    ]


def test_what_was_undone_is_not_undone_again_in_a_later_try(desk):
    """An operator clears what failed in Airflow: it is refused, so the run fails anew, and its policy asks again."""
    desk.publish(compiled_item("queue", *UNDONE, **BOTH))
    desk.published.add("queue")
    request = desk.failed("queue")
    desk.settle(request)
    desk.undo(request, undo_1="success")
    assert "rolled_back" == desk.look(request).status
    desk.world.run(request, "running", clear_number=1)
    desk.fail(request, try_number=2, clear_number=1)

    desk.settle(request)

    assert {"undo-1": "success", "undo-2": "skipped", "undo-3": "skipped"} == desk.states(
        "default.queue.rollback", f"{request.id}.rollback.1"
    )


def test_no_action_of_a_request_that_is_undone_has_a_first_try_left(desk):
    """One is not asked whether it may act: an operator who clears what never began would let it."""
    request = desk.order()
    desk.world.task(request, "a", "success", a_report(outputs={"id": "a"}))
    desk.world.task(request, "b", "failed", a_report("failed"))
    desk.world.run(request, "failed")

    assert 202 == desk.do("rollback", request).status_code

    tries = select(TaskInstance.task_id, TaskInstance.try_number).where(TaskInstance.run_id == request.run_id)
    desk.world.session.rollback()
    assert {"a": 1, "b": 1, "c": 1} == {row.task_id: row.try_number for row in desk.world.session.execute(tries)}
