"""The API hears of each run that fails, with the commit that makes it so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from pao_airflow import failure_news
from pao_airflow.failure_news import FailureNews

from api_plugin.clock import utc_now
from api_plugin.store.notices import FAILED_RUNS, listening, run_of_notice

RUN = ("default.queue", "one")
COMPILED = SimpleNamespace(tags={"pao", "default"})


def heard(connection):
    """The runs that it was told of since the last look."""
    connection.cursor().execute("SELECT 1")
    connection.poll()
    told = [run_of_notice(notice.payload) for notice in connection.notifies]
    connection.notifies.clear()
    return told


@pytest.mark.parametrize(("commits", "told"), [(True, [RUN]), (False, [])])
def test_a_failure_is_told_when_it_is_so(session, commits, told):
    """Not before, and not where it comes to nothing."""
    dag_id, run_id = RUN
    run = DagRun(
        dag_id=dag_id, run_id=run_id, run_type=DagRunType.MANUAL, state=DagRunState.FAILED,
        triggered_by=DagRunTriggeredByType.REST_API, run_after=utc_now(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    run.dag = COMPILED
    with listening(session.get_bind(), FAILED_RUNS) as connection:
        FailureNews().on_dag_run_failed(dag_run=run, msg="task_failure")
        assert [] == heard(connection)
        (session.commit if commits else session.rollback)()
        assert told == heard(connection)


@pytest.mark.parametrize(
    ("dag", "msg"),
    [
        (SimpleNamespace(tags={"theirs"}), "task_failure"),
        (None, "task_failure"),
        (COMPILED, "timed_out"),
        (COMPILED, "Dag Run's state was manually set to `failed`."),
    ],
)
def test_what_is_none_of_ours_or_may_still_have_tasks_at_work_is_not_told(session, monkeypatch, dag, msg):
    """What follows then has to wait for these."""
    monkeypatch.setattr(failure_news, "object_session", lambda _run: session)
    with listening(session.get_bind(), FAILED_RUNS) as connection:
        FailureNews().on_dag_run_failed(dag_run=SimpleNamespace(dag_id="d", run_id="r", dag=dag), msg=msg)
        session.commit()
        assert [] == heard(connection)


def test_a_run_of_no_session_is_passed_over():
    """Nothing can be told with its commit."""
    run = DagRun(dag_id="d", run_id="r")
    run.dag = COMPILED
    FailureNews().on_dag_run_failed(dag_run=run, msg="task_failure")
