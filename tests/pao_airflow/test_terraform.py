"""The real Terraform by its host: options, a connection for states, outputs sealed by themselves, and its undo."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pao_airflow.host import run_step, run_undo
from pao_airflow.step import Step

from catalog_compiler.plan import UndoPlan
from catalog_compiler.run_format import RollbackInfo, UndoStep
from catalog_compiler.sealing import Sealer, is_sealed, masked
from tests.items import action, item_plan
from tests.pao_actions.terraform.conftest import ECHO, Repository, needs_terraform, state_names, states
from tests.pao_airflow.conftest import FIELDS, KEY, REQUEST_ID, SETTINGS, a_conf, a_task

__all__ = ["states"]
pytestmark = needs_terraform

SECRET = 'output "key" {\n  value     = "key-12345"\n  sensitive = true\n}\n'


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository")
    made.commit({"main.tf": ECHO + SECRET})
    return made


def a_terraform_step(repository):
    """An action `create`, and its rollback that says its type alone."""
    config = {"repository": repository.url, "variables": {"x": "{{fields.name}}"}}
    create = {"name": "create", "type": "terraform", "config": config, "rollback": {"type": "terraform"}}
    plan = item_plan("queue", action("before"), create, fields=FIELDS)
    made = plan.fulfillment("automatic").action("create")
    return Step(
        item_id=plan.item_id,
        revision=plan.revision,
        mode="automatic",
        header=plan.header,
        field_types={field.id: field.type for field in plan.fields},
        action=made,
    )


def test_an_apply_and_its_undo(supervisor, states, repository, tmp_path):
    """The undo has the commit that the action stored, and the state of its request."""
    settings = SETTINGS.model_copy(update={"terraform_folder": str(tmp_path / "shared")})
    supervisor.connections["pao_terraform_state"] = {
        "conn_type": "postgres",
        "host": states.host,
        "login": states.login,
        "schema": states.schema,
        "password": None,
        "port": None,
    }
    step = a_terraform_step(repository)

    report = asyncio.run(run_step(step, replace(a_task(a_conf(step, name="orders")), settings=settings)))

    assert ("completed", None) == (report.outcome, report.error)
    assert {"x": "orders", "key": "***"} == masked(report.outputs)["outputs"]
    assert is_sealed(report.outputs["outputs"]["key"])
    assert "key-12345" == Sealer(KEY).open(report.outputs["outputs"]["key"])
    assert [f"{REQUEST_ID}-create"] == state_names(states)

    repository.commit({"main.tf": ""})
    supervisor.report("create", report)
    rollback = step.action.rollback
    steps = (UndoStep(action="create", mode="automatic", undo=UndoPlan.model_validate(rollback.model_dump())),)
    info = RollbackInfo(clear_number=0, header={"id": "queue"}, field_types=step.field_types, steps=steps)
    place = {"dag_id": "default.queue.rollback", "run_id": f"{REQUEST_ID}.rollback.0", "task_id": "undo-1"}
    task = replace(a_task(a_conf(step, name="orders", rollback=info), **place), settings=settings)

    undone = asyncio.run(run_undo(1, task, and_rest=False))

    assert ("completed", None) == (undone.outcome, undone.error)
    assert {"added": 0, "changed": 0, "destroyed": 1} == undone.outputs["plan"]
    assert [] == state_names(states)
