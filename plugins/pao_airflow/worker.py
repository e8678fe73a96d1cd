"""Runs an action in a task on a worker: for what needs a process and a disk.

A worker that dies costs nothing but time: Airflow starts the task again by itself, which goes on with the state that it
stored, under the same idempotency key. Everything else that goes wrong ends the task at once, as in the triggerer.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

import structlog
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from pao_actions.http_client import close_clients

from catalog_compiler.run_format import ActionReport
from pao_airflow.accepted import accepted_step
from pao_airflow.admission import RefusedError
from pao_airflow.adoption import adopted
from pao_airflow.configuration import pao_settings
from pao_airflow.host import run_step, run_undo
from pao_airflow.memory import TaskPlace, write_report
from pao_airflow.reports import broken, ends_well, refused
from pao_airflow.step import Step
from pao_airflow.stopping import stop_step, stop_undo
from pao_airflow.task import HostedTask
from pao_airflow.worker_memory import WorkerMemory

log = structlog.get_logger(__name__)

STOP_SECONDS = 3.0
"""So long stopping may take outside: Airflow kills the process 5 seconds after it told it to end."""

Work = Callable[[HostedTask], Coroutine[Any, Any, ActionReport]]


class Stop(Protocol):
    """Stops what an action began outside."""

    async def __call__(self, task: HostedTask, /, *, seconds: float) -> None:
        """Within so many seconds."""


class WorkerRun:
    """One action in a thread with an event loop of its own: the main thread stays free to take signals."""

    def __init__(self, task: HostedTask, work: Work, stop: Stop) -> None:
        """Run `work`; `stop` stops outside what it began, where a person ended the task."""
        self._task = task
        self._work = work
        self._stop = stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[ActionReport] | None = None

    def report(self) -> ActionReport:
        """Run it to its end, and store the report.

        Raises:
            AirflowException: if the process was told to end before; Airflow tries again unless a person ended the task.
        """
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="action") as pool:
            return pool.submit(asyncio.run, self._run()).result()

    def kill(self) -> None:
        """End it early. Called by a signal's handler, in the main thread."""
        if self._loop is not None and self._running is not None:
            self._loop.call_soon_threadsafe(self._running.cancel)

    async def _run(self) -> ActionReport:
        self._loop = asyncio.get_running_loop()
        self._running = asyncio.ensure_future(self._reported())
        try:
            return await self._running
        except asyncio.CancelledError:
            await self._stop(self._task, seconds=STOP_SECONDS)
            raise AirflowException("the action was told to end; unless a person did so, the next try goes on") from None
        finally:
            await close_clients()

    async def _reported(self) -> ActionReport:
        try:
            report = await self._work(self._task)
        except Exception as error:
            log.exception("action host failed")
            report = broken(error, self._task.place.try_number)
        await write_report(self._task.place, report)
        return report


def action_run(step: Step, context: Mapping[str, Any], retries: int | None) -> WorkerRun:
    """The action of a task, as its operator's `execute` is told of that; Airflow starts it again `retries` times."""
    known: list[HostedTask] = []

    async def work(task: HostedTask) -> ActionReport:
        started = dt.datetime.now(dt.UTC)
        try:
            task = await adopted(step, task)
        except RefusedError as error:
            return refused(str(error), task.place, started)
        known.append(task)
        return await run_step(await accepted_step(step, task), task)

    async def stop(task: HostedTask, *, seconds: float) -> None:
        task = known[0] if known else task
        await stop_step(await accepted_step(step, task), task, seconds=seconds)

    return WorkerRun(_task(context, retries), work, stop)


def undo_run(position: int, context: Mapping[str, Any], retries: int | None, *, and_rest: bool) -> WorkerRun:
    """The undo of a rollback's place, likewise."""
    return WorkerRun(
        _task(context, retries),
        partial(run_undo, position, and_rest=and_rest),
        partial(stop_undo, position, and_rest=and_rest),
    )


def _task(context: Mapping[str, Any], retries: int | None) -> HostedTask:
    instance = context["ti"]
    place = TaskPlace(
        dag_id=instance.dag_id,
        run_id=instance.run_id,
        task_id=instance.task_id,
        try_number=instance.try_number,
        # As Airflow itself counts: a person's clear raises `max_tries`, a try that follows by itself does not.
        begun_at=max(instance.max_tries - (retries or 0) + 1, 1),
    )
    memory = partial(WorkerMemory, store=context["task_state_store"])
    return HostedTask(conf=context["dag_run"].conf, place=place, settings=pao_settings(), memory=memory)


def end_task(report: ActionReport, *, tolerant: bool) -> None:
    """End the task as the report says.

    Raises:
        AirflowSkipException: if there was nothing to do.
        AirflowFailException: if the action failed, finally.
    """
    if report.outcome == "skipped":
        raise AirflowSkipException("there was nothing to do")
    if not ends_well(report, tolerant=tolerant):
        raise AirflowFailException(report.error.message if report.error else "the action failed")
