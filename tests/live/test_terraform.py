"""Terraform on the real stack's worker: applied, undone, killed and stopped in the middle, and many at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.live.airflow_api import AirflowApi
from tests.live.items import Part, item, scripted_call
from tests.live.portal import ENDED, Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

pytestmark = pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform here to run")

FOLDER = Path(tempfile.gettempdir()) / f"pao-live-terraform-{os.getpid()}"
STALL = f"test -e {FOLDER}/$NAME.go || {{ echo $PPID > {FOLDER}/$NAME.told; exec cat {FOLDER}/$NAME.never; }}"
FILES = {
    "plain/main.tf": """
variable "name" {}
resource "terraform_data" "it" { input = var.name }
output "name" { value = terraform_data.it.output }
output "password" {
  value     = "very-secret-${var.name}"
  sensitive = true
}
""",
    "stalls/main.tf": f"""
variable "name" {{}}
resource "terraform_data" "first" {{}}
resource "terraform_data" "second" {{
  depends_on = [terraform_data.first]
  provisioner "local-exec" {{
    command     = {json.dumps(STALL)}
    environment = {{ NAME = var.name }}
  }}
}}
""",
}


def provision(path: str) -> Part:
    """An action that applies a root of the repository, and is undone by destroying it."""
    return {
        "name": "provision",
        "type": "terraform",
        "config": {"repository": str(FOLDER), "path": path, "variables": {"name": "{{fields.name}}"}},
        "rollback": {"type": "terraform"},
    }


ITEMS = (
    item("tf-applied", provision("plain"), scripted_call("after", "/tf-{{response.provision.outputs.password}}")),
    item("tf-undone", provision("plain"), scripted_call("after", "/tf-fails")),
    item("tf-stalls", provision("stalls")),
)


@pytest.fixture(scope="module", autouse=True)
def infrastructure() -> Iterator[Path]:
    """The repository that the items name."""
    for name, text in FILES.items():
        file = FOLDER / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
    identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com")
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "."),
        (*identity, "commit", "--quiet", "-ma"),
    ):
        subprocess.run(["git", *command], cwd=FOLDER, check=True)
    yield FOLDER
    shutil.rmtree(FOLDER)


def states(stack: RunningStack, request_id: str) -> list[Any]:
    """The states of a request in the platform's database."""
    return stack.rows("SELECT name FROM pao_terraform.states WHERE name LIKE %s", f"{request_id}%")


def left(stack: RunningStack) -> list[str]:
    """What runs left in the worker's folder."""
    return [entry.name for entry in (stack.settings.state / "terraform" / "runs").iterdir()]


def stalled(developer: Portal, name: str) -> tuple[str, int]:
    """A request whose Terraform is in the middle of its apply: its id, and Terraform's process."""
    for pipe in ("told", "never"):
        os.mkfifo(FOLDER / f"{name}.{pipe}")
    request_id = developer.submit("tf-stalls", name)
    return request_id, int((FOLDER / f"{name}.told").read_text())


def test_outputs_are_at_hand_and_secret_ones_masked(
    catalog, developer: Portal, airflow: AirflowApi, scripted: ScriptedTarget, stack: RunningStack
):
    """Later actions have them in clear; the state is that of the request."""
    request_id = developer.submit("tf-applied", "orders")
    request = developer.ended(request_id)

    assert "completed" == request["status"], request
    assert {
        "outputs": {"name": "orders", "password": "***"},
        "plan": {"added": 1, "changed": 0, "destroyed": 0},
    } == request["outputs"]["provision"]
    assert 1 == len(scripted.calls("/tf-very-secret-orders/orders"))
    log = airflow.log("default.tf-applied", request_id, "provision")
    assert "terraform_planned" in log
    assert "very-secret-orders" not in log + json.dumps(request)
    assert [(f"{request_id}-provision",)] == states(stack, request_id)


def test_what_was_applied_is_destroyed_when_a_later_action_fails(
    catalog, developer: Portal, scripted: ScriptedTarget, stack: RunningStack
):
    """`rollback: {type: terraform}` is enough."""
    scripted.script("/tf-fails/undone", Reply(status=400))
    request_id = developer.submit("tf-undone", "undone")
    request = developer.ended(request_id, within=180)

    assert "rolled_back" == request["status"], request
    assert [] == states(stack, request_id)


def test_a_worker_that_dies_in_the_middle_costs_nothing_but_time(catalog, developer: Portal, stack: RunningStack):
    """The next try waits for the interrupted Terraform, and goes on with its state."""
    request_id, terraform = stalled(developer, "dies")
    psutil.Process(terraform).parent().parent().kill()
    (FOLDER / "dies.go").touch()
    request = developer.ended(request_id, within=180)

    assert "completed" == request["status"], request
    assert 1 == request["outputs"]["provision"]["plan"]["added"]
    assert not psutil.pid_exists(terraform)
    assert [] == left(stack)


def test_a_cancelled_request_leaves_no_lock_and_is_undone(catalog, developer: Portal, stack: RunningStack):
    """Terraform is interrupted, stores its state, and what it had made is destroyed."""
    request_id, terraform = stalled(developer, "stops")
    developer.cancel(request_id)
    wait_for(lambda: not psutil.pid_exists(terraform), "terraform has ended")
    (FOLDER / "stops.go").touch()
    request = developer.ended(request_id, within=180)

    assert ("cancelled", "rolled_back") == (request["status"], request["rollback"]["status"]), request
    assert ([], []) == (states(stack, request_id), left(stack))


def test_requests_run_beside_each_other(catalog, developer: Portal, stack: RunningStack):
    """Each with a state of its own."""
    ids = [developer.submit("tf-applied", f"beside-{number}") for number in range(3)]
    wait_for(
        lambda: all(developer.get(f"/requests/{one}/status")["status"] in ENDED for one in ids), "all have ended", 180
    )

    assert ["completed"] * 3 == [developer.request(one)["status"] for one in ids]
    assert [1, 1, 1] == [len(states(stack, one)) for one in ids]
    assert [] == left(stack)
