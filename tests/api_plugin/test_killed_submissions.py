"""A process that takes orders is killed in the middle of many: whatever it began is whole, or was never there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import select

from api_plugin.store.access import Audit
from api_plugin.store.idempotency import IdempotentAnswer
from api_plugin.store.requests import Request, RequestEvent, RequestWords
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"))
ENOUGH = 60
"""Requests after which it is killed."""


def killed_in_the_middle():
    """What it had answered by then; each time it is killed at another place."""
    command = [sys.executable, "-m", "tests.api_plugin.killed_submitter"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        answered = []
        for line in process.stdout:
            if len(line) == len("0b9c3a52-8a5e-4a8f-9d0f-6b7f6b1f2a10\n") and line.count("-") == 4:
                answered.append(line.strip())
            if len(answered) == ENOUGH:
                process.kill()
        return answered


def ids(session, column):
    return sorted({str(value) for value in session.scalars(select(column))})


def test_a_request_is_there_with_all_that_belongs_to_it(world):
    """Its run, tasks, history, words, lines in both logs and kept answer; and none of these without it."""
    world.publish(ITEM)
    world.parse(ITEM)
    world.view()

    answered = killed_in_the_middle()
    world.session.rollback()
    requests = ids(world.session, Request.id)

    assert len(answered) >= ENOUGH
    assert set(answered) <= set(requests)
    for column in (DagRun.run_id, TaskInstance.run_id, RequestEvent.request_id, RequestWords.request_id, Audit.target):
        assert requests == ids(world.session, column), column
    assert requests == sorted(world.session.scalars(select(Log.run_id).where(Log.event == "trigger_dag_run")))
    assert len(requests) == len(ids(world.session, IdempotentAnswer.key))
