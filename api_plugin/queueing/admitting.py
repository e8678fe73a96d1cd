"""Lets waiting requests start: by whoever looks, one at a time, so that no limit is ever exceeded.

A run is held by a `run_after` in the far future, which Airflow's scheduler heeds; letting it start is to set it to now,
and to start its first actions where that needs no scheduler.
A process that dies in between has changed nothing, and what runs is counted anew each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow.models.dagrun import DagRun
from airflow.utils.state import State
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.queueing.deciding import next_ones
from api_plugin.queueing.limits import Limits
from api_plugin.queueing.reading import IS_HELD, read_queue
from api_plugin.queueing.starting import start_at_once
from api_plugin.runs import HELD
from api_plugin.store.queue import QueueTurn

AT_ONCE = 100
"""Requests that one transaction lets start."""
TURNS_KEPT = 10_000
"""Turns after which a user who had none of them counts as one who never had one."""
_LOCK = 0x70616F71
"""The number of the advisory lock: `paoq`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """What came of a look at the queue."""

    started: int
    waiting: bool
    """Whether any still waits."""


def admit(session: Session, limits: Limits) -> Admitted:
    """Let start what may, at most `AT_ONCE` requests; commits nothing. Only one at a time does this."""
    if not session.scalar(select(exists().where(IS_HELD))):
        return Admitted(started=0, waiting=False)
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    queue = read_queue(session, limits, AT_ONCE)
    chosen = next_ones(limits, queue.running, queue.waiting, queue.turns, AT_ONCE)
    if chosen:
        # Those that somebody cancels at this moment are held no longer, and stay as they are.
        free = session.scalars(
            update(DagRun)
            .where(DagRun.id.in_([queue.runs[each.id] for each in chosen]), IS_HELD)
            .values(run_after=func.clock_timestamp())
            .returning(DagRun.id)
            .execution_options(synchronize_session=False)
        ).all()
        start_at_once(session, free)
        _note_turns(session, [each.work.user_id for each in chosen], max(queue.turns.values(), default=0))
    return Admitted(started=len(chosen), waiting=len(chosen) < len(queue.waiting))


def admit_all(session: Session, limits: Limits) -> Admitted:
    """Let start everything that may; commits after each part of it."""
    started = 0
    while True:
        done = admit(session, limits)
        session.commit()
        started += done.started
        if done.started < AT_ONCE:
            return Admitted(started=started, waiting=done.waiting)


def let_go_of_ended(session: Session) -> None:
    """Give runs that ended while they waited the time of their end; commits nothing.

    A person marked them in Airflow's UI. Airflow sorts by that time, and shows it: they would stand before all others.
    """
    session.execute(
        update(DagRun)
        .where(DagRun.run_after == HELD, DagRun.state.in_(State.finished_dr_states))
        .values(run_after=func.coalesce(DagRun.end_date, func.clock_timestamp()))
        .execution_options(synchronize_session=False)
    )


def _note_turns(session: Session, users: list[str], last: int) -> None:
    turns = {user: turn for turn, user in enumerate(users, start=last + 1)}
    rows = [{"user_id": user, "turn": turn} for user, turn in turns.items()]
    statement = insert(QueueTurn).values(rows)
    session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_={"turn": statement.excluded.turn}))
    session.execute(delete(QueueTurn).where(QueueTurn.turn <= last - TURNS_KEPT))
