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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from typing import Any, ClassVar, cast

import structlog
from airflow._shared.observability.metrics.stats import incr
from airflow.jobs.triggerer_job_runner import (
    messages,
)
from airflow.models.trigger import Trigger
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from sqlalchemy.exc import SQLAlchemyError

from api_plugin.store.notices import NEW_TRIGGERS
from pao_airflow import supervised_xcoms
from pao_airflow.airflows_way import submit
from pao_airflow.background_sender import BackgroundSender
from pao_airflow.bell import Bell
from pao_airflow.dead_triggerers import DeadTriggerers
from pao_airflow.event_hands import AT_ONCE, EventHands
from pao_airflow.fast_path import FastPath
from pao_airflow.late_reports import keep_late_report
from pao_airflow.outage import Outage
from pao_airflow.runs_behind import RunsBehind
from pao_airflow.signal_channel import SignalChannel
from pao_airflow.signal_listening import SignalListener
from pao_airflow.stored_logs import StoredLogs
from pao_airflow.stranded_runs import overlooked_runs, stranded_runs
from pao_airflow.trigger_runner import PaoTriggerRunner
from pao_airflow.trigger_workloads import WorkloadsSupervisor

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for triggers that are no longer wanted, and for new ones that nobody told of."""
LOOK_AGAIN = 0.1
"""Seconds between two looks at least, however often it is told that there are new ones."""
A_ROUND = 8 * AT_ONCE
"""Events that are dealt with before the runner is heard again and the triggerer reports that it lives."""
END_SECONDS = 10.0
"""So long the runner may take to end, and the database to take what came of its actions."""
FIND_MORE_EVERY = 5.0
"""Seconds between two questions for runs where a task has ended elsewhere while another is at work."""
CLEAN_EVERY = 5.0
"""Seconds between two removals of triggers that nothing waits for, where none has ended here meanwhile."""


class PaoTriggerRunnerSupervisor(WorkloadsSupervisor):
    """See the module's docstring."""

    channel: ClassVar[SignalChannel]
    """To the runner. On the class, because Airflow starts the runner by a class method."""
    _look_at = _clean_at = 0.0
    """When triggers are to be looked for, and unused ones to be removed, at the latest."""
    _looked_at = 0.0
    """When that was last."""
    _find_at = _find_more_at = 0.0
    """When runs that nothing is at work for are to be found again, and those where another task still is."""
    _told = False
    """Whether it was told since that there are new ones."""
    _ended = False
    """Whether triggers have ended since unused ones were removed."""

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
    def _outage(self) -> Outage:
        return Outage()

    @cached_property
    def _logs(self) -> StoredLogs:
        return StoredLogs()

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
                    self._end_well()
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

    def on_trigger_event(self, trigger_id: int, event: TriggerEvent) -> None:
        """Do what Airflow's does, and keep what it drops: the report of an action that was stopped meanwhile."""
        submit(trigger_id, event)
        task = self.tasks.pop(trigger_id, None)
        if task is not None:
            keep_late_report(task, event)

    def handle_events(self) -> None:
        """Take events and runs on; what the fast path can't take, Airflow's own way takes."""
        later = [self.events.pop() for _ in range(len(self.events) - A_ROUND)]
        ours = {entry.trigger_id: entry.event for entry in self.events if entry.trigger_id in self.tasks}
        try:
            if ours or self._behind:
                self._take(ours)
            self._submit_events()
        finally:
            self.events.extend(reversed(later))

    def _take(self, events: Mapping[int, TriggerEvent]) -> None:
        """Take these events on, with the runs that are behind; what could not be taken stays."""
        taken = self._hands.take(events, self._behind.due(), room=self._room())
        self._behind.add(*taken.left)
        self._behind.taken(taken.runs - taken.left)
        others = [entry for entry in self.events if entry.trigger_id not in taken.done]
        self.events.clear()
        self.events.extend(others)
        for trigger_id in taken.done:
            self.tasks.pop(trigger_id, None)
            incr("triggers.succeeded")
        if taken.started:
            # The next look would find them as well.
            with self._outage.survived():
                self.creating_triggers.extend(self.build_beside(set(taken.started)))
                self.channel.wake()

    def _room(self) -> int:
        """How many more triggers this one may claim: none, where it is about to end."""
        if self.stop:
            return 0
        return self.capacity - len(self.running_triggers) - len(self.creating_triggers) - len(self.resting)

    def _submit_events(self) -> None:
        """As Airflow's `handle_events` does, but an event that could not be stored is still there."""
        while self.events:
            entry = self.events[0]
            self._ended = True
            if (task := self.tasks.get(entry.trigger_id)) is not None:
                self._behind.add((task.dag_id, task.run_id))
            self.on_trigger_event(trigger_id=entry.trigger_id, event=entry.event)
            self.events.popleft()
            if entry.persist_seq is not None:
                self.persisted_event_seqs.append(entry.persist_seq)
            incr("triggers.succeeded", tags={"team_name": self.team_name} if self.team_name else {})

    def run_once(self) -> None:
        """Do what Airflow's does, each part as often as it is needed instead of with every message of the runner."""
        now = time.monotonic()
        if not self._outage.rest and (now >= self._look_at or (self._told and now >= self._looked_at + LOOK_AGAIN)):
            with self._outage.survived():
                self._look(now)
        self._service_subprocess(self._pause())
        if not self._outage.rest:
            with self._outage.survived():
                self._deal_with_ends()
        self.heartbeat()  # type: ignore[no-untyped-call]
        self.emit_metrics()  # type: ignore[no-untyped-call]

    def _deal_with_ends(self) -> None:
        self.handle_events()
        while self.failed_triggers:
            trigger_id, error = self.failed_triggers[0]
            self._ended = True
            self.on_trigger_failure(trigger_id=trigger_id, exc=error)
            self.failed_triggers.popleft()
            incr("triggers.failed", tags={"team_name": self.team_name} if self.team_name else {})

    def _end_well(self) -> None:
        """Have the runner end, and store what its actions came to: whoever has them next would do them again."""
        self.stop = True
        self.creating_triggers.clear()
        self.kill(escalation_delay=END_SECONDS, force=True)
        until = time.monotonic() + END_SECONDS
        while (self.events or self.failed_triggers) and time.monotonic() < until:
            with self._outage.survived():
                self._deal_with_ends()
            time.sleep(self._outage.rest)

    def _look(self, now: float) -> None:
        """Look for triggers that are new, or no longer wanted."""
        self._looked_at, self._look_at = now, now + (LOOK_AGAIN if self.resting else LOOK_EVERY)
        if self._ended or now >= self._clean_at:
            self._ended, self._clean_at = False, now + CLEAN_EVERY
            # Before the look, which would take what has ended for new.
            self.clean_unused()
            self.forget_tasks()
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
            if now >= self._find_more_at:
                self._find_more_at = now + FIND_MORE_EVERY
                self._behind.add(*overlooked_runs(session, AT_ONCE), seconds=LOOK_EVERY)
            self._told = bool(self._others.free(session, now)) or self._told

    def _pause(self) -> float:
        """Seconds to wait for the runner."""
        if rest := self._outage.rest:
            return rest
        if self._told or self.resting or self._behind:
            return 0.0 if self.events else LOOK_AGAIN
        return 0.0 if self.events else max(self._look_at - time.monotonic(), 0.0)
