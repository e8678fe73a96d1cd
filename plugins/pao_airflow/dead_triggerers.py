"""Has the work of a triggerer that was killed go on within seconds.

Airflow gives a triggerer's work to others half a minute after its last heartbeat: less would take it from one that is
only busy. Here each holds a lock of PostgreSQL, on the connection on which it listens, which is free the moment its
process is gone. One whose lock is free, and that reports no more either, is dead, and what it had is free for any
triggerer to take. A connection that breaks alone kills nobody, nor does being busy; where a whole machine is gone, and
PostgreSQL does not notice, Airflow's half a minute holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import structlog
from airflow.configuration import conf
from airflow.jobs.job import Job
from airflow.models.trigger import Trigger
from sqlalchemy import column, exists, func, select, table, update
from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)

CLASS = "pao_airflow.trigger_supervisor.PaoTriggerRunnerSupervisor"
"""What the jobs of triggerers are marked by that hold such a lock; Airflow's own hold none."""
SILENT_SECONDS = 5.0
"""For so long one without its lock has not reported either; it does each second or two, by its `job_heartbeat_sec`."""
MISSED = 3
"""And has left out so many reports, where they are as rare as by Airflow's default."""
_LOCKS = 0x70616F74
"""The class of these locks: `paot`; the second number is the job's."""
_OF_TWO = 2
"""What PostgreSQL tells of a lock that has two numbers."""
_HELD = table("pg_locks", *map(column, ("locktype", "granted", "classid", "objid", "objsubid", "database")))
_DATABASE = table("pg_database", column("oid"), column("datname"))
_LIVES = exists().where(
    _HELD.c.locktype == "advisory",
    _HELD.c.granted,
    _HELD.c.database == select(_DATABASE.c.oid).where(_DATABASE.c.datname == func.current_database()).scalar_subquery(),
    _HELD.c.classid == _LOCKS,
    _HELD.c.objid == Job.id,
    _HELD.c.objsubid == _OF_TWO,
)
_REPORTED = select(Job.id, Job.latest_heartbeat).where(
    Job.job_type == "TriggererJob",
    Job.executor_class == CLASS,
    exists().where(Trigger.triggerer_id == Job.id),
    ~_LIVES,
)


def hold(connection: Any, job: int) -> None:
    """Hold the lock of a triggerer, by its job, for as long as this connection of the driver is open."""
    with connection.cursor() as cursor:
        # Shared, so that nobody waits for a connection that broke and that PostgreSQL still takes for open.
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", (_LOCKS, job))


class DeadTriggerers:
    """What one triggerer has seen of the others."""

    def __init__(self) -> None:
        """Nothing yet: nobody is dead before this one has watched for a while."""
        self._silent: dict[int, tuple[dt.datetime | None, float]] = {}

    def free(self, session: Session, now: float) -> frozenset[int]:
        """Free what dead ones had, whose jobs' ids this gives; to be called again and again, and committed.

        `now` is of a clock that only goes forward. No time of the database's or another machine's is compared with it.
        """
        reported = {row.id: row.latest_heartbeat for row in session.execute(_REPORTED)}
        self._silent = {
            job: known if (known := self._silent.get(job)) and known[0] == last else (last, now)
            for job, last in reported.items()
        }
        dead = frozenset(self._long_silent(now))
        if dead:
            log.warning("what dead triggerers had is free", jobs=sorted(dead))
            # Where two triggerers do it at once, neither waits for the other.
            theirs = select(Trigger.id).where(Trigger.triggerer_id.in_(dead)).with_for_update(skip_locked=True)
            session.execute(
                update(Trigger)
                .where(Trigger.id.in_(theirs))
                .values(triggerer_id=None)
                .execution_options(synchronize_session=False)
            )
        return dead

    def _long_silent(self, now: float) -> Iterator[int]:
        enough = max(SILENT_SECONDS, MISSED * conf.getfloat("triggerer", "job_heartbeat_sec"))
        return (job for job, (_, since) in self._silent.items() if now - since >= enough)
