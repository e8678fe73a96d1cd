"""From plan to DAGs: the last stage of the compiler, run by the stubs that the catalog bundle writes.

An item becomes `<catalog>.<item id>` (its automatic way), `.manual`, and `.rollback`. Tasks carry their step in their
serialized arguments, with the item's revision, so that whoever runs them needs nothing else.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from airflow.sdk import DAG, TriggerRule
from pao_airflow.callbacks import RunFailed
from pao_airflow.configuration import pao_settings
from pao_airflow.operators import ActionOperator, UndoOperator, WorkerActionOperator
from pao_airflow.step import Step

from catalog_compiler.airflow.stubs import read_plan
from catalog_compiler.plan import FulfillmentPlan, ItemPlan, Mode
from catalog_compiler.run_format import DagKind, action_task_id, dag_id, revision_tag, undo_task_id
from catalog_compiler.settings import PaoSettings


class InvalidItemError(Exception):
    """A catalog file is invalid and never was valid, so there is nothing to serve; the message is its report."""


def load_dags(stub: str, *, catalog: str, plan: str) -> dict[str, DAG]:
    """The DAGs of an item, by DAG id: what a stub puts into its module. `plan` is the plan's file beside the stub.

    Where the item changes while its stub is read, that plan is gone, and the one that the stub names by now is taken:
    an error of importing would have Airflow run nothing of the item until it parses the file again.
    """
    item = ItemPlan.model_validate_json(read_plan(Path(stub), plan))
    return {dag.dag_id: dag for dag in build_dags(item, catalog, pao_settings())}


def build_dags(plan: ItemPlan, catalog: str, settings: PaoSettings) -> tuple[DAG, ...]:
    """All DAGs of an item."""
    dags = [_fulfillment_dag(plan, mode, catalog, settings) for mode in plan.modes]
    undos = [[action.rollback for action in plan.fulfillment(mode).actions if action.rollback] for mode in plan.modes]
    # For both ways, since a request may have gone both. One place at least: a request of an earlier revision may have
    # more to undo than this one.
    places = max(1, sum(map(len, undos)))
    on_workers = {undo.type for way in undos for undo in way if undo.host == "worker"}
    return (*dags, _rollback_dag(plan, places, catalog, settings, on_workers=on_workers))


def _fulfillment_dag(plan: ItemPlan, mode: Mode, catalog: str, settings: PaoSettings) -> DAG:
    way = plan.fulfillment(mode)
    dag = _dag(plan, mode, catalog, settings, timeout=way.timeout)
    with dag:
        _tasks(plan, mode, way, settings)
    return dag


def _tasks(plan: ItemPlan, mode: Mode, way: FulfillmentPlan, settings: PaoSettings) -> None:
    tasks = {}
    for action in way.actions:
        step = Step.of(plan, mode, action)
        on_worker = action.host == "worker"
        operator = WorkerActionOperator if on_worker else ActionOperator
        # Pools do not see what a triggerer runs.
        pool = settings.worker_pools.get(action.type) if on_worker else None
        tasks[action.name] = operator(
            task_id=action_task_id(action.name),
            step=step,
            doc_md=action.description,
            # A skipped action counts as done; one that failed stops what depends on it.
            trigger_rule=TriggerRule.NONE_FAILED,
            **_pooled(pool),
        )
    for action in way.actions:
        for name in action.depends_on:
            tasks[name] >> tasks[action.name]


def _pooled(pool: str | None) -> dict[str, str]:
    return {} if pool is None else {"pool": pool}


def _rollback_dag(plan: ItemPlan, places: int, catalog: str, settings: PaoSettings, *, on_workers: set[str]) -> DAG:
    """A chain of places: which action each undoes is in the run's `conf`, because only the run knows the order."""
    dag = _dag(plan, "rollback", catalog, settings, timeout=None)
    # Types with different pools share the first one: which of them comes at which place only the run knows.
    pool = min((settings.worker_pools[each] for each in on_workers & settings.worker_pools.keys()), default=None)
    with dag:
        before = None
        for position in range(1, places + 1):
            # An undo that fails is reported as left standing; those after it still run.
            task = UndoOperator(
                task_id=undo_task_id(position),
                position=position,
                last=position == places,
                workers=bool(on_workers),
                trigger_rule=TriggerRule.ALL_DONE,
                **_pooled(pool),
            )
            if before is not None:
                before >> task
            before = task
    return dag


def _dag(
    plan: ItemPlan,
    kind: DagKind,
    catalog: str,
    settings: PaoSettings,
    *,
    timeout: float | None,
) -> DAG:
    header = plan.header
    return DAG(
        dag_id=dag_id(catalog, plan.item_id, kind),
        description=header["name"],
        doc_md=header["description"],
        schedule=None,
        catchup=False,
        is_paused_upon_creation=False,
        max_active_runs=settings.max_active_runs,
        dagrun_timeout=None if timeout is None else dt.timedelta(seconds=timeout),
        default_args={"owner": header["owner"]},
        tags={"pao", catalog, header["category"], revision_tag(plan.revision)},
        on_failure_callback=RunFailed(),
    )
