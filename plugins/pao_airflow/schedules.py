"""Lets the next run of a DAG with a schedule be made, once there is room for it.

Airflow's scheduler notes on a DAG that as many of its runs are at work as may be, and makes no other until one ends. It
takes that note back where it ends a run itself: whoever else ends one has to.
"""

from __future__ import annotations

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from sqlalchemy import update
from sqlalchemy.orm import Session


def make_room(session: Session, dag_id: str) -> None:
    """Take the note back where there is room; commits nothing."""
    session.flush()
    counts = DagRun.active_runs_of_dags(dag_ids=[dag_id], exclude_backfill=True, session=session)
    has_room = (DagModel.dag_id == dag_id, DagModel.max_active_runs > counts.get(dag_id, 0))
    session.execute(
        update(DagModel)
        .where(*has_room)
        .values(exceeds_max_non_backfill=False)
        .execution_options(synchronize_session=False)
    )
