"""Brings a catalog up to date with its repository now, instead of when its interval is over."""

from __future__ import annotations

import hashlib
import uuid

from airflow.models.dagbag import DagPriorityParsingRequest
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.airflow_log import LOG, act
from api_plugin.clock import utc_now
from api_plugin.exceptions import unavailable
from api_plugin.runs import DagShelf

SYNC_DAG = "catalog_sync"
"""The platform's own DAG that has a catalog looked at, waits until it is ready, and shows how that went."""


def ask_for_refresh(session: Session, catalog: str) -> None:
    """Have the DAG processor refresh the catalog's bundle at once; commits nothing, and asking twice is asking once.

    A request to parse a file makes it refresh the file's bundle first; the file need not exist.
    """
    session.execute(
        insert(DagPriorityParsingRequest)
        .values(id=_request_id(catalog), bundle_name=catalog, relative_fileloc="refresh.py")
        .on_conflict_do_nothing()
    )


def start_sync(session: Session, shelf: DagShelf, catalog: str, actor: str) -> str:
    """Ask for a refresh, and queue a run of `catalog_sync` that shows how it goes; gives its run id, commits nothing.

    A run that is queued already has all of it still to do, and is the answer. Raises a 503 problem where there is no
    such DAG.
    """
    ready = shelf.get(session, SYNC_DAG)
    if ready is None:
        raise unavailable(
            f"the DAG '{SYNC_DAG}' is not there, or not parsed yet; see that PAO's dags/ is one of Airflow's bundles"
        )
    _one_at_a_time(session, catalog)
    ask_for_refresh(session, catalog)
    queued = select(DagRun.run_id).where(
        DagRun.dag_id == SYNC_DAG, DagRun.state == DagRunState.QUEUED, DagRun.conf["catalog"].as_string() == catalog
    )
    if (waiting := session.scalar(queued.order_by(DagRun.id).limit(1))) is not None:
        return waiting
    now, run_id = utc_now(), f"refresh__{uuid.uuid4()}"
    ready.dag.create_dagrun(
        session=session,
        run_id=run_id,
        run_after=now,
        conf={"catalog": catalog},
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.REST_API,
        triggering_user_name=actor,
        state=DagRunState.QUEUED,
    )
    session.execute(LOG.insert(), act("trigger_dag_run", (SYNC_DAG, run_id), actor))
    return run_id


def _request_id(catalog: str) -> str:
    """As long as Airflow's column for it; different for each catalog, however long its name."""
    return hashlib.sha256(f"pao refresh of {catalog}".encode()).hexdigest()[:32]


def _one_at_a_time(session: Session, catalog: str) -> None:
    """Let no two transactions look for a queued run of one catalog, find none, and both queue one."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"pao refresh of {catalog}", 0))))
