"""How the actions of a request run: beside one another, waiting, skipped, stopped, in time, and on a worker."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest

from tests.live.airflow_api import AirflowApi
from tests.live.items import SCRIPTED, Part, call, item, scripted_call, undo
from tests.live.portal import Portal
from tests.live.scripted_target import Call, Reply, ScriptedTarget
from tests.live.waiting import wait_for

LINK = "Open what it made"
DONE = Reply(body='{"state": "done"}')
AT_WORK = Reply(body='{"state": "running"}')


def job(name: str, path: str, **more: Any) -> Part:
    """A job at the scripted target, followed until it is done."""
    return {"name": name, "type": "live-job", "config": {"url": f"{SCRIPTED}{path}/{{{{fields.name}}}}"}, **more}


def process(name: str, path: str, **more: Any) -> Part:
    """A process on a worker, which tells the scripted target of itself."""
    return {"name": name, "type": "live-process", "config": {"url": f"{SCRIPTED}{path}/{{{{fields.name}}}}"}, **more}


def automatic(part: Part, **more: Any) -> Part:
    """An item whose automatic way has these too."""
    part["fulfillment"]["automatic"] |= more
    return part


def deleted(path: str, value: str) -> Part:
    """An undo that tells the scripted target a value."""
    return undo(call("undo", "DELETE", f"{SCRIPTED}{path}/{{{{fields.name}}}}", body={"value": value}))


ITEMS = (
    item("exec-waiting", job("follow", "/jobs"), scripted_call("after", "/jobs-after")),
    item("exec-stopped", job("follow", "/stops", rollback=deleted("/stops-undo", "{{response.follow.job}}"))),
    item("exec-marked", job("follow", "/success")),
    automatic(
        item("exec-late", job("follow", "/late", rollback={"type": "live-job", "config": {"url": f"{SCRIPTED}/late"}})),
        timeout=3,
    ),
    item(
        "exec-branches",
        scripted_call("first", "/br-first"),
        scripted_call("fails", "/br-fails", depends_on=["first"], retry={"attempts": 0}),
        job("beside", "/br-beside", depends_on=["first"]),
        scripted_call("joined", "/br-joined", depends_on=["fails", "beside"]),
        scripted_call("own", "/br-own", depends_on=["beside"]),
    ),
    item(
        "exec-skipped",
        scripted_call("large", "/sk-large", when={"field": "size", "operator": "gt", "value": 10}),
        call(
            "tell",
            "POST",
            f"{SCRIPTED}/sk-tell/{{{{fields.name}}}}",
            body={"code": "{{response.large.status_code}}", "text": "code: {{response.large.status_code}}"},
        ),
        fields=({"id": "size", "type": "integer", "default": 1},),
    ),
    item(
        "exec-doubtful",
        scripted_call(
            "post", "/doubt", timeout=0.5, rollback=undo(scripted_call("undo", "/doubt-undo", "DELETE"))
        ),
    ),
    item("exec-worker", process("work", "/w-ok"), scripted_call("after", "/w-after")),
    item("exec-worker-dies", process("work", "/w-dies")),
    item("exec-worker-stopped", process("work", "/w-stops", rollback={
        "type": "live-process", "config": {"url": f"{SCRIPTED}/w-stops-undo/{{{{fields.name}}}}"}
    })),
    item(
        "exec-worker-undo",
        process("work", "/wu", rollback={
            "type": "live-process", "config": {"url": f"{SCRIPTED}/wu/{{{{response.work.workspace}}}}"}
        }),
        scripted_call("fails", "/wu-fails", retry={"attempts": 0}),
    ),
)  # fmt: skip


def arrived(scripted: ScriptedTarget, path: str) -> Call:
    """The first call of a path, waited for."""
    return wait_for(lambda: scripted.calls(path), f"a call of {path} has arrived")[0]


def test_what_waits_says_so_and_leads_there(developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget):
    """In the API, its messages and Airflow's UI, while it waits and when it is over."""
    scripted.script("/jobs/wait/state", AT_WORK)
    request_id = developer.submit("exec-waiting", "wait")
    where = "https://jobs.example.com/wait"

    waiting = wait_for(
        lambda: (found := developer.action(request_id, "follow"))["status"] == "waiting" and found, "it waits"
    )
    assert (where, None) == (waiting["url"], waiting["ended_at"])
    assert {LINK: where} == airflow.links("default.exec-waiting", request_id, "follow")
    assert "follow" == developer.get(f"/requests/{request_id}/status")["current_action"]
    assert [] == scripted.calls("/jobs-after/wait")

    scripted.script("/jobs/wait/state", DONE)
    messages = developer.watch(request_id, query="?since=0").messages
    told = [message["action"] for message in messages if message["type"] == "action"]
    follow = [(action["status"], action["url"]) for action in told if action["name"] == "follow"]
    assert [("waiting", where), ("completed", where)] == follow[-2:]
    assert {LINK: where} == airflow.links("default.exec-waiting", request_id, "follow")


@pytest.mark.parametrize("marked", ["run", "task"])
def test_what_a_person_stops_is_stopped_outside_and_undone(
    developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget, marked: str
):
    """By marking the run or the task failed; the undo comes after, and finds what the action had made."""
    scripted.script(f"/stops/{marked}/state", AT_WORK)
    request_id = developer.submit("exec-stopped", marked)
    wait_for(lambda: developer.action(request_id, "follow")["status"] == "waiting", "it waits")

    if marked == "run":
        airflow.mark_failed("default.exec-stopped", request_id)
    else:
        airflow.mark_task("default.exec-stopped", request_id, "follow", "failed")
    arrived(scripted, f"/stops/{marked}/cancel")
    if marked == "run":
        airflow.run("reconcile")
    request = developer.ended(request_id)

    assert "rolled_back" == request["status"]
    assert "it was marked failed in Airflow" in request["error"]
    assert (f"https://jobs.example.com/{marked}", "rolled_back") == (
        request["actions"][0]["url"],
        request["actions"][0]["status"],
    )
    (undone,) = scripted.calls(f"/stops-undo/{marked}")
    assert {"value": f"{scripted.url}/stops/{marked}"} == undone.json
    assert 1 == len(scripted.calls(f"/stops/{marked}/cancel"))


def test_what_a_person_marks_as_done_is_left_alone(developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget):
    """The request completes, and nothing outside is stopped."""
    scripted.script("/success/done/state", AT_WORK)
    request_id = developer.submit("exec-marked", "done")
    wait_for(lambda: developer.action(request_id, "follow")["status"] == "waiting", "it waits")

    airflow.mark_task("default.exec-marked", request_id, "follow", "success")

    assert "completed" == developer.ended(request_id)["status"]
    # Its trigger has ended by the time that the one of another request was made and has begun.
    developer.ended(developer.submit("exec-skipped", "meanwhile"))
    assert [] == scripted.calls("/success/done/cancel")


def test_what_a_person_clears_is_stopped_and_begins_anew(
    developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget
):
    """As a new effect: under another idempotency key."""
    scripted.script("/success/anew/state", AT_WORK)
    request_id = developer.submit("exec-marked", "anew")
    wait_for(lambda: developer.action(request_id, "follow")["status"] == "waiting", "it waits")

    airflow.clear_task("default.exec-marked", request_id, "follow")
    arrived(scripted, "/success/anew/cancel")
    wait_for(lambda: len(scripted.calls("/success/anew")) == 2, "another job has begun")
    scripted.script("/success/anew/state", DONE)

    assert "completed" == developer.ended(request_id)["status"]
    first, second = scripted.calls("/success/anew")
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    (cancelled,) = scripted.calls("/success/anew/cancel")
    assert first.headers["idempotency-key"] == cancelled.headers["idempotency-key"]


def test_a_way_that_takes_too_long_is_stopped_and_undone(developer: Portal, scripted: ScriptedTarget):
    """Its `timeout` counts from the first action's start."""
    scripted.script("/late/too/state", AT_WORK)
    request_id = developer.submit("exec-late", "too")

    arrived(scripted, "/late/too/cancel")
    request = developer.ended(request_id)

    assert ("rolled_back", "rolled_back") == (request["status"], request["actions"][0]["status"])
    assert {"undone": {"job": f"{scripted.url}/late/too"}} == scripted.calls("/late/undo")[0].json


def test_what_runs_beside_a_failure_ends_first(developer: Portal, scripted: ScriptedTarget):
    """What depends on the failed action is skipped; another branch runs to its end."""
    scripted.script("/br-fails/branch", Reply(status=400))
    scripted.script("/br-beside/branch/state", AT_WORK)
    request_id = developer.submit("exec-branches", "branch")
    wait_for(lambda: developer.action(request_id, "fails")["status"] == "failed", "one branch has failed")
    wait_for(lambda: developer.action(request_id, "beside")["status"] == "waiting", "the other waits")
    assert "in_progress" == developer.request(request_id)["status"]

    scripted.script("/br-beside/branch/state", DONE)
    request = developer.ended(request_id)

    assert "failed" == request["status"]
    assert {
        "first": "completed",
        "fails": "failed",
        "beside": "completed",
        "joined": "skipped",
        "own": "completed",
    } == {action["name"]: action["status"] for action in request["actions"]}
    assert ([], 1) == (scripted.calls("/br-joined/branch"), len(scripted.calls("/br-own/branch")))


@pytest.mark.parametrize(
    ("size", "status", "body"),
    [(5, "skipped", {"code": None, "text": "code: "}), (50, "completed", {"code": 200, "text": "code: 200"})],
)
def test_outputs_of_a_skipped_action_are_empty(
    developer: Portal, scripted: ScriptedTarget, size: int, status: str, body: Any
):
    """As a value of its own, and within a text; what comes after runs all the same."""
    request = developer.ended(developer.submit("exec-skipped", f"size-{size}", {"size": size}))

    assert "completed" == request["status"]
    assert [status, "completed"] == [action["status"] for action in request["actions"]]
    assert body == scripted.calls(f"/sk-tell/size-{size}")[0].json


def test_a_failed_action_that_may_have_had_its_effect_is_undone(developer: Portal, scripted: ScriptedTarget):
    """A POST whose answer did not come in time is not repeated, and is the first to be undone."""
    held = scripted.hold("/doubt/maybe", every_call=True)
    request = developer.ended(developer.submit("exec-doubtful", "maybe"))
    held.set()

    assert "rolled_back" == request["status"]
    assert (1, 1) == (len(scripted.calls("/doubt/maybe")), len(scripted.calls("/doubt-undo/maybe")))


def test_a_process_runs_on_a_worker(developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget):
    """Between actions in the triggerer; its progress is in its task's log."""
    request_id = developer.submit("exec-worker", "ok")
    request = developer.ended(request_id)

    assert "completed" == request["status"], request
    assert {"workspace": request_id} == request["outputs"]["work"]
    assert "process_at_work" in airflow.log("default.exec-worker", request_id, "work")
    assert (1, 1) == (len(scripted.calls("/w-ok/ok/begin")), len(scripted.calls("/w-after/ok")))


def test_a_worker_that_dies_costs_nothing_but_time(developer: Portal, scripted: ScriptedTarget):
    """The next try goes on: what was begun is not begun again, and targets see the same key."""
    held = scripted.hold("/w-dies/dead/work")
    request_id = developer.submit("exec-worker-dies", "dead")
    first = arrived(scripted, "/w-dies/dead/work")

    psutil.Process(first.json["pid"]).kill()
    request = developer.ended(request_id)
    held.set()

    assert "completed" == request["status"], request
    first, second = scripted.calls("/w-dies/dead/work")
    assert first.json["pid"] != second.json["pid"]
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert 1 == len(scripted.calls("/w-dies/dead/begin"))


def test_what_a_person_stops_on_a_worker_is_stopped_outside_and_undone(
    developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget
):
    """As in the triggerer, in the few seconds that Airflow leaves it."""
    held = scripted.hold("/w-stops/stop/work", every_call=True)
    request_id = developer.submit("exec-worker-stopped", "stop")
    first = arrived(scripted, "/w-stops/stop/work")

    airflow.mark_failed("default.exec-worker-stopped", request_id)
    cancelled = arrived(scripted, "/w-stops/stop/cancel")
    airflow.run("reconcile")
    request = developer.ended(request_id)
    held.set()

    assert {"state": {"workspace": request_id}} == cancelled.json
    wait_for(lambda: not psutil.pid_exists(first.json["pid"]), "the process on the worker has ended")
    assert ("rolled_back", {"work": {"workspace": request_id}}) == (request["status"], request["outputs"])
    assert 1 == len(scripted.calls("/w-stops-undo/stop/undo"))


def test_an_undo_that_needs_a_worker_runs_on_one(developer: Portal, scripted: ScriptedTarget):
    """Its place in the rollback was handed over; it sees what the action that it undoes had stored."""
    scripted.script("/wu-fails/undo", Reply(status=400))
    request_id = developer.submit("exec-worker-undo", "undo")
    request = developer.ended(request_id)

    assert "rolled_back" == request["status"], request
    (undone,) = scripted.calls(f"/wu/{request_id}/undo")
    assert {"workspace": request_id} == json.loads(undone.body)["undone"]
