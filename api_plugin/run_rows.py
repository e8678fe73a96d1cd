"""Writes a DAG run with its task instances as Airflow does, at a third of the cost.

`SerializedDAG.create_dagrun` asks four questions whose answers are at hand when a request starts its run, looks for
task instances of a run that is new, checks each key of `conf` by a schema of its own, and weighs every task anew. That
is most of what a submission takes. The rows are the same; a test compares them with Airflow's column by column.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from airflow import __version__ as airflow_version
from airflow._shared.observability.traces import new_task_run_carrier
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.settings import task_instance_mutation_hook
from airflow.utils.state import DagRunState
from sqlalchemy import Table
from sqlalchemy.orm import Mapper, Session

from api_plugin.first_tasks import FirstTask, defer, first_tasks
from api_plugin.store.inserting import Rows

COMPARED = "3.3.2"
"""The version of Airflow whose rows are written here."""
_TASK_INSTANCE = cast("Table", TaskInstance.__table__)


class RunWriter:
    """Writes runs of one DAG as it was serialized.

    For DAGs that PAO compiles: they have no mapped tasks, no deadlines, and no dates between which a task exists.
    """

    def __init__(self, dag: SerializedDAG) -> None:
        """Take a DAG that nobody changes any more."""
        self._dag = dag

    @cached_property
    def first(self) -> Sequence[FirstTask]:
        """The tasks that a run can start with at once."""
        return first_tasks(self._dag)

    def add(
        self, session: Session, rows: Rows, run: DagRun, dag_version_id: UUID, *, started: dt.datetime | None = None
    ) -> None:
        """Add the run and its task instances to what is inserted; neither becomes part of the session.

        Where it has `started`, its first tasks wait in a triggerer.
        """
        begun = {} if started is None else defer(session, rows, self.first, started)
        if started is not None:
            run.set_state(DagRunState.RUNNING)
            run.start_date = run.last_scheduling_decision = started
        rows.add(run)
        for task in self._tasks:
            own = {
                "run_id": run.run_id,
                "dag_version_id": dag_version_id,
                "context_carrier": new_task_run_carrier(run.context_carrier),
            }
            rows.add_values(_TASK_INSTANCE, task | own | begun.get(task["task_id"], {}))

    @cached_property
    def _tasks(self) -> list[dict[str, Any]]:
        """What a task instance has from its task."""
        mapper: Mapper[TaskInstance] = TaskInstance.__mapper__
        carrier = DagRun(dag_id=self._dag.dag_id, run_id="none")
        return [
            _by_column(mapper, TaskInstance.insert_mapping("", task, -1, dag_version_id=None, dag_run=carrier))
            for task in self._dag.task_dict.values()
        ]


def may_write() -> bool:
    """Whether the rows are what Airflow would write.

    Not where a cluster policy changes task instances, nor with a version of Airflow that was not compared.
    """
    return airflow_version == COMPARED and bool(getattr(task_instance_mutation_hook, "is_noop", False))


def _by_column(mapper: Mapper[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What has a column; Airflow's mapping also holds what a task instance no longer stores."""
    attributes = mapper.column_attrs
    return {attributes[name].columns[0].name: value for name, value in values.items() if name in attributes}
