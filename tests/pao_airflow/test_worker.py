"""An action on a worker: its end, what it keeps where the worker dies, and its end before time."""

from __future__ import annotations

import asyncio
import json
import threading
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.triggers.base import TaskFailedEvent, TaskSuccessEvent, TriggerEvent
from pao_actions.exceptions import PermanentError
from pao_airflow.handing_over import FAILED, UNDO
from pao_airflow.operators import NEVER_ON_A_WORKER, UNDO_FAILED, UndoOperator, WorkerActionOperator
from pao_airflow.trigger import UndoTrigger
from pydantic import BaseModel

from catalog_compiler.actions import ActionResult, ActionType
from catalog_compiler.plan import UndoPlan
from catalog_compiler.run_format import REPORT_KEY, STATE_KEY, RollbackInfo, UndoStep, decode
from tests.installed_types import installed
from tests.items import action, item_plan
from tests.pao_actions.conftest import Answer
from tests.pao_airflow.conftest import KEY, REQUEST_ID, a_conf, a_step

WHEN = {"field": "large", "operator": "eq", "value": True}


class Process(ActionType):
    """Does on a worker what the test says."""

    name = "process"
    summary = "Runs a process."
    host = "worker"
    seen: list[tuple[str, dict]] = []  # noqa: RUF012 - of these tests alone
    stopped: list[dict] = []  # noqa: RUF012 - as above
    what = None
    begun = threading.Event()

    class Config(BaseModel):
        """Nothing to say."""

    @classmethod
    def repeatable(cls, _config):
        return True

    @classmethod
    def made(cls, state):
        return ActionResult(outputs=state) if state else None

    async def run(self, _config, context):
        state = await context.state.load()
        self.seen.append((context.idempotency_key, state))
        return await Process.what(context)

    async def cancel(self, _config, context):
        self.stopped.append(await context.state.load())


class Store:
    """Airflow's store for the states of tasks; it outlives workers."""

    def __init__(self):
        self.values = {}

    def get(self, key):
        return self.values.get(key)

    def set(self, key, value):
        self.values[key] = json.loads(json.dumps(value))


@pytest.fixture(autouse=True)
def _process(supervisor, monkeypatch):
    monkeypatch.setenv("AIRFLOW__PAO__FERNET_KEY", KEY)
    Process.seen.clear()
    Process.stopped.clear()
    Process.begun.clear()
    with installed(Process):
        yield


def does(what):
    """What the action does."""
    Process.what = what


async def succeed(_context):
    return ActionResult(outputs={"id": 7})


async def refuse(_context):
    raise PermanentError("the process ended with status 1")


async def hang(context):
    await context.state.save({"workspace": "w-1"})
    Process.begun.set()
    await asyncio.Event().wait()


class Death(BaseException):
    """The worker is gone."""


async def die(context):
    await context.state.save({"workspace": "w-1"})
    raise Death


def a_context(conf, store, *, tried=1, max_tries=3, task_id="create", dag_id="default.queue", run_id=REQUEST_ID):
    """What Airflow hands to an operator."""
    instance = SimpleNamespace(dag_id=dag_id, run_id=run_id, task_id=task_id, try_number=tried, max_tries=max_tries)
    return {"ti": instance, "dag_run": SimpleNamespace(conf=conf), "task_state_store": store}


def execute(*, store=None, large=False, **more):
    """Run the action as a worker does; `tried` and `max_tries` are Airflow's counts."""
    tries = {name: more.pop(name) for name in ("tried", "max_tries") if name in more}
    step = a_step({}, type="process", **more)
    operator = WorkerActionOperator(task_id="create", step=step)
    operator.execute(a_context(a_conf(step, large=large), store or Store(), **tries))


def report(supervisor, *, dag_id="default.queue", run_id=REQUEST_ID, task_id="create"):
    return decode(supervisor.xcoms[dag_id, run_id, task_id, REPORT_KEY])


def test_a_success_leaves_its_report(supervisor):
    """Under the same key and in the same form as one in the triggerer."""
    does(succeed)

    execute()

    assert ("completed", {"id": 7}, 1) == tuple(report(supervisor)[key] for key in ("outcome", "outputs", "try_number"))


@pytest.mark.parametrize(
    ("what", "more", "error", "outcome"),
    [
        (refuse, {}, AirflowFailException, "failed"),
        (refuse, {"on_error": "continue"}, None, "failed"),
        (succeed, {"when": WHEN}, AirflowSkipException, "skipped"),
    ],
)
def test_each_outcome_ends_the_task_finally(supervisor, what, more, error, outcome):
    """Airflow's own retries are for workers that died: an action's failure is not tried again by it."""
    does(what)

    if error is None:
        execute(**more)
    else:
        with pytest.raises(error):
            execute(**more)

    assert outcome == report(supervisor)["outcome"]


def test_a_run_that_the_api_did_not_make_is_refused(supervisor):
    """On a worker as well."""
    step = a_step({}, type="process")
    with pytest.raises(AirflowFailException, match="was not made by PAO's API"):
        WorkerActionOperator(task_id="create", step=step).execute(a_context({"signature": "x"}, Store()))


def test_a_fault_of_our_own_is_told(supervisor, monkeypatch):
    """And not tried again either."""

    async def fault(_step, _task):
        raise RuntimeError("password=hunter22")

    monkeypatch.setattr("pao_airflow.worker.run_step", fault)

    with pytest.raises(AirflowFailException, match=r"an internal error \(RuntimeError\) stopped the action"):
        execute()

    assert "hunter22" not in str(report(supervisor))


def test_after_a_workers_death_the_next_try_goes_on(supervisor):
    """With the state that it stored, and the same key; Airflow has cleared the task's XComs meanwhile."""
    store = Store()
    does(die)
    with pytest.raises(Death):
        execute(store=store)
    supervisor.xcoms.clear()
    does(succeed)
    execute(store=store, tried=2)

    (first_key, empty), (second_key, state) = Process.seen
    assert (first_key, {}, {"workspace": "w-1"}) == (second_key, empty, state)
    shown = decode(supervisor.xcoms["default.queue", REQUEST_ID, "create", STATE_KEY])
    assert (2, {"workspace": "w-1"}) == (shown["try_number"], shown["state"]["action"])


def test_a_persons_clear_starts_anew(supervisor):
    """Nothing of the tries before is seen, and targets get another key. A clear raises Airflow's `max_tries`."""
    store = Store()
    does(die)
    with pytest.raises(Death):
        execute(store=store)
    does(succeed)
    execute(store=store, tried=2, max_tries=4)

    (first_key, _), (second_key, state) = Process.seen
    assert first_key != second_key
    assert {} == state


def ended_early(supervisor, state, store=None):
    """Kill the task while its action runs, when Airflow has it in that state already."""
    does(hang)
    supervisor.states["default.queue", REQUEST_ID, "create"] = state
    step = a_step({}, type="process")
    operator = WorkerActionOperator(task_id="create", step=step)

    def kill():
        Process.begun.wait(60)
        operator.on_kill()

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(AirflowException, match="unless a person did so, the next try goes on") as raised:
        operator.execute(a_context(a_conf(step), store or Store()))
    thread.join()
    # The one that Airflow tries again after.
    assert not isinstance(raised.value, AirflowFailException)


def test_one_that_a_person_ends_is_stopped_outside(supervisor):
    """And leaves what it made, for its undo."""
    ended_early(supervisor, "failed")

    assert [{"workspace": "w-1"}] == Process.stopped
    left = report(supervisor)
    assert ("failed", {"workspace": "w-1"}, True) == (
        left["outcome"],
        left["outputs"],
        left["error"]["effect_possible"],
    )


def test_one_whose_worker_shuts_down_goes_on_elsewhere(supervisor):
    """Nothing is stopped outside, and nothing is reported."""
    store = Store()
    ended_early(supervisor, "running", store)

    assert [] == Process.stopped
    assert ("default.queue", REQUEST_ID, "create", REPORT_KEY) not in supervisor.xcoms
    assert {"workspace": "w-1"} == store.values[f"{STATE_KEY}/create"]["state"]["action"]


def test_one_that_is_cleared_while_it_runs_starts_anew(supervisor):
    """Airflow counts that as a try that follows by itself, so its state is taken away."""
    store = Store()
    ended_early(supervisor, "restarting", store)

    assert [{"workspace": "w-1"}] == Process.stopped
    assert {} == store.values[f"{STATE_KEY}/create"]["state"].get("action", {})


ROLLBACK = {"dag_id": "default.queue.rollback", "run_id": f"{REQUEST_ID}.rollback.0", "task_id": "undo-1"}


def host_of(kind):
    return "worker" if kind == "process" else "triggerer"


def rollback_conf(*types):
    steps = tuple(
        UndoStep(action=f"a{number}", mode="automatic", undo=UndoPlan(type=kind, config={}, host=host_of(kind)))
        for number, kind in enumerate(types)
    )
    info = RollbackInfo(clear_number=0, header={"id": "queue"}, field_types={}, steps=steps)
    return a_conf(a_step({}, type="process"), rollback=info)


def events(conf, *, last=False):
    """What a place's trigger yields, where the item has undos that run on workers."""
    trigger = UndoTrigger(position=1, last=last, workers=True)
    trigger.task_instance = SimpleNamespace(
        **ROLLBACK, try_number=1, get_template_context=lambda: {"dag_run": SimpleNamespace(conf=conf)}
    )

    async def collect():
        return [event async for event in trigger.run()]

    return asyncio.run(collect())


def test_a_place_of_a_rollback_is_handed_to_a_worker_where_its_undo_needs_one(supervisor):
    """Known at run time alone; the triggerer does nothing of it."""
    does(succeed)

    assert [TriggerEvent(UNDO)] == events(rollback_conf("process"))
    assert [] == Process.seen

    UndoOperator(task_id="undo-1", position=1, last=False, workers=True).execute(
        a_context(rollback_conf("process"), Store(), **ROLLBACK), event=UNDO
    )
    assert "completed" == report(supervisor, **ROLLBACK)["outcome"]


def test_the_last_place_is_handed_over_where_any_of_its_undos_needs_a_worker(supervisor):
    """It does them one after another."""
    assert [TriggerEvent(UNDO)] == events(rollback_conf("webhook", "process"), last=True)


def test_an_undo_that_fails_in_the_triggerer_fails_on_a_worker(supervisor):
    """From the triggerer Airflow would start it again, where retries are left for workers that die."""
    (event,) = events(rollback_conf("webhook"))
    operator = UndoOperator(task_id="undo-1", position=1, last=False, workers=True)

    assert TriggerEvent(FAILED) == event
    assert not isinstance(event, TaskFailedEvent)
    assert "failed" == report(supervisor, **ROLLBACK)["outcome"]
    with pytest.raises(AirflowFailException, match=UNDO_FAILED):
        operator.execute(a_context(rollback_conf("webhook"), Store(), **ROLLBACK), event=FAILED)


def test_an_undo_that_needs_no_worker_ends_where_it_is(supervisor):
    """With its success."""
    supervisor.states["default.queue", REQUEST_ID, "a0"] = "success"
    does(succeed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "host_of", lambda _kind: "triggerer")
        (event,) = events(rollback_conf("process"))

    assert isinstance(event, TaskSuccessEvent)


def test_a_task_of_a_trigger_that_airflow_failed_says_what_to_look_at():
    """It comes to a worker without an event."""
    with pytest.raises(AirflowFailException, match=NEVER_ON_A_WORKER):
        UndoOperator(task_id="undo-1", position=1, last=True).execute({})


@pytest.fixture
def api(supervisor, target):
    """PAO's API, by the connection for its own calls."""
    host, _, port = target.url.removeprefix("http://").partition(":")
    known = {"conn_type": "http", "host": host, "port": int(port), "schema": "http", "login": None, "password": "k"}
    supervisor.connections["pao_api"] = known
    return target


def test_the_revision_that_was_accepted_runs(supervisor, api):
    """Though the worker was given the DAG of another one: the order came while a push was being parsed."""
    accepted = item_plan("queue", action("create", type="process", config={}))
    other = a_step({}, type="process", when=WHEN)
    conf = a_conf(other.model_copy(update={"revision": accepted.revision}))
    api.answers = [Answer(200, accepted.model_dump_json().encode())]
    does(succeed)

    WorkerActionOperator(task_id="create", step=other).execute(a_context(conf, Store()))

    assert "completed" == report(supervisor)["outcome"]
    assert f"/api/v1/internal/catalogs/default/items/queue/revisions/{accepted.revision}" == api.only.path


def test_a_revision_that_can_not_be_looked_up_is_refused(supervisor, api):
    """Nothing of another one runs in its place."""
    step = a_step({}, type="process")
    conf = a_conf(step.model_copy(update={"revision": "1" * 64}))
    api.answers = [Answer(404, b"{}")]

    with pytest.raises(AirflowFailException, match="was accepted for revision 111111111111"):
        WorkerActionOperator(task_id="create", step=step).execute(a_context(conf, Store()))
    assert [] == Process.seen
