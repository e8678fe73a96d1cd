"""Whether the platform works: the database, Airflow's processes by their heartbeats, and the catalogs."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Literal

from airflow.jobs.dag_processor_job_runner import DagProcessorJobRunner
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.jobs.triggerer_job_runner import TriggererJobRunner
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api_plugin.breakers import left_alone
from api_plugin.catalog_health import catalog_troubles
from api_plugin.datamodels.health import CheckAnswer, HealthAnswer
from api_plugin.followed import is_followed
from api_plugin.permissions import Permission
from api_plugin.principals import Principal
from api_plugin.store.catalog import Catalog

Level = Literal["healthy", "degraded", "unhealthy"]
DISTRIBUTION = "platform-automation-orchestrator"
HEARTBEAT_LIMIT = 30.0
"""Seconds after which a process that has not been heard of counts as away."""
_NAMED = 10
"""Targets that are told by name."""
_ORDER: tuple[Level, ...] = ("healthy", "degraded", "unhealthy")
_Finding = tuple[Level, str | None, dt.datetime | None]


def check_health(session: Session) -> HealthAnswer:
    """Look at everything; the whole is as well as its worst part."""
    checks = {"database": _timed(lambda: _database(session))}
    if checks["database"].status == "healthy":
        for name, job_type in (
            ("scheduler", SchedulerJobRunner.job_type),
            ("triggerer", TriggererJobRunner.job_type),
            ("dag_processor", DagProcessorJobRunner.job_type),
        ):
            checks[name] = _timed(lambda job_type=job_type: _process(session, str(job_type)))  # type: ignore[misc]
        checks["catalog"] = _timed(lambda: _catalog(session))
        checks["targets"] = _timed(lambda: _targets(session))
    worst = max((check.status for check in checks.values()), key=_ORDER.index)
    return HealthAnswer(status=worst, version=version(DISTRIBUTION), checks=checks)


def for_caller(health: HealthAnswer, caller: Principal | None) -> HealthAnswer:
    """What a caller may see: everybody the state, who signed in the checks too, and operators the targets' names."""
    if caller is None:
        return HealthAnswer(status=health.status)
    if health.checks is None or "targets" not in health.checks or caller.may(Permission.OPERATIONS_READ):
        return health
    shown = health.checks["targets"]
    if shown.detail is not None:
        shown = shown.model_copy(update={"detail": "some targets are left alone; operators see which"})
    return health.model_copy(update={"checks": {**health.checks, "targets": shown}})


def is_ready(session: Session) -> bool:
    """Whether this process can serve: the database answers, and a catalog has been published."""
    try:
        return _any_published(session)
    except SQLAlchemyError:
        return False


def _timed(look: Callable[[], _Finding]) -> CheckAnswer:
    began = time.perf_counter()
    status, detail, since = look()
    return CheckAnswer(status=status, detail=detail, since=since, seconds=round(time.perf_counter() - began, 4))


def _database(session: Session) -> _Finding:
    try:
        session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        session.rollback()
        return "unhealthy", "the database does not answer; check that PostgreSQL is up and can be reached", None
    return "healthy", None, None


def _process(session: Session, job_type: str) -> _Finding:
    heard = session.scalar(
        select(func.max(Job.latest_heartbeat)).where(Job.job_type == job_type, Job.end_date.is_(None))
    )
    if heard is None:
        return "unhealthy", "no such process runs; start one", None
    silent = (dt.datetime.now(dt.UTC) - heard).total_seconds()
    if silent > HEARTBEAT_LIMIT:
        return "unhealthy", f"not heard of for {silent:.0f} s; look at its log", heard
    return "healthy", None, None


def _catalog(session: Session) -> _Finding:
    if not _any_published(session):
        return "unhealthy", "no catalog has been published yet; look at the DAG processor's log", None
    troubles = catalog_troubles(session, dt.datetime.now(dt.UTC))
    if not troubles:
        return "healthy", None, None
    why = "; ".join(trouble.why for trouble in troubles)
    return "degraded", why, min(trouble.since for trouble in troubles)


def _targets(session: Session) -> _Finding:
    ill = left_alone(session)
    if not ill:
        return "healthy", None, None
    named = ", ".join(f"{each.target} since {each.since:%Y-%m-%d %H:%M:%S} UTC" for each in ill[:_NAMED])
    more = f" and {len(ill) - _NAMED} more" if len(ill) > _NAMED else ""
    why = (
        f"left alone, because calls found them out of reach, without an answer in time or answering 5xx: {named}{more}"
    )
    return "degraded", why, min(each.since for each in ill)


def _any_published(session: Session) -> bool:
    published = select(func.count()).select_from(Catalog).where(Catalog.commit.is_not(None), is_followed())
    return session.scalar(published) != 0
