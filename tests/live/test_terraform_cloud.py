"""Runs in Terraform Cloud from the real stack: followed and applied without a worker's slot, and stopped there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.terraform_cloud import CloudFake
from tests.live.airflow_api import AirflowApi
from tests.live.items import Part, item, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

REPOSITORY = Path(tempfile.gettempdir()) / f"pao-live-cloud-{os.getpid()}"


def provision(workspace: str, **more: str) -> Part:
    """A run in a workspace."""
    config = {"runner": "cloud", "workspace": workspace, "variables": {"name": "{{fields.name}}"}, **more}
    return {"name": "provision", "type": "terraform", "config": config}


ITEMS = (
    item(
        "cloud-run",
        provision("new", repository=str(REPOSITORY)),
        scripted_call("after", "/cloud-{{response.provision.outputs.password}}"),
    ),
    item("cloud-stopped", provision("payments")),
)


@pytest.fixture(scope="module", autouse=True)
def infrastructure() -> Iterator[None]:
    """The repository that an item names."""
    REPOSITORY.mkdir()
    (REPOSITORY / "main.tf").write_text('variable "name" {}\n')
    identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com")
    for command in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "-ma")):
        subprocess.run(["git", *command], cwd=REPOSITORY, check=True)
    yield
    shutil.rmtree(REPOSITORY)


def test_a_run_is_applied_and_its_outputs_are_at_hand(
    developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget, cloud: CloudFake
):
    """The item's repository is uploaded; later actions have the outputs in clear; its page is a link everywhere."""
    cloud.outputs = [
        {"name": "address", "sensitive": False, "value": "db.example.com"},
        {"name": "password", "sensitive": True, "value": "cloud-secret-77"},
    ]
    request_id = developer.submit("cloud-run", "orders")
    request = developer.ended(request_id)
    (number,) = [key for key, run in cloud.runs.items() if '"orders"' in str(run["attributes"]["variables"])]
    url = f"{cloud.url}/app/acme/workspaces/new/runs/{number}"

    assert "completed" == request["status"], request
    assert {
        "outputs": {"address": "db.example.com", "password": "***"},
        "plan": {"added": 2, "changed": 1, "destroyed": 0},
        "run_url": url,
    } == request["outputs"]["provision"]
    assert cloud.configurations[cloud.runs[number]["configuration"]]["archive"]
    assert url == request["actions"][0]["url"]
    assert url in airflow.links("default.cloud-run", request_id, "provision").values()
    assert 1 == len(scripted.calls("/cloud-cloud-secret-77/orders"))
    log = airflow.log("default.cloud-run", request_id, "provision")
    assert {"terraform_run_started", "applied"} == {
        word for word in ("terraform_run_started", "applied") if word in log
    }
    assert "cloud-secret-77" not in log + json.dumps(request)


def test_a_stopped_request_stops_its_run(developer: Portal, airflow: AirflowApi, cloud: CloudFake):
    """In Terraform Cloud, where it plans."""
    cloud.stays("ws-2", "planning")
    request_id = developer.submit("cloud-stopped", "stopped")

    def at(status: str) -> bool:
        return status in [run["status"] for run in cloud.runs.values() if run["workspace"] == "ws-2"]

    wait_for(lambda: at("planning"), "the run plans")
    airflow.mark_failed("default.cloud-stopped", request_id)
    wait_for(lambda: at("canceled"), "the run is cancelled")

    assert "failed" == developer.ended(request_id)["status"]
