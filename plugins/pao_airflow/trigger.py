"""Triggers that run an action, or an undo, from first try to last in the triggerer: no worker slot, thousands at once.

They always yield an event: a trigger that raises, or that Airflow times out, would queue its task to a worker to fail.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import structlog
from airflow.triggers.base import BaseTrigger, TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

from catalog_compiler.run_format import REPORT_KEY, ActionReport
from pao_airflow.admission import RefusedError
from pao_airflow.adoption import adopted
from pao_airflow.configuration import pao_settings
from pao_airflow.handed_confs import handed
from pao_airflow.handing_over import FAILED, UNDO
from pao_airflow.host import run_step, run_undo, undo_needs_worker
from pao_airflow.last_call import CallsAtWork, EndedLateError, until_last_call
from pao_airflow.memory import TaskPlace, XComMemory, tell_try, write_report
from pao_airflow.reports import broken, ends_well, refused
from pao_airflow.step import Step
from pao_airflow.stopping import stop_step, stop_undo
from pao_airflow.task import HostedTask

log = structlog.get_logger(__name__)


STOPPED_BY_A_PERSON = "__airflow_user_action__"
"""How Airflow's triggerer tells that from its own end, when it cancels a trigger."""
_STOPPING: set[asyncio.Future[None]] = set()
"""What is being stopped now: an event loop alone keeps nothing alive."""


class PaoTrigger(BaseTrigger):
    """What both triggers share: from the task instance to an event."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._memories: dict[str, XComMemory] = {}
        self._calls = CallsAtWork()
        self._conf: Mapping[str, Any] | None = None
        self._ended: ActionReport | None = None

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Run it and end the task where it is."""
        self._calls.work = asyncio.current_task()
        try:
            task = self._task()
            await tell_try(task.place)
            if self._needs_worker(task):
                yield TriggerEvent(UNDO)
                return
            report = await self._work(task)
            if not self._is_kept_by_its_event(report):
                await self._keep(task.place, report)
        except Exception as error:
            # The last resort: without an event Airflow would send the task to a worker, which can't run it.
            log.exception("action host failed")
            report = broken(error, self.task_instance.try_number if self.task_instance else 0)
        yield self._event(report)

    def _needs_worker(self, task: HostedTask) -> bool:  # noqa: ARG002 - for the trigger that overrides it
        """Whether the work can't be done here."""
        return False

    @abstractmethod
    async def _work(self, task: HostedTask) -> ActionReport: ...

    def _is_kept_by_its_event(self, report: ActionReport) -> bool:  # noqa: ARG002 - as above
        """Whether the event stores the report, also where a person has stopped the task meanwhile.

        Our supervisor sees to that (`late_reports`); Airflow's own drops the event then, and what the action made with
        it. It has no part in the task's conf, by which it is told.
        """
        return handed.of(self.trigger_id) is not None

    async def _keep(self, place: TaskPlace, report: ActionReport) -> None:
        self._ended = report
        try:
            await write_report(place, report)
        except Exception:
            # The event has it too.
            log.exception("report not kept before its event", task_id=place.task_id)

    async def on_kill(self) -> None:
        """Stop what it began outside: a person ended the task, or its run took too long. Called once `run` is over.

        Airflow cancels a trigger anew in every round of its loop until it is gone, and so this as well: what stops the
        work is a task of its own, which the cancellations do not reach.
        """
        stopping = asyncio.ensure_future(self._stop(self._task()))
        _STOPPING.add(stopping)
        stopping.add_done_callback(_STOPPING.discard)
        while not stopping.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(stopping)

    @abstractmethod
    async def _stop(self, task: HostedTask) -> None: ...

    @abstractmethod
    def _tolerates_failure(self) -> bool: ...

    def _task(self) -> HostedTask:
        task: Any = self.task_instance
        place = TaskPlace(dag_id=task.dag_id, run_id=task.run_id, task_id=task.task_id, try_number=task.try_number)
        conf = handed.of(self.trigger_id) if self._conf is None else self._conf
        if conf is None:
            # Airflow's own triggerer gives the whole of the task's context.
            conf = task.get_template_context()["dag_run"].conf
        return HostedTask(conf=conf, place=place, settings=pao_settings(), memory=self._memory, calls=self._calls)

    def _memory(self, place: TaskPlace, action: str) -> XComMemory:
        """The same one when it is stopped: the next try may have written over what this one stored."""
        return self._memories.setdefault(action, XComMemory(place, action))

    def _event(self, report: ActionReport) -> TriggerEvent:
        xcoms = {REPORT_KEY: report.model_dump(mode="json")}
        if report.outcome == "skipped":
            return TaskSkippedEvent(xcoms=xcoms)
        if ends_well(report, tolerant=self._tolerates_failure()):
            return TaskSuccessEvent(xcoms=xcoms)
        return TaskFailedEvent(xcoms=xcoms)


class ActionTrigger(PaoTrigger):
    """Runs one action of a request."""

    def __init__(self, *, step: str) -> None:
        """Take the step as JSON (`pao_airflow.step.Step`): a text passes Airflow's encodings unchanged."""
        super().__init__()
        self.step = step
        self._step = Step.model_validate_json(step)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give Airflow what it needs to make this trigger again."""
        return "pao_airflow.trigger.ActionTrigger", {"step": self.step}

    async def _work(self, task: HostedTask) -> ActionReport:
        started = dt.datetime.now(dt.UTC)
        try:
            task = await adopted(self._step, task)
        except RefusedError as error:
            return refused(str(error), task.place, started)
        self._conf = task.conf
        try:
            return await until_last_call(run_step(self._step, task), self._calls, stopped_by=STOPPED_BY_A_PERSON)
        except EndedLateError as late:
            self._ended = late.result
            raise asyncio.CancelledError(STOPPED_BY_A_PERSON) from None

    async def _stop(self, task: HostedTask) -> None:
        await stop_step(self._step, task, ended=self._ended)

    def _tolerates_failure(self) -> bool:
        return self._step.action.on_error == "continue"


class UndoTrigger(PaoTrigger):
    """Undoes one action of a rollback's list."""

    def __init__(self, *, position: int, last: bool, workers: bool = False) -> None:
        """Take the place in the list, from 1. The last place undoes what is left of a list that is longer.

        `workers` says that Airflow starts the task again by itself, because a worker that it runs on may die.
        """
        super().__init__()
        self.position = position
        self.last = last
        self.workers = workers

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give Airflow what it needs to make this trigger again."""
        known: dict[str, Any] = {"position": self.position, "last": self.last}
        return "pao_airflow.trigger.UndoTrigger", known | ({"workers": True} if self.workers else {})

    def _needs_worker(self, task: HostedTask) -> bool:
        return undo_needs_worker(self.position, task, and_rest=self.last)

    async def _work(self, task: HostedTask) -> ActionReport:
        return await run_undo(self.position, task, and_rest=self.last)

    def _is_kept_by_its_event(self, report: ActionReport) -> bool:
        return super()._is_kept_by_its_event(report) and not self._fails_elsewhere(report)

    def _event(self, report: ActionReport) -> TriggerEvent:
        return TriggerEvent(FAILED) if self._fails_elsewhere(report) else super()._event(report)

    def _fails_elsewhere(self, report: ActionReport) -> bool:
        """Whether a worker must let the task fail: from here, Airflow would start it again."""
        return self.workers and report.outcome in {"failed", "outcome_unknown"}

    async def _stop(self, task: HostedTask) -> None:
        await stop_undo(self.position, task, and_rest=self.last)

    def _tolerates_failure(self) -> bool:
        return False
