"""What a triggerer or a worker has around it: a supervisor that keeps XComs, Variables and Connections, and a target.

The supervisor is Airflow's own boundary (`SUPERVISOR_COMMS`): everything of ours, and all of Airflow's SDK, is real.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json

import pytest
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import (
    ConnectionResult,
    ErrorResponse,
    GetConnection,
    GetTaskStates,
    GetVariable,
    GetXCom,
    MaskSecret,
    OKResponse,
    SetXCom,
    TaskStatesResult,
    VariableResult,
    XComResult,
)
from cryptography.fernet import Fernet
from pao_actions.http_client import close_clients
from pao_actions.testing import FakeClock
from pao_airflow import host, lookups, stopping
from pao_airflow.host import run_step, run_undo
from pao_airflow.memory import TaskPlace
from pao_airflow.step import Step
from pao_airflow.task import HostedTask

from catalog_compiler.run_format import REPORT_KEY, RequestInfo, RunConf, UserInfo
from catalog_compiler.sealing import Sealer
from catalog_compiler.settings import PaoSettings
from catalog_compiler.signing import signed
from tests.items import action, item_plan
from tests.pao_actions.conftest import closed_url, target  # noqa: F401 - fixtures of actions are ours too

REQUEST_ID = "0198c0de-0000-7000-8000-000000000001"
KEY = Fernet.generate_key().decode()
SETTINGS = PaoSettings(fernet_key=KEY, allow_private_addresses=True)
FIELDS = [
    {"id": "name", "name": "Name", "type": "string", "order": 1},
    {"id": "password", "name": "Password", "type": "password", "order": 2},
    {"id": "large", "name": "Large", "type": "boolean", "order": 3},
]


class Supervisor:
    """Answers what the triggerer's supervisor answers, and nothing else."""

    def __init__(self):
        self.xcoms = {}
        self.variables = {}
        self.connections = {}
        self.masked = []
        self.states = {}
        self.outages = 0
        """So many of the next look-ups fail, as where the database is away."""

    def send(self, msg):  # noqa: PLR0911 - an answer for each message
        match msg:
            case GetXCom(map_index=-1):
                return XComResult(key=msg.key, value=self.xcoms.get((msg.dag_id, msg.run_id, msg.task_id, msg.key)))
            case SetXCom():
                # Airflow stores what a trigger writes as a JSON string.
                self.xcoms[msg.dag_id, msg.run_id, msg.task_id, msg.key] = json.dumps(msg.value)
                return OKResponse(ok=True)
            case GetVariable() | GetConnection() if self.outages > 0:
                self.outages -= 1
                return ErrorResponse(error=ErrorType.GENERIC_ERROR, detail={"message": "the database is away"})
            case GetVariable():
                if msg.key not in self.variables:
                    return ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND, detail={"key": msg.key})
                return VariableResult(key=msg.key, value=self.variables[msg.key])
            case GetConnection():
                if msg.conn_id not in self.connections:
                    return ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND, detail={"conn_id": msg.conn_id})
                return ConnectionResult(conn_id=msg.conn_id, extra=None, **self.connections[msg.conn_id])
            case GetTaskStates(run_ids=[run_id], task_ids=[task_id]):
                state = self.states.get((msg.dag_id, run_id, task_id))
                return TaskStatesResult(task_states={run_id: {task_id: state}} if state else {})
            case MaskSecret():
                self.masked.append(msg.value)
                return None
        pytest.fail(f"the triggerer's supervisor does not answer {msg!r}")

    async def asend(self, msg):
        return self.send(msg)

    def report(self, task_id, report, *, dag_id="default.queue"):
        """An action of the request left this report."""
        self.xcoms[dag_id, REQUEST_ID, task_id, REPORT_KEY] = report.model_dump_json()


@pytest.fixture
def supervisor(monkeypatch):
    """An empty one. What is missing there is looked for as often as ever, but without pauses."""
    world = Supervisor()
    # An undo waits for an action that is being stopped.
    monkeypatch.setattr(host, "SYSTEM_CLOCK", FakeClock())
    monkeypatch.setattr(stopping, "SYSTEM_CLOCK", FakeClock())
    monkeypatch.setattr(lookups, "PAUSES", (0, 0, 0))
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", world, raising=False)
    return world


def seal(value):
    """A value as the API stores secret ones."""
    return Sealer(KEY).seal(value)


def a_step(config, **more):
    """The step of an action `create` with this config."""
    plan = item_plan("queue", action("before"), action("create", config=config, **more), fields=FIELDS)
    return Step.of(plan, "automatic", plan.fulfillment("automatic").action("create"))


def a_conf(step, *, mode="automatic", rollback=None, **fields):
    """The conf of a request that was accepted for the step's revision, as the API signs it."""
    conf = RunConf(
        request=RequestInfo(
            id=REQUEST_ID,
            timestamp=dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC),
            catalog="default",
            url=f"http://localhost:8080/api/v1/requests/{REQUEST_ID}",
            mode=mode,
            correlation_id="corr-1",
            user=UserInfo(id="dev", email="dev@example.com", name="Dev"),
        ),
        item_id=step.item_id,
        revision=step.revision,
        fields=fields,
        rollback=rollback,
    )
    return signed(conf, KEY)


def a_place(**more):
    """Where the action's task is."""
    known = {"dag_id": "default.queue", "run_id": REQUEST_ID, "task_id": "create", "try_number": 1}
    return TaskPlace(**(known | more))


def a_task(conf, **more):
    """The action's task, hosted by a triggerer."""
    return HostedTask(conf=conf, place=a_place(**more), settings=SETTINGS)


def run(step, conf, **more):
    """The report of an action, run as the triggerer runs it."""
    return _hosted(run_step(step, a_task(conf, **more)))


def undo(position, conf, *, and_rest=False, **more):
    """The report of an undo."""
    known = {"dag_id": "default.queue.rollback", "run_id": f"{REQUEST_ID}.rollback.0", "task_id": f"undo-{position}"}
    return _hosted(run_undo(position, a_task(conf, **(known | more)), and_rest=and_rest))


def _hosted(work):
    async def host():
        try:
            return await work
        finally:
            await close_clients()

    return asyncio.run(host())
