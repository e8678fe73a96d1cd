"""What the supervisor of `pao triggerer` gives to its runner of a trigger, and when.

Ours at once, with the conf of their run instead of the whole DAG; those that tasks of workers have deferred to when the
second is over that Airflow lets pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from airflow.executors.workloads.task import TaskInstanceDTO
from airflow.executors.workloads.trigger import RunTrigger
from airflow.jobs.triggerer_job_runner import TriggerLoggingFactory, TriggerRunnerSupervisor
from airflow.models.trigger import Trigger
from sqlalchemy.orm import Session

OURS = "pao_airflow.trigger."
"""How the classpaths of triggers begin that no worker's task deferred to."""
REST = 1.0
"""Seconds after which other triggers begin."""


class WorkloadsSupervisor(TriggerRunnerSupervisor):
    """See the module's docstring."""

    resting: Mapping[int, tuple[float, RunTrigger]] = MappingProxyType({})
    """Triggers that are given to the runner at that time, by id."""

    @cached_property
    def tasks(self) -> dict[int, TaskInstanceDTO]:
        """Those of the triggers that the runner has, by the trigger's id."""
        return {}

    def build_trigger_workloads(self, new_trigger_ids: set[int]) -> list[RunTrigger]:
        """Give ours to the runner at once, and those of workers' tasks after the second that Airflow lets pass.

        Where one fires before its worker has ended, the scheduler takes the task for lost, and tries it anew.
        """
        now = time.monotonic()
        resting = {id_: rest for id_, rest in self.resting.items() if id_ in new_trigger_ids}
        unknown = new_trigger_ids - resting.keys()
        for workload in super().build_trigger_workloads(unknown) if unknown else ():
            ours = workload.classpath.startswith(OURS)
            if ours and workload.ti is not None:
                self.tasks[workload.id] = workload.ti
            rest = 0.0 if ours else REST
            resting[workload.id] = (now + rest, workload)
        due = [workload for at, workload in resting.values() if at <= now]
        self.resting = {id_: (at, workload) for id_, (at, workload) in resting.items() if at > now}
        return due

    def _create_workload(
        self, trigger: Trigger, dag_bag: Any, render_log_fname: Callable[..., str], session: Session
    ) -> RunTrigger | None:
        """What the runner needs of a trigger; for ours the conf of its run, where Airflow's reads and sends the DAG."""
        task = trigger.task_instance
        if self.job is None or task is None or not task.dag_version_id or not trigger.classpath.startswith(OURS):
            return super()._create_workload(trigger, dag_bag, render_log_fname, session)
        told = TaskInstanceDTO.model_validate(task, from_attributes=True)
        path = f"{render_log_fname(ti=task)}.trigger.{self.job.id}.log"
        self.logger_cache[trigger.id] = TriggerLoggingFactory(log_path=path, ti=told)  # type: ignore[arg-type]
        return RunTrigger(
            id=trigger.id,
            classpath=trigger.classpath,
            encrypted_kwargs=trigger.encrypted_kwargs,
            ti=told,
            timeout_after=task.trigger_timeout,
            dag_run_data={"conf": task.get_dagrun(session=session).conf},
        )

    def build_beside(self, new: set[int]) -> list[RunTrigger]:
        """The workloads of new triggers, while others still rest."""
        resting = self.resting
        workloads = self.build_trigger_workloads(new)
        self.resting = {**resting, **self.resting}
        return workloads

    def forget_tasks(self) -> None:
        """Of triggers that ended without an event."""
        wanted = {*self.running_triggers, *self.resting, *(each.id for each in self.creating_triggers)}
        for trigger_id in self.tasks.keys() - wanted - {each.trigger_id for each in self.events}:
            del self.tasks[trigger_id]
