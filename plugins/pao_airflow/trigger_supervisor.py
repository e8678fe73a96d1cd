"""The supervisor of `pao triggerer`: the process that has the database.

It and its runner talk over sockets, and in Airflow 3.3.2 each of them waits until the other has taken what it sends.
The supervisor sends new triggers with their whole DAGs; the runner writes a line of log for each step. Where both have
more to say than the sockets hold, each waits for the other for ever, and no trigger of that triggerer ever ends. Here
the supervisor goes on reading while it sends.

It looks for new triggers as soon as it is told that there are some, hears signals for the actions that wait, and takes
on itself what the runner's triggers have ended (`fast_path`).
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, ClassVar, cast

import structlog
from airflow._shared.observability.metrics.stats import incr
from airflow.executors.workloads.task import TaskInstanceDTO
from airflow.executors.workloads.trigger import RunTrigger
from airflow.jobs.triggerer_job_runner import TriggerLoggingFactory, TriggerRunnerSupervisor, messages
from airflow.models.trigger import Trigger
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api_plugin.store.notices import NEW_TRIGGERS
from pao_airflow import supervised_xcoms
from pao_airflow.airflows_way import submit
from pao_airflow.background_sender import BackgroundSender
from pao_airflow.bell import Bell
from pao_airflow.dead_triggerers import DeadTriggerers
from pao_airflow.event_hands import AT_ONCE, EventHands
from pao_airflow.fast_path import FastPath, RunKey
from pao_airflow.late_reports import keep_late_report
from pao_airflow.runs_behind import RunsBehind
from pao_airflow.signal_channel import SignalChannel
from pao_airflow.signal_listening import SignalListener
from pao_airflow.stored_logs import StoredLogs
from pao_airflow.stranded_runs import stranded_runs
from pao_airflow.trigger_runner import PaoTriggerRunner

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for triggers that are no longer wanted, and for new ones that nobody told of."""
LOOK_AGAIN = 0.1
"""Seconds between two looks at least, however often it is told that there are new ones."""
A_ROUND = 8 * AT_ONCE
"""Events that are dealt with before the runner is heard again and the triggerer reports that it lives."""
OURS = "pao_airflow.trigger."
"""How the classpaths of triggers begin that no worker's task deferred to."""
REST = 1.0
"""Seconds after which other triggers begin."""
CLEAN_EVERY = 5.0
"""Seconds between two removals of triggers that nothing waits for, where none has ended here meanwhile."""


class PaoTriggerRunnerSupervisor(TriggerRunnerSupervisor):
    """See the module's docstring."""

    channel: ClassVar[SignalChannel]
    """To the runner. On the class, because Airflow starts the runner by a class method."""
    _look_at = _clean_at = 0.0
    """When triggers are to be looked for, and unused ones to be removed, at the latest."""
    _looked_at = 0.0
    """When that was last."""
    _find_at = 0.0
    """When runs that nothing is at work for are to be found again."""
    _told = False
    """Whether it was told since that there are new ones."""
    _ended = False
    """Whether triggers have ended since unused ones were removed."""
    _resting: Mapping[int, tuple[float, RunTrigger]] = MappingProxyType({})
    """Triggers that are given to the runner at that time, by id."""

    @property
    def _job_id(self) -> int:
        if self.job is None:
            raise RuntimeError("pao triggerer needs Airflow's database; run Airflow's own triggerer instead")
        return self.job.id

    @cached_property
    def _hands(self) -> EventHands:
        return EventHands(FastPath(self._job_id))

    @cached_property
    def _others(self) -> DeadTriggerers:
        return DeadTriggerers()

    @cached_property
    def _behind(self) -> RunsBehind:
        return RunsBehind()

    @cached_property
    def _logs(self) -> StoredLogs:
        return StoredLogs()

    @cached_property
    def _tasks(self) -> dict[int, TaskInstanceDTO]:
        """Those of the triggers that the runner has, by the trigger's id."""
        return {}

    @classmethod
    def start(cls, **kwargs: Any) -> PaoTriggerRunnerSupervisor:
        """Start the runner's process."""
        cls.channel = SignalChannel()
        supervisor = cast("PaoTriggerRunnerSupervisor", super().start(**kwargs))
        cls.channel.keep_sending()
        supervisor.stdin = BackgroundSender(supervisor.stdin)  # type: ignore[assignment]
        return supervisor

    @classmethod
    def run_in_process(cls) -> None:
        """Be the runner: called in the forked process."""
        cls.channel.keep_receiving()
        PaoTriggerRunner(cls.channel).run()  # type: ignore[no-untyped-call]

    @contextmanager
    def run_context(self) -> Iterator[None]:
        """Listen for signals while the supervisor runs."""
        with Bell.hung() as bell:
            listener = SignalListener(partial(self._hear, bell), triggerer=self._job_id)
            self.selector.register(bell, selectors.EVENT_READ, (self._heard, self.selector.unregister))
            try:
                with super().run_context(), listener.running():
                    yield
            finally:
                self.channel.close()

    def _hear(self, bell: Bell, name: str) -> None:
        if name == NEW_TRIGGERS:
            bell.ring()
        else:
            self.channel.send(name)

    def _heard(self, bell: Bell) -> bool:
        self._told = bell.take() or self._told
        return True

    def _handle_request(self, msg: Any, log: Any, req_id: int) -> None:
        """Do what the runner asks; actions' XComs without the detour that Airflow's takes, and logs many at a time."""
        if isinstance(msg, messages.TriggerStateChanges):
            ended = [self.logger_cache.pop(trigger_id, None) for trigger_id in msg.finished or ()]
            self._logs.store([each for each in ended if each is not None])
        if supervised_xcoms.is_plain(msg):
            with suppress(SQLAlchemyError):
                answer = supervised_xcoms.answer(msg)
                self._last_runner_comms = time.monotonic()
                self.send_msg(answer, request_id=req_id, error=None)
                return
        # Airflow's own tries again for as long as its database is away.
        super()._handle_request(msg, log, req_id)

    def build_trigger_workloads(self, new_trigger_ids: set[int]) -> list[RunTrigger]:
        """Give ours to the runner at once, and those of workers' tasks after the second that Airflow lets pass.

        Where one fires before its worker has ended, the scheduler takes the task for lost, and tries it anew.
        """
        now = time.monotonic()
        resting = {id_: rest for id_, rest in self._resting.items() if id_ in new_trigger_ids}
        unknown = new_trigger_ids - resting.keys()
        for workload in super().build_trigger_workloads(unknown) if unknown else ():
            ours = workload.classpath.startswith(OURS)
            if ours and workload.ti is not None:
                self._tasks[workload.id] = workload.ti
            rest = 0.0 if ours else REST
            resting[workload.id] = (now + rest, workload)
        due = [workload for at, workload in resting.values() if at <= now]
        self._resting = {id_: (at, workload) for id_, (at, workload) in resting.items() if at > now}
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

    def on_trigger_event(self, trigger_id: int, event: TriggerEvent) -> None:
        """Do what Airflow's does, and keep what it drops: the report of an action that was stopped meanwhile."""
        submit(trigger_id, event)
        task = self._tasks.pop(trigger_id, None)
        if task is not None:
            keep_late_report(task, event)

    def handle_events(self) -> None:
        """Take events and runs on; what the fast path can't take, Airflow's own way takes."""
        later = [self.events.pop() for _ in range(len(self.events) - A_ROUND)]
        ours = {entry.trigger_id: entry for entry in self.events if entry.trigger_id in self._tasks}
        taken = self._take({id_: entry.event for id_, entry in ours.items()}) if ours or self._behind else frozenset()
        others = [entry for entry in self.events if entry.trigger_id not in taken]
        self._behind.add(*(run for entry in others if (run := self._run_of(entry.trigger_id))))
        self._ended = self._ended or bool(others)
        self.events.clear()
        self.events.extend(others)
        super().handle_events()  # type: ignore[no-untyped-call]
        self.events.extend(reversed(later))

    def _take(self, events: Mapping[int, TriggerEvent]) -> frozenset[int]:
        """Take these events on, with the runs that are behind; those that were taken."""
        room = self.capacity - len(self.running_triggers)
        taken = self._hands.take(events, self._behind.due(), room=room)
        # A task may have ended though its run was locked.
        self._behind.add(*(run for trigger_id in taken.done if (run := self._run_of(trigger_id))))
        self._behind.taken(taken.runs)
        for trigger_id in taken.done:
            self._tasks.pop(trigger_id, None)
            incr("triggers.succeeded")
        if taken.started:
            self.creating_triggers.extend(self.build_trigger_workloads(set(taken.started)))
            self.channel.wake()
        return taken.done

    def _run_of(self, trigger_id: int) -> RunKey | None:
        task = self._tasks.get(trigger_id)
        return None if task is None else (task.dag_id, task.run_id)

    def _forget_tasks(self) -> None:
        """Of triggers that ended without an event."""
        wanted = {*self.running_triggers, *self._resting, *(each.id for each in self.creating_triggers)}
        for trigger_id in self._tasks.keys() - wanted - {each.trigger_id for each in self.events}:
            del self._tasks[trigger_id]

    def run_once(self) -> None:
        """Do what Airflow's does, each part as often as it is needed instead of with every message of the runner."""
        now = time.monotonic()
        if now >= self._look_at or (self._told and now >= self._looked_at + LOOK_AGAIN):
            self._look(now)
        self._service_subprocess(self._pause())
        self.handle_events()
        self._ended = self._ended or bool(self.failed_triggers)
        self.handle_failed_triggers()  # type: ignore[no-untyped-call]
        self.heartbeat()  # type: ignore[no-untyped-call]
        self.emit_metrics()  # type: ignore[no-untyped-call]

    def _look(self, now: float) -> None:
        """Look for triggers that are new, or no longer wanted."""
        self._looked_at, self._look_at = now, now + (LOOK_AGAIN if self._resting else LOOK_EVERY)
        if self._ended or now >= self._clean_at:
            self._ended, self._clean_at = False, now + CLEAN_EVERY
            # Before the look, which would take what has ended for new.
            self.clean_unused()
            self._forget_tasks()
        given = len(self.creating_triggers)
        self.load_triggers()
        # It takes no more at once, so that the others get their share.
        self._told = len(self.creating_triggers) - given >= Trigger.max_trigger_to_select_per_loop
        self._find_stranded(now)
        if self.creating_triggers or self.cancelling_triggers:
            self.channel.wake()

    def _find_stranded(self, now: float) -> None:
        """Have taken on what nothing is at work for; not in each look, as the question is of all that run."""
        if now < self._find_at:
            return
        self._find_at = now + LOOK_EVERY
        with create_session(scoped=False) as session:
            self._behind.add(*stranded_runs(session, AT_ONCE), seconds=LOOK_EVERY)
            self._told = bool(self._others.free(session, now)) or self._told

    def _pause(self) -> float:
        """Seconds to wait for the runner."""
        if self._told or self._resting or self._behind:
            return 0.0 if self.events else LOOK_AGAIN
        return 0.0 if self.events else max(self._look_at - time.monotonic(), 0.0)
