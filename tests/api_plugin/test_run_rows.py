"""A run that PAO writes beside one that Airflow writes, in a real database."""

from __future__ import annotations

import pytest
from airflow import __version__ as airflow_version
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.settings import task_instance_mutation_hook
from sqlalchemy import select

from api_plugin import run_rows, runs
from api_plugin.run_rows import COMPARED, may_write
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item(
    "queue",
    action("first", rollback=UNDO),
    action("beside", depends_on=[], on_error="continue"),
    action("last", depends_on=["first", "beside"], timeout=60),
)
OWN = {"id", "run_id", "queued_at", "run_after", "updated_at", "created_at", "conf", "context_carrier"}
"""The columns that differ between any two runs."""


@pytest.fixture
def published(world):
    """The catalog with the item."""
    world.publish(ITEM)
    world.parse(ITEM)
    return world


def rows(session, model, request):
    """The table's rows of the request's run, whole."""
    table = model.__table__
    return session.execute(select(table).where(table.c.run_id == str(request.id))).mappings().all()


def common(found):
    """What they have in common with those of another run."""
    kept = [{name: value for name, value in row.items() if name not in OWN} for row in found]
    return sorted(kept, key=lambda row: row.get("task_id", ""))


@pytest.mark.parametrize("model", [DagRun, TaskInstance])
def test_the_rows_are_those_that_airflow_writes(published, monkeypatch, model):
    """Column by column, for what differs between two runs the same columns are filled."""
    ours = rows(published.session, model, published.order())
    monkeypatch.setattr(runs, "may_write", lambda: False)
    theirs = rows(published.session, model, published.order())

    assert common(theirs) == common(ours)
    assert {DagRun: 1, TaskInstance: 3}[model] == len(ours)
    for own, their in zip(ours, theirs, strict=True):
        assert {name: type(their[name]) for name in OWN & their.keys()} == {
            name: type(own[name]) for name in OWN & own.keys()
        }


def test_the_conf_and_the_trace_are_those_of_airflow(published, monkeypatch):
    """Both are read back through Airflow's models."""
    ours = published.session.scalar(select(DagRun).where(DagRun.run_id == str(published.order().id)))
    monkeypatch.setattr(runs, "may_write", lambda: False)
    theirs = published.session.scalar(select(DagRun).where(DagRun.run_id == str(published.order().id)))

    assert theirs.conf.keys() == ours.conf.keys()
    assert theirs.context_carrier.keys() == ours.context_carrier.keys()
    assert {task.task_id for task in theirs.task_instances} == {task.task_id for task in ours.task_instances}
    assert all(task.id for task in ours.task_instances)


def test_airflows_own_log_tells_who_started_the_run(published):
    """As its own endpoint does."""
    request = published.order()

    (line,) = published.session.scalars(select(Log).where(Log.run_id == str(request.id)))
    assert ("trigger_dag_run", "dev", request.dag_id) == (line.event, line.owner, line.dag_id)


def test_a_cluster_policy_is_heeded(published, monkeypatch):
    """Where a policy changes task instances, Airflow makes them."""
    monkeypatch.setattr(task_instance_mutation_hook, "is_noop", False)

    assert not may_write()
    assert 3 == len(rows(published.session, TaskInstance, published.order()))


def test_another_version_of_airflow_writes_its_own(monkeypatch):
    """What its rows are is not known here."""
    assert airflow_version == COMPARED, "compare create_dagrun with run_rows.py, then raise COMPARED"
    assert may_write()

    monkeypatch.setattr(run_rows, "airflow_version", "3.4.0")

    assert not may_write()
