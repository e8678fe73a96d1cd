"""Where requests wait for a place, whoever lets them start hears of each run that ends."""

from __future__ import annotations

import psycopg2
import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from pao_airflow import queue_news
from pao_airflow.queue_news import QueueNews

from api_plugin.clock import utc_now
from api_plugin.store.notices import QUEUE, listening


@pytest.fixture
def run(session):
    """A run in the session, as the scheduler has one that it ends."""
    made = DagRun(
        dag_id="default.queue", run_id="one", run_type=DagRunType.MANUAL, state=DagRunState.RUNNING,
        triggered_by=DagRunTriggeredByType.REST_API, run_after=utc_now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def heard(connection: psycopg2.extensions.connection) -> int:
    """How often it was told since the last look."""
    connection.cursor().execute("SELECT 1")
    connection.poll()
    count = len(connection.notifies)
    connection.notifies.clear()
    return count


@pytest.mark.parametrize("end", [DagRunState.SUCCESS, DagRunState.FAILED])
@pytest.mark.parametrize(("limited", "told"), [(True, 1), (False, 0)])
def test_an_end_is_told_where_requests_wait(session, run, monkeypatch, end, limited, told):
    """With the commit, as the news would come too early before; where nothing is limited, nobody is told."""
    monkeypatch.setattr(queue_news, "_requests_wait", lambda: limited)
    with listening(session.get_bind(), QUEUE) as connection:
        run.set_state(end)
        hook = QueueNews().on_dag_run_success if end == DagRunState.SUCCESS else QueueNews().on_dag_run_failed
        hook(dag_run=run, msg="")
        assert 0 == heard(connection)
        session.commit()
        assert told == heard(connection)


def test_a_run_of_no_session_is_passed_over():
    """Nothing can be told with its commit."""
    QueueNews().on_dag_run_failed(dag_run=DagRun(dag_id="d", run_id="r"), msg="")
