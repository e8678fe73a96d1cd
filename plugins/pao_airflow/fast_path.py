"""The fast path: takes runs on where the events of their actions arrive, many in one transaction.

Airflow leaves it to the scheduler's loop to look what comes after a task that a trigger has ended, and that loop takes
the running runs in turn, whether anything happened to them or not. Here the same functions of Airflow do it at once,
under the row lock of the run that the scheduler takes as well: the tasks end, what follows is deferred, a run that is
over ends and its callback is sent, all in the transaction of the events. What somebody else has locked is left: where
that is the run, its task ends all the same, and the run is taken on a moment later, here or by the scheduler; where it
is the task, the event is stored as Airflow stores it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from airflow.callbacks.database_callback_sink import DatabaseCallbackSink
from airflow.models.dag import DagModel
from airflow.models.dagbag import CachedDBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger, handle_event_submit
from airflow.triggers.base import BaseTaskEndEvent, TriggerEvent
from airflow.utils.session import create_session
from airflow.utils.sqlalchemy import with_row_locks
from airflow.utils.state import DagRunState, State, TaskInstanceState
from sqlalchemy import delete, exists, select, tuple_, update
from sqlalchemy.orm import Session, contains_eager

from pao_airflow.schedules import make_room
from pao_airflow.trigger_news import CLAIMED
from pao_airflow.xcom_rows import store_xcoms

RunKey = tuple[str, str]
"""The ids of a DAG and of its run."""
Tasks = Sequence[TaskInstance]
Runs = Sequence[DagRun]
GOES_ON = (
    DagRun.state == DagRunState.RUNNING,
    ~exists().where(DagModel.dag_id == DagRun.dag_id, DagModel.is_paused),
)
"""Of runs that the scheduler would take on: it leaves those alone whose DAG is paused."""
DAGS_KEPT = 500
"""DAGs that are kept deserialized; a large one takes about a megabyte."""
BUSY = frozenset(State.unfinished) - {None}
"""States of tasks that something else will go on with."""
CALLBACKS = {
    TaskInstanceState.SUCCESS: "has_on_success_callback",
    TaskInstanceState.FAILED: "has_on_failure_callback",
    TaskInstanceState.SKIPPED: "has_on_skipped_callback",
}
"""What a task says of its callbacks, by the state that it ends in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of events and runs."""

    done: frozenset[int] = frozenset()
    """The triggers whose events were dealt with; those of the others are Airflow's own matter."""
    started: frozenset[int] = frozenset()
    """New triggers, which are this triggerer's."""
    runs: frozenset[RunKey] = frozenset()
    """Runs that were taken on."""
    left: frozenset[RunKey] = frozenset()
    """Runs of which a task ended while somebody else had them locked: they are still to be taken on."""

    @classmethod
    def together(cls, parts: Sequence[Taken]) -> Taken:
        """What became of all of them."""
        return cls(
            done=frozenset[int]().union(*(part.done for part in parts)),
            started=frozenset[int]().union(*(part.started for part in parts)),
            runs=frozenset[RunKey]().union(*(part.runs for part in parts)),
            left=frozenset[RunKey]().union(*(part.left for part in parts)),
        )


class FastPath:
    """Takes events and runs of compiled DAGs."""

    def __init__(self, triggerer: int) -> None:
        """Give new triggers to that triggerer, by the id of its job."""
        self._triggerer = triggerer
        # It reads a DAG once for each of its versions, and keeps those that are at work.
        self._dags = CachedDBDagBag(
            load_op_links=False, cache_size=DAGS_KEPT, cache_ttl=0, stats_prefix="pao.triggerer.dag_bag"
        )

    def take(self, events: Mapping[int, TriggerEvent], runs: Collection[RunKey] = (), *, room: int) -> Taken:
        """End the tasks of these events, by trigger, and take their runs on, and these runs besides.

        `room` is how many of the new triggers this triggerer can take. Events that are not done must be submitted
        otherwise: their tasks are locked by somebody else, or wait no more. A task ends though somebody else has its
        run locked, as it does by Airflow's own way; then its run is not among those that were taken on.

        Raises:
            SQLAlchemyError: if the database can't do it now; nothing was done then.
        """
        with create_session(scoped=False) as session:
            if room > 0:
                session.info[CLAIMED] = True
            tasks, locked = self._lock(session, events.keys(), runs)
            found = {_key(run): run for run in (*(task.dag_run for task in tasks), *locked)}
            known = {key for key, run in found.items() if self._knows(session, run)}
            done = {trigger: task for task in tasks if (trigger := task.trigger_id) and _key(task.dag_run) in known}
            for trigger, task in done.items():
                self._end(session, task, events[trigger])
            started = [trigger for run in locked if _key(run) in known for trigger in self._take_on(session, run)]
            claimed = self._claim(session, started[: max(room, 0)])
            session.flush()
            session.execute(delete(Trigger).where(Trigger.id.in_(done)).execution_options(synchronize_session=False))
            session.commit()
        runs = frozenset(map(_key, locked))
        left = frozenset(_key(task.dag_run) for task in done.values()) - runs
        return Taken(done=frozenset(done), started=claimed, runs=runs, left=left)

    def _knows(self, session: Session, run: DagRun) -> bool:
        """Whether the run's DAG is there, which it then has; the scheduler tells where it is not."""
        run.dag = self._dags.get_dag_for_run(dag_run=run, session=session)
        return run.dag is not None

    def _claim(self, session: Session, triggers: Collection[int]) -> frozenset[int]:
        """Have these triggers run here, without the round through the triggers that nobody has."""
        if triggers:
            session.execute(
                update(Trigger)
                .where(Trigger.id.in_(triggers))
                .values(triggerer_id=self._triggerer)
                .execution_options(synchronize_session=False)
            )
        return frozenset(triggers)

    def _lock(self, session: Session, triggers: Collection[int], runs: Collection[RunKey]) -> tuple[Tasks, Runs]:
        """The tasks that wait for these triggers, and the runs to take on, where nobody else has them locked."""
        tasks: Tasks = ()
        if triggers:
            waiting = (
                select(TaskInstance)
                .join(TaskInstance.dag_run)
                .where(
                    TaskInstance.trigger_id.in_(triggers),
                    TaskInstance.state == TaskInstanceState.DEFERRED,
                    *GOES_ON,
                )
                .options(contains_eager(TaskInstance.dag_run))
                .order_by(TaskInstance.id)
            )
            tasks = session.scalars(with_row_locks(waiting, session, of=TaskInstance, skip_locked=True)).all()
        if not (keys := {_key(task.dag_run) for task in tasks} | set(runs)):
            return tasks, ()
        wanted = select(DagRun).where(tuple_(DagRun.dag_id, DagRun.run_id).in_(keys), *GOES_ON)
        # What was read of them before they were locked may have changed.
        anew = wanted.execution_options(populate_existing=True)
        return tasks, session.scalars(with_row_locks(anew, session, of=DagRun, skip_locked=True)).all()

    def _end(self, session: Session, task: TaskInstance, event: TriggerEvent) -> None:
        """Do what the event says to the task that waited for it."""
        if isinstance(event, BaseTaskEndEvent) and self._ends_here(task, event):
            task.trigger_id = None
            task.set_state(event.task_instance_state, session=session)
            store_xcoms(session, task, event.xcoms or {})
        else:
            handle_event_submit(event, task_instance=task, session=session)

    def _ends_here(self, task: TaskInstance, event: BaseTaskEndEvent) -> bool:
        """Whether ending the task is all there is to do: nothing to call back, nothing to try again.

        Airflow would have the DAG processor call back every task, also where there is nothing to call.
        """
        task.task = task.dag_run.dag.get_task(task.task_id)
        state = event.task_instance_state
        if state not in CALLBACKS or getattr(task.task, CALLBACKS[state]):
            return False
        return state != TaskInstanceState.FAILED or not task.is_eligible_to_retry()

    def _take_on(self, session: Session, run: DagRun) -> Iterator[int]:
        """Do for a run what the scheduler's loop does; the triggers of what it starts."""
        schedulable, callback = run.update_state(session=session, execute_callbacks=False)
        # A failure passes on from task to task, and ends the run in the loop after that.
        before = None
        while not schedulable and run.state == DagRunState.RUNNING and before != (states := _states(session, run)):
            if not BUSY.isdisjoint(states):
                break
            before = states
            schedulable, callback = run.update_state(session=session, execute_callbacks=False)
        run.schedule_tis(schedulable, session=session)
        if run.state in State.finished_dr_states and run.get_dag().timetable.can_be_scheduled:
            make_room(session, run.dag_id)
        if callback is not None:
            DatabaseCallbackSink().send(callback, session=session)
        for task in schedulable:
            if task.state == TaskInstanceState.DEFERRED and task.trigger_id is not None:
                yield task.trigger_id


def _states(session: Session, run: DagRun) -> Counter[str | None]:
    """How many of its tasks are in each state."""
    session.flush()
    mine = select(TaskInstance.state).where(TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
    return Counter(session.scalars(mine))


def _key(run: DagRun) -> RunKey:
    return run.dag_id, run.run_id
