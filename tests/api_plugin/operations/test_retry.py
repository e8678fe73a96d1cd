"""Retrying: a failed request goes on where it failed, any other is tried anew, and nobody does it twice."""

from __future__ import annotations

import threading
import uuid

import pytest
from airflow.models.log import Log
from airflow.utils.session import create_session
from sqlalchemy import func, select

from api_plugin.configuration import sealer
from api_plugin.exceptions import ApiProblem
from api_plugin.operations.acting import locked
from api_plugin.operations.escalate import escalate
from api_plugin.operations.retry import retry
from api_plugin.operations.rollback import roll_back
from api_plugin.state import ApiState
from api_plugin.store.requests import Request
from tests.api_plugin.operations.conftest import DEV, FIELDS, OPERATOR
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item


def requests(desk):
    desk.world.session.rollback()
    return desk.world.session.scalar(select(func.count()).select_from(Request))


def child(desk, answer):
    desk.world.session.rollback()
    return desk.world.session.get(Request, uuid.UUID(answer.json()["id"]), populate_existing=True)


def test_a_failed_request_goes_on_at_the_action_that_failed(desk):
    """What completed stays, with its outputs; what failed and what was not reached runs again in a new try."""
    request = desk.failed()

    body = desk.do("retry", request).json()

    assert {"a": "success", "b": None, "c": None} == desk.states("default.held", request.run_id)
    run = desk.run_of("default.held", request.run_id)
    assert ("queued", 1) == (str(run.state), run.clear_number)
    assert ["completed", "pending", "pending"] == [each["status"] for each in body["actions"]]
    assert (str(request.id), "queued", {"a": {"id": "a"}}) == (body["id"], body["status"], body["outputs"])
    assert ("queued", "dev") == (body["timeline"][-1]["status"], body["timeline"][-1]["by"])
    lines = select(Log.owner).where(Log.run_id == request.run_id, Log.event == "clear_dag_run")
    assert ["dev"] == desk.world.session.scalars(lines).all()


def test_what_a_mark_skipped_runs_too(desk):
    """Marking a run failed, and running out of time, skip what was not reached; what its condition skipped stays."""
    request = desk.order()
    desk.world.task(request, "a", "skipped", a_report("skipped"))
    desk.world.task(request, "b", "failed")
    desk.world.task(request, "c", "skipped")
    desk.world.run(request, "failed")

    desk.do("retry", request)

    assert {"a": "skipped", "b": None, "c": None} == desk.states("default.held", request.run_id)


def test_a_resumed_run_keeps_its_revision(desk):
    """The item may have changed meanwhile."""
    request = desk.failed()
    later = compiled_item("held", action("other"), header={"version": "2.0.0"})
    desk.publish(later)

    body = desk.do("retry", request).json()

    assert request.revision == body["revision"]
    assert {"a", "b", "c"} == desk.states("default.held", request.run_id).keys()


def test_a_run_of_an_item_that_is_gone_is_not_resumed(desk):
    """It would wait for ever."""
    request = desk.failed()
    desk.world.stale("default.held")

    assert (409, "item-is-gone") == code(desk.do("retry", request))


def test_a_run_whose_actions_all_completed_has_nothing_to_resume(desk):
    """A person marked it as failed."""
    request = desk.order()
    desk.complete(request)
    desk.world.run(request, "failed")

    assert (409, "nothing-to-resume") == code(desk.do("retry", request))


def test_a_request_that_was_rolled_back_is_tried_anew(desk):
    """With its values, secret ones carried over, and a link to it; and it stays its requester's, whoever does it."""
    request = desk.failed(fields={"name": "a", "secret": "s3cret-word"}, comment="please")
    desk.do("rollback", request)
    desk.undo(request, undo_1="success")

    answer = desk.do("retry", request, caller=OPERATOR)

    new = child(desk, answer)
    assert (202, str(request.id), "queued") == (
        answer.status_code,
        answer.json()["parent_id"],
        answer.json()["status"],
    )
    assert {"name": "a", "secret": "***"} == answer.json()["fields"]
    assert "s3cret-word" == sealer().open(new.fields["secret"])
    assert "s3cret-word" not in str(new.fields)
    assert (DEV.id, request.user, "please") == (new.user_id, new.user, new.comment)
    assert answer.headers["Location"].endswith(str(new.id))
    assert ["operator"] == desk.audited(request, "retry")
    assert "rolled_back" == desk.look(request).status


def test_corrected_values_make_a_new_request(desk):
    """Only what changes is sent; null takes a value away."""
    request = desk.failed(fields={"name": "a", "secret": "s3cret-word"})

    answer = desk.do("retry", request, {"fields": {"name": "b", "secret": None}})

    assert (202, {"name": "b"}) == (answer.status_code, answer.json()["fields"])
    assert "failed" == desk.look(request).status


def test_values_are_checked_again(desk):
    """By the form's rules; errors point to the field."""
    request = desk.failed()

    answer = desk.do("retry", request, {"fields": {"name": "too long", "nmae": "b"}})

    assert 422 == answer.status_code
    assert {("/fields/name", "too-long"), ("/fields/nmae", "unknown-field")} == {
        (error["pointer"], error["code"]) for error in answer.json()["errors"]
    }
    assert 1 == requests(desk)


def test_what_the_present_form_does_not_ask_for_is_left_out(desk):
    """The new request is of the revision that is served now."""
    request = desk.failed(fields={"name": "a", "secret": "s3cret-word"})
    later = compiled_item("held", action("a", rollback=UNDO), on_failure="hold")
    desk.publish(later)

    body = desk.do("retry", request, {"fields": {"name": "b"}}).json()

    assert (later.revision, {"name": "b"}) == (body["revision"], body["fields"])


def test_a_request_is_tried_anew_once(desk):
    """While that one is under way, or has completed; where it went wrong as well, once more."""
    request = desk.failed()
    first = child(desk, desk.do("retry", request, {"fields": {"name": "b"}}))

    refused = desk.do("retry", request, {"fields": {"name": "c"}})

    assert (409, "already-retried") == code(refused)
    assert str(first.id) == refused.json()["retried_by"]
    assert (409, "already-retried") == code(desk.do("retry", request))
    desk.fail(first)
    assert 202 == desk.do("retry", request, {"fields": {"name": "c"}}).status_code


@pytest.mark.parametrize("body", [{"fields": []}, {"field": {}}, {"fields": {}, "x": 1}])
def test_a_body_says_what_changes_and_nothing_else(desk, body):
    """And may be missing."""
    assert 422 == desk.do("retry", desk.failed(), body).status_code


OPERATIONS = {
    "retry": lambda session, state, request: retry(session, state, request, DEV, {}),
    "rollback": lambda session, state, request: roll_back(session, state.dags, request, DEV),
    "escalate": lambda session, state, request: escalate(session, state.dags, request, DEV),
}


@pytest.mark.parametrize(
    ("one", "other"), [("retry", "retry"), ("retry", "rollback"), ("rollback", "escalate"), ("escalate", "escalate")]
)
def test_of_two_at_the_same_time_one_wins(desk, one, other):
    """The second one waits for the first, and meets what that has done."""
    request = desk.failed()
    state = ApiState(catalogs=desk.world.cache, dags=desk.world.shelf)
    together = threading.Barrier(2)
    outcomes = []

    def operate(operation):
        with create_session(scoped=False) as session:
            together.wait()
            try:
                OPERATIONS[operation](session, state, locked(session, DEV, request.id))
                session.commit()
                outcomes.append("done")
            except ApiProblem as problem:
                session.rollback()
                outcomes.append(problem.code.partition("-")[0])

    threads = [threading.Thread(target=operate, args=(operation,)) for operation in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["done", "request"] == sorted(outcomes)


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_a_secret_of_a_field_that_is_secret_no_more_is_not_carried_over(desk):
    """It was given as a secret; in the new request everyone who sees that would read it."""
    request = desk.failed(fields={"name": "a", "secret": "s3cret-word"})
    told = [FIELDS[0], FIELDS[1] | {"type": "string"}]
    desk.publish(compiled_item("held", action("a"), fields=told))

    answer = desk.do("retry", request, {"fields": {"name": "b"}})

    assert (202, {"name": "b"}) == (answer.status_code, answer.json()["fields"])
    assert {"name": "b"} == child(desk, answer).fields
