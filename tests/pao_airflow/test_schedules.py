"""The next run of a DAG with a schedule is made once there is room for it."""

from __future__ import annotations

import pytest
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from pao_airflow.schedules import make_room
from sqlalchemy import select

from api_plugin.clock import utc_now


@pytest.fixture
def noted(session):
    """Notes of a DAG that as many of its runs are at work as may be; whether that stands after some have ended."""

    def stands(at_work, *, most=2):
        now = utc_now()
        session.add(DagBundleModel(name="platform"))
        session.flush()
        session.add(
            DagModel(
                dag_id="each-minute", bundle_name="platform", max_active_runs=most, exceeds_max_non_backfill=True,
                next_dagrun_create_after=now,
            )
        )  # fmt: skip
        session.add_all(
            DagRun(
                dag_id="each-minute", run_id=f"{number}", run_type="scheduled", state=state, run_after=now,
                triggered_by="timetable",
            )
            for number, state in enumerate(at_work)
        )  # fmt: skip
        session.flush()
        make_room(session, "each-minute")
        session.expire_all()
        return session.scalar(select(DagModel.exceeds_max_non_backfill).where(DagModel.dag_id == "each-minute"))

    yield stands
    session.rollback()


@pytest.mark.parametrize(
    ("at_work", "stands"),
    [
        (["success"], False),
        (["success", "running"], False),
        (["failed", "running", "queued"], True),
        (["running", "running"], True),
    ],
)
def test_the_note_goes_where_there_is_room(noted, at_work, stands):
    """Runs that wait for their start take a place as well."""
    assert stands == noted(at_work)
