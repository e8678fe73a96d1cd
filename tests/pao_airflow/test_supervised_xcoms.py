"""What the supervisor reads and writes by itself is what Airflow's own detour reads and writes."""

from __future__ import annotations

from functools import cache
from uuid import uuid4

import pytest
from airflow.jobs.triggerer_job_runner import in_process_api_server
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.sdk.api.client import Client
from airflow.sdk.execution_time.comms import GetTaskStates, GetXCom, SetXCom
from airflow.sdk.execution_time.request_handlers import handle_get_task_states, handle_get_xcom, handle_set_xcom
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from pao_airflow.supervised_xcoms import answer, is_plain
from sqlalchemy import insert, update

PLACE = {"dag_id": "default.queue", "run_id": "r-1", "task_id": "create"}
VALUES = ['{"a": 1}', {"a": [1, None, "é"]}, "", 0, None, []]


@pytest.fixture
def run(session):
    """A task of a run to write for; removed afterwards."""
    made = DagRun(
        dag_id="default.queue", run_id="r-1", run_type=DagRunType.MANUAL, triggered_by=DagRunTriggeredByType.TEST
    )
    session.add(made)
    session.flush()
    session.execute(insert(TaskInstance).values(id=uuid4(), map_index=-1, pool="p", pool_slots=1, **PLACE))
    session.commit()
    yield
    session.delete(made)
    session.commit()


@pytest.fixture
def airflows(database):
    """Airflow's own way."""
    return _airflows()


@cache
def _airflows():
    """Made once: its threads and sockets are never closed."""
    client = Client(base_url=None, token="", dry_run=True, transport=in_process_api_server().transport)
    client.base_url = "http://in-process.invalid./"
    return client


@pytest.mark.parametrize("value", VALUES)
def test_what_one_way_writes_the_other_reads(run, airflows, value):
    """In both directions, over what was there before."""
    get = GetXCom(key="pao_state", map_index=-1, **PLACE)

    assert handle_set_xcom(airflows, SetXCom(key="pao_state", value=value, **PLACE))[0] is None
    ours = answer(get)
    assert answer(SetXCom(key="pao_state", value=[value], **PLACE)) is None

    assert (value, [value]) == (ours.value, handle_get_xcom(airflows, get)[0].value)
    assert answer(get) == handle_get_xcom(airflows, get)[0]


@pytest.mark.parametrize("state", ["failed", "deferred", None])
@pytest.mark.parametrize("task_id", ["create", "other"])
def test_a_tasks_state_is_what_airflow_says(run, airflows, session, state, task_id):
    """Of one that is there, or is not."""
    session.execute(update(TaskInstance).where(TaskInstance.run_id == "r-1").values(state=state))
    session.commit()
    asked = GetTaskStates(dag_id="default.queue", run_ids=["r-1"], task_ids=[task_id])

    assert is_plain(asked)
    assert handle_get_task_states(airflows, asked)[0].task_states == answer(asked).task_states


def test_what_is_not_there_is_none(run, airflows):
    """As Airflow's answers it, but for an error in the log."""
    get = GetXCom(key="missing", map_index=-1, **PLACE)

    assert handle_get_xcom(airflows, get)[0] == answer(get)


def test_there_is_nothing_to_write_for_without_a_run(database):
    """The runner is told; nothing is stored."""
    with pytest.raises(ValueError, match="DAG run not found"):
        answer(SetXCom(key="pao_state", value=1, dag_id="gone", run_id="gone", task_id="create"))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (GetXCom(key="k", map_index=-1, **PLACE), True),
        (GetXCom(key="k", **PLACE), False),
        (GetXCom(key="k", map_index=3, **PLACE), False),
        (GetXCom(key="k", map_index=-1, include_prior_dates=True, **PLACE), False),
        (SetXCom(key="k", value=1, **PLACE), True),
        (SetXCom(key="k", value=1, map_index=-1, **PLACE), True),
        (SetXCom(key="k", value=1, map_index=0, **PLACE), False),
        (SetXCom(key="", value=1, **PLACE), False),
        (SetXCom(key="k", value=1, mapped_length=2, **PLACE), False),
        (SetXCom(key="k", value=1, dag_result=True, **PLACE), False),
        ("anything", False),
    ],
)
def test_all_else_is_airflows(message, expected):
    """Mapped tasks, earlier runs, results of DAGs."""
    assert expected is is_plain(message)
