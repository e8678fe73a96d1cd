"""A run that fails is told to the API, as the service principal; a call that gets lost breaks nothing."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import structlog
from pao_airflow.callbacks import RunFailed

from tests.pao_actions.conftest import Answer
from tests.pao_airflow.conftest import KEY

CONTEXT = {"dag": SimpleNamespace(dag_id="default.queue"), "run_id": "r-1", "reason": "task_failure"}


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("AIRFLOW__PAO__FERNET_KEY", KEY)


def connect(supervisor, url):
    host, _, port = url.removeprefix("http://").partition(":")
    supervisor.connections["pao_api"] = {
        "conn_type": "http",
        "host": host,
        "port": int(port),
        "schema": "http",
        "login": "pao",
        "password": "pao_service-key",
    }


def test_the_api_is_told_which_run_ended(supervisor, target):
    """With the key of the service principal's connection."""
    connect(supervisor, target.url)

    RunFailed()(CONTEXT)

    assert ("POST", "/api/v1/internal/settle", "Bearer pao_service-key") == (
        target.only.method,
        target.only.path,
        target.only.headers["authorization"],
    )
    assert {"dag_id": "default.queue", "run_id": "r-1"} == json.loads(target.only.body)


def test_an_api_that_answers_badly_breaks_nothing(supervisor, target):
    """The reconcile DAG makes it good; the log says so."""
    connect(supervisor, target.url)
    target.answers = [Answer(503, b"<html>", {"Content-Type": "text/html"})]

    with structlog.testing.capture_logs() as logs:
        RunFailed()(CONTEXT)

    assert [("warning", "r-1")] == [(entry["log_level"], entry["run_id"]) for entry in logs if "run_id" in entry]


def test_an_api_that_is_away_breaks_nothing(supervisor, closed_url):
    """As while it is restarted."""
    connect(supervisor, closed_url)

    with structlog.testing.capture_logs() as logs:
        RunFailed()(CONTEXT)

    assert [("warning", "r-1")] == [(entry["log_level"], entry["run_id"]) for entry in logs if "run_id" in entry]


def test_it_is_named_in_the_stored_dag():
    """Airflow calls it in another process, which imports it by this name."""
    assert "pao_airflow.callbacks.RunFailed" == f"{RunFailed.__module__}.{RunFailed.__qualname__}"
