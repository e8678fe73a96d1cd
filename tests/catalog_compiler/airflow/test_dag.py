"""What Airflow makes of a stub: DAGs whose tasks carry all that runs need, through every form they are kept in."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.models.trigger import Trigger
from airflow.sdk import TriggerRule
from airflow.serialization.serialized_objects import DagSerialization
from pao_airflow.step import Step
from pydantic import BaseModel

from catalog_compiler.actions import ActionType
from catalog_compiler.airflow.dag import build_dags
from catalog_compiler.airflow.stubs import write_stubs
from catalog_compiler.plan import ItemPlan
from catalog_compiler.run_format import revision_tag
from catalog_compiler.settings import PaoSettings
from tests.installed_types import installed
from tests.items import UNDO, action, item_plan

PLAN = item_plan(
    "queue",
    action("first", rollback=UNDO, description="Makes it."),
    action("left", rollback=UNDO, when={"field": "name", "operator": "eq", "value": "a"}),
    action("right", depends_on=["first"], config={"method": "GET", "url": "https://example.com/{{fields.name}}"}),
    action("last", depends_on=["left", "right"]),
    timeout=90,
)


@pytest.fixture
def dags(tmp_path):
    """The item's DAGs as Airflow's DAG processor finds them, by id."""
    write_stubs(tmp_path, "default", [PLAN], {})
    bag = DagBag(dag_folder=tmp_path)
    assert {} == bag.import_errors
    return bag.dags


def stored(dag):
    """The DAG as the scheduler and the triggerer read it: through the database's JSON."""
    return DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))


def started(task):
    """Class and arguments of the trigger that the triggerer makes for a task, out of the trigger's row."""
    arguments = task.start_trigger_args
    row = Trigger(classpath=arguments.trigger_cls, kwargs=arguments.trigger_kwargs)
    return row.classpath, row.kwargs


def test_an_item_becomes_a_dag_for_each_way_and_one_to_undo(dags):
    """Named after catalog and item."""
    assert {"default.queue", "default.queue.manual", "default.queue.rollback"} == dags.keys()
    assert ["first", "last", "left", "right"] == sorted(dags["default.queue"].task_ids)
    assert ["ticket"] == dags["default.queue.manual"].task_ids
    assert ["undo-1", "undo-2"] == sorted(dags["default.queue.rollback"].task_ids)


def test_actions_wait_for_what_they_depend_on(dags):
    """Parallel branches are parallel."""
    before = {task.task_id: task.upstream_task_ids for task in dags["default.queue"].tasks}

    assert {"first": set(), "left": {"first"}, "right": {"first"}, "last": {"left", "right"}} == before
    assert {"undo-1": set(), "undo-2": {"undo-1"}} == {
        task.task_id: task.upstream_task_ids for task in dags["default.queue.rollback"].tasks
    }


def test_a_skipped_action_counts_as_done_and_a_failed_undo_stops_nothing(dags):
    """The trigger rules say so."""
    assert {TriggerRule.NONE_FAILED} == {task.trigger_rule for task in dags["default.queue"].tasks}
    assert {TriggerRule.ALL_DONE} == {task.trigger_rule for task in dags["default.queue.rollback"].tasks}


def test_an_item_without_anything_to_undo_has_a_place_all_the_same(tmp_path):
    """A request of an earlier revision may have something."""
    write_stubs(tmp_path, "default", [item_plan("queue")], {})
    bag = DagBag(dag_folder=tmp_path)

    assert {"default.queue.manual", "default.queue.rollback"} == bag.dags.keys()
    assert ["undo-1"] == bag.dags["default.queue.rollback"].task_ids


def test_dags_are_run_by_requests_alone(dags):
    """No schedule, no pause, no limit of Airflow's sixteen; the time-out is the item's, for its automatic way."""
    for dag in dags.values():
        assert (None, False, 10_000) == (dag.schedule, dag.is_paused_upon_creation, dag.max_active_runs)
        assert dag.has_on_failure_callback
    assert [dt.timedelta(seconds=90), None, None] == [
        dags[name].dagrun_timeout for name in ("default.queue", "default.queue.manual", "default.queue.rollback")
    ]


def test_tasks_start_and_end_in_the_triggerer(dags):
    """No worker, no retry of Airflow's, and no template field: user values never meet Jinja."""
    for dag in dags.values():
        for task in stored(dag).tasks:
            assert task.start_from_trigger is True
            assert (0, (), None) == (task.retries, tuple(task.template_fields), task.start_trigger_args.timeout)


def test_the_stored_dag_holds_each_step(dags):
    """The triggerer reads nothing else: the step comes through the database as it was compiled."""
    tasks = stored(dags["default.queue"]).task_dict

    for plan in PLAN.fulfillment("automatic").actions:
        classpath, kwargs = started(tasks[plan.name])
        step = Step.model_validate_json(kwargs["step"])
        assert "pao_airflow.trigger.ActionTrigger" == classpath
        assert (plan, "queue", PLAN.revision, "automatic") == (step.action, step.item_id, step.revision, step.mode)
        assert ({"name": "string"}, PLAN.header) == (step.field_types, step.header)


def test_the_stored_dag_holds_each_place_of_a_rollback(dags):
    """The last one undoes what is left of a longer list."""
    tasks = stored(dags["default.queue.rollback"]).task_dict

    assert {
        "undo-1": ("pao_airflow.trigger.UndoTrigger", {"position": 1, "last": False}),
        "undo-2": ("pao_airflow.trigger.UndoTrigger", {"position": 2, "last": True}),
    } == {name: started(task) for name, task in tasks.items()}


class OnWorkers(ActionType):
    """Needs a process where its config says so."""

    name = "on-workers"
    summary = "Needs a process."

    class Config(BaseModel):
        """Where it runs."""

        local: bool = False

    @classmethod
    def runs_on(cls, config):
        return "worker" if config.get("local") else "triggerer"

    async def run(self, _config, _context):
        raise AssertionError


def test_what_needs_a_process_runs_on_a_worker():
    """By its config. Airflow starts it again where a worker dies, and places of a rollback where one may need it."""
    local = {"type": "on-workers", "config": {"local": True}}
    with installed(OnWorkers):
        plan = item_plan(
            "stack",
            action("here", type="on-workers", config={}, rollback=UNDO),
            action("there", **local, rollback=local),
        )
        dags = {dag.dag_id: dag for dag in build_dags(plan, "default", PaoSettings(fernet_key="key"))}
    tasks = stored(dags["default.stack"]).task_dict
    undo = stored(dags["default.stack.rollback"]).task_dict["undo-1"]

    assert ("ActionOperator", True, 0) == (
        tasks["here"].task_type, tasks["here"].start_from_trigger, tasks["here"].retries
    )  # fmt: skip
    assert ("WorkerActionOperator", False, 3) == (
        tasks["there"].task_type, tasks["there"].start_from_trigger, tasks["there"].retries
    )  # fmt: skip
    assert ({"position": 1, "last": False, "workers": True}, 3) == (started(undo)[1], undo.retries)


def test_workers_tasks_are_limited_by_the_pool_of_their_type():
    """As the operator sets it; pools do not see what runs in the triggerer."""
    local = {"type": "on-workers", "config": {"local": True}}
    with installed(OnWorkers):
        plan = item_plan("stack", action("here", type="on-workers", config={}), action("there", **local))
        settings = PaoSettings(fernet_key="key", worker_pools={"on-workers": "slow_things", "rest-api": "other"})
        pooled, usual = [
            {dag.dag_id: dag for dag in build_dags(plan, "default", each)}["default.stack"]
            for each in (settings, PaoSettings(fernet_key="key"))
        ]

    assert {"here": "default_pool", "there": "slow_things"} == {
        task.task_id: task.pool for task in stored(pooled).tasks
    }
    assert {"default_pool"} == {task.pool for task in stored(usual).tasks}


@pytest.mark.parametrize(
    ("undo", "pool"),
    [({"type": "on-workers", "config": {"local": True}}, "slow_things"), ({"type": "on-workers"}, "default_pool")],
)
def test_undos_on_workers_are_limited_by_it_too(undo, pool):
    """From where the trigger hands them over; a deferred task takes no place of its pool."""
    with installed(OnWorkers):
        plan = item_plan("stack", action("here", type="on-workers", config={}, rollback={"config": {}, **undo}))
        settings = PaoSettings(fernet_key="key", worker_pools={"on-workers": "slow_things"})
        dags = {dag.dag_id: dag for dag in build_dags(plan, "default", settings)}

    assert {pool} == {task.pool for task in stored(dags["default.stack.rollback"]).tasks}


def test_the_stored_dag_names_its_revision(dags):
    """By it the API knows when an item is ready; a version label proves nothing."""
    for dag in dags.values():
        assert revision_tag(PLAN.revision) in stored(dag).tags


def test_the_same_plan_gives_the_same_stored_dag(tmp_path):
    """Otherwise every parse would make a new version of it."""
    texts = set()
    for name in ("one", "two"):
        write_stubs(tmp_path / name, "default", [PLAN], {})
        dag = DagBag(dag_folder=tmp_path / name).dags["default.queue"]
        data = DagSerialization.to_dict(dag)
        data["dag"].pop("fileloc")
        data["dag"].pop("relative_fileloc", None)
        texts.add(json.dumps(data, sort_keys=True))

    assert 1 == len(texts)


def test_a_plan_of_a_newer_compiler_is_still_read(tmp_path):
    """Pinned versions are compiled by whoever needs them, in the middle of an upgrade too."""
    write_stubs(tmp_path, "default", [PLAN], {})
    (file,) = tmp_path.glob("*.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "cost": 7}))

    assert PLAN == ItemPlan.model_validate_json(file.read_text())
    assert {} == DagBag(dag_folder=tmp_path).import_errors
