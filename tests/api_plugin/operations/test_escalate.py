"""Escalating: the manual fulfillment goes on under the request's id, by a person's wish or by its item's policy."""

from __future__ import annotations

import pytest
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import DBDagBag
from sqlalchemy import update

from api_plugin.configuration import settings
from api_plugin.settling import unsettled
from catalog_compiler.run_format import PROGRESS_KEY, revision_tag
from catalog_compiler.signing import verified
from tests.api_plugin.operations.conftest import BOTH, DEV
from tests.api_plugin.runs import a_report
from tests.items import action, compiled_item


def manual(request):
    return {"dag_id": f"default.{request.item_id}.manual", "run_id": str(request.id)}


def test_people_go_on_with_a_failed_request(desk):
    """By a run of the manual DAG that knows why; the request is in progress, with the actions of both ways."""
    request = desk.failed()

    body = desk.do("escalate", request).json()

    run = desk.run_of(**manual(request))
    conf = verified(run.conf, settings().fernet_key)
    assert ("manual", request.revision) == (conf.request.mode, conf.revision)
    assert "action 'b' failed: the target said no" == conf.escalation.error
    assert (str(request.id), "in_progress", None) == (body["id"], body["status"], body["error"])
    assert [("a", "automatic"), ("b", "automatic"), ("c", "automatic"), ("ticket", "manual")] == [
        (each["name"], each["mode"]) for each in body["actions"]
    ]
    assert [
        "the automatic fulfillment failed, and the manual one took over: action 'b' failed: the target said no"
    ] == (body["warnings"])


def test_the_ticket_is_shown_while_it_is_worked_on_and_decides_how_the_request_ends(desk):
    """Completed by its resolution."""
    request = desk.failed()
    desk.do("escalate", request)
    desk.world.run(request, "running", **manual(request))
    desk.world.task(request, "ticket", "deferred", **manual(request))
    desk.world.left(
        request, "ticket", PROGRESS_KEY, {"try_number": 1, "url": "https://jira/browse/P-1"}, **manual(request)
    )

    waiting = desk.look(request)
    assert ("in_progress", "waiting", "https://jira/browse/P-1") == (
        waiting.status,
        waiting.state["actions"][-1]["status"],
        waiting.state["actions"][-1]["url"],
    )

    desk.world.task(request, "ticket", "success", a_report(outputs={"key": "P-1"}), **manual(request))
    desk.world.run(request, "success", **manual(request))
    assert "completed" == desk.look(request).status
    assert ["in_progress", "failed", "in_progress", "completed"] == desk.world.statuses(request)[3:]


def refuse_ticket(desk, request):
    desk.world.task(request, "ticket", "failed", a_report("failed"), **manual(request))
    desk.world.run(request, "failed", **manual(request))


def test_a_manual_fulfillment_that_fails_is_undone_by_its_own_policy(desk):
    """With what the automatic one did."""
    request = desk.failed()
    desk.do("escalate", request)
    refuse_ticket(desk, request)

    settled = desk.settle(request)

    assert (True, "rolling_back") == (settled.rollback_started, settled.request.status)
    assert ["a"] == desk.rollback(request).actions


def test_a_retry_goes_on_with_the_way_that_failed_last(desk):
    """A ticket that was declined is asked for again; it can't be escalated once more."""
    request = desk.failed("plain")
    desk.do("escalate", request)
    refuse_ticket(desk, request)
    assert "failed" == desk.look(request).status
    assert (
        "the manual fulfillment failed: action 'ticket' failed: the target said no"
        == (desk.look(request).state["error"])
    )

    assert (409, "already-escalated") == code(desk.do("escalate", request))
    body = desk.do("retry", request).json()

    assert "in_progress" == body["status"]
    assert {"ticket": None} == desk.states(**manual(request))
    assert "failed" == desk.states("default.plain", request.run_id)["b"]


def test_an_item_may_escalate_by_itself(desk):
    """Once for each try; meanwhile the request rests at no other status. A new try asks people who are done anew."""
    request = desk.failed("asking")
    assert "in_progress" == desk.look(request).status

    assert [True, False] == [desk.settle(request).escalated for _ in range(2)]
    assert "in_progress" == desk.look(request).status
    assert ["pao"] == desk.audited(request, "escalate")

    desk.world.run(request, "failed", **manual(request))
    desk.world.run(request, "running", clear_number=1)
    assert "in_progress" == desk.look(request).status
    assert ["a", "b", "c"] == [each["name"] for each in desk.look(request).state["actions"]]
    desk.world.run(request, "failed", clear_number=1)
    assert desk.settle(request).escalated
    assert 1 == desk.run_of(**manual(request)).clear_number


def test_a_ticket_that_is_open_is_the_only_one(desk):
    """However often an operator clears the automatic way meanwhile: people who are at it are not asked once more."""
    request = desk.failed("asking")
    desk.settle(request)
    desk.world.run(request, "running", **manual(request))
    desk.world.task(request, "ticket", "deferred", **manual(request))

    desk.world.run(request, "failed", clear_number=1)
    assert desk.settle(request).escalated

    assert ({"ticket": "deferred"}, 0) == (desk.states(**manual(request)), desk.run_of(**manual(request)).clear_number)
    assert ("in_progress", "ticket") == (
        desk.look(request).status,
        desk.look(request).state["actions"][-1]["name"],
    )
    desk.world.task(request, "ticket", "success", a_report(outputs={"key": "P-1"}), **manual(request))
    desk.world.run(request, "success", **manual(request))
    assert "completed" == desk.look(request).status


def test_an_item_that_changed_meanwhile_fails_and_says_why(desk):
    """Its manual fulfillment is another one by now."""
    request = desk.failed("asking")
    desk.publish(compiled_item("asking", action("other"), header={"version": "10.0.0"}, **BOTH))

    settled = desk.settle(request)

    assert (False, "failed") == (settled.escalated, settled.request.status)
    assert "the manual fulfillment can't go on" in settled.request.state["error"]
    assert (409, "other-revision") == code(desk.do("escalate", request))


def test_an_item_that_changed_is_escalated_as_it_was_where_airflow_keeps_that(desk):
    """It keeps a version of a DAG that had a run. The request stays at its own revision; new ones are of the new."""
    request = desk.failed("plain")
    desk.world.order("plain", DEV, mode="manual")
    desk.world.session.execute(update(DagVersion).values(bundle_version="c0ffee"))
    desk.world.session.commit()
    desk.publish(compiled_item("plain", action("other"), header={"version": "10.0.0"}, **BOTH))

    assert 202 == desk.do("escalate", request).status_code

    run = desk.run_of(**manual(request))
    dag = DBDagBag().get_dag_for_run(run, desk.world.session)
    assert ("c0ffee", True) == (run.bundle_version, revision_tag(request.revision) in dag.tags)
    assert {run.created_dag_version_id} == {task.dag_version_id for task in run.task_instances}
    assert request.revision == verified(run.conf, settings().fernet_key).revision
    assert request.revision != desk.world.order("plain", DEV).revision


@pytest.mark.parametrize("item_id", ["by-hand"])
def test_a_request_that_people_fulfill_already_is_not_escalated(desk, item_id):
    """There is no other way."""
    request = desk.order(item_id)
    desk.world.task(request, "ticket", "failed", a_report("failed"))
    desk.world.run(request, "failed")

    assert (409, "already-manual") == code(desk.do("escalate", request))


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_a_request_does_not_wait_for_a_manual_way_that_its_item_has_no_more(desk):
    """Nobody would make the DAG again: it fails, and says why."""
    request = desk.failed("asking")
    desk.publish(compiled_item("asking", action("a"), fields=BOTH["fields"]))
    desk.world.stale("default.asking.manual")

    settled = desk.settle(request)

    assert ("failed", False) == (settled.request.status, settled.escalated)
    assert "the item has changed since" in settled.request.state["error"]


def test_what_people_have_in_hand_is_not_settled_again_and_again(desk):
    """Tickets may be open for weeks; once one is declined, what follows from that is due."""
    request = desk.failed("asking")
    assert [request.id] == unsettled(desk.world.session).failed
    desk.settle(request)
    assert [] == unsettled(desk.world.session).failed

    desk.world.run(request, "running", **manual(request))
    assert [] == unsettled(desk.world.session).failed
    refuse_ticket(desk, request)
    assert [request.id] == unsettled(desk.world.session).failed
    assert desk.settle(request).rollback_started is ("rollback" == on_failure(desk, request))


def on_failure(desk, request):
    return desk.world.view().items[request.item_id].plan.manual.on_failure
