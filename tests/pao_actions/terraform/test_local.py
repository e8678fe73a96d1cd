"""What a worker does with a repository: the real Terraform, the real git, a real PostgreSQL."""

import json

import pytest
from pao_actions.terraform.action import Terraform
from pao_actions.testing import MemoryState, run_action

from tests.pao_actions.terraform.conftest import ECHO, Repository, needs_terraform, query, state_names

pytestmark = needs_terraform

STATE = "0198c0de-0000-7000-8000-000000000001-create"
MODULE = """
variable "name" {}
variable "size" {
  type    = number
  default = 1
}
variable "key" {
  sensitive = true
  default   = "k-12345"
}
resource "terraform_data" "it" { input = "${var.name}-${var.size}" }
output "address" { value = terraform_data.it.output }
output "admin" {
  value     = "root-12345"
  sensitive = true
}
output "made_of_a_secret" { value = { parts = [var.key] } }
output "nothing" { value = null }
"""


def test_an_apply_gives_outputs_and_its_plan(worker):
    """Each step is in the log; the state is that of the request; nothing is left on the worker."""
    outcome = worker.run(variables={"x": "{{fields.name}}"}, fields={"name": "orders"})

    assert ("completed", None) == (outcome.status, outcome.error)
    plan = {"added": 1, "changed": 0, "destroyed": 0}
    assert {"outputs": {"x": "orders"}, "plan": plan} == outcome.result.outputs
    assert [STATE] == state_names(worker.states)
    assert [
        ("terraform_change", {"resource": "terraform_data.it", "change": "create"}),
        ("terraform_planned", plan),
        ("terraform_resource", {"resource": "terraform_data.it", "change": "create", "state": "started"}),
        (
            "terraform_resource",
            {"resource": "terraform_data.it", "change": "create", "state": "completed", "seconds": 0},
        ),
        ("terraform_applied", plan),
    ] == worker.log.events[2:]
    assert [] == worker.left


def test_a_repeated_apply_changes_nothing(worker):
    """Terraform's state tells what is there."""
    worker.run(variables={"x": 1})

    outcome = worker.run(variables={"x": 1})

    assert {"outputs": {"x": 1}, "plan": {"added": 0, "changed": 0, "destroyed": 0}} == outcome.result.outputs
    assert [] == worker.events("terraform_applied")


def test_a_plan_changes_nothing(worker):
    """It tells what would be done."""
    outcome = worker.run(variables={"x": 1}, action="plan")

    assert {"outputs": {}, "plan": {"added": 1, "changed": 0, "destroyed": 0}} == outcome.result.outputs
    assert [] == worker.events("terraform_applied")


def undo(worker, config, rollback):
    """The outcome of an action's rollback, as the compiler and the host make it of both configs."""
    made = Terraform.undo_config(rollback, {"repository": worker.repository.url, **config})
    return worker.run(undo=True, **made)


@pytest.mark.parametrize("rollback", [{}, {"variables": {"action": "destroy"}}])
def test_an_undo_destroys_with_the_same_commit_variables_and_state(worker, rollback):
    """`rollback: {type: terraform}` is enough; the request's state goes as well."""
    config = {"branch": "main", "variables": {"x": "orders"}}
    worker.run(**config)
    commit = worker.stored["commit"]
    worker.repository.commit({"main.tf": 'resource "terraform_data" "another" {}\n'})

    outcome = undo(worker, config, rollback)

    assert {"outputs": {}, "plan": {"added": 0, "changed": 0, "destroyed": 1}} == outcome.result.outputs
    assert commit == worker.stored["commit"]
    assert [] == state_names(worker.states)


def test_an_undo_of_nothing_destroys_nothing(worker):
    """The action failed before it made anything."""
    outcome = undo(worker, {"variables": {"x": 1}}, {})

    assert {"outputs": {}, "plan": {"added": 0, "changed": 0, "destroyed": 0}} == outcome.result.outputs


def test_a_retry_uses_the_commit_of_the_first_try(worker):
    """Also where the branch has moved on since."""
    worker.run(variables={"x": 1})
    first, state = worker.stored["commit"], worker.state
    worker.repository.commit({"main.tf": ECHO + 'resource "terraform_data" "another" {}\n'})

    assert {"added": 0, "changed": 0, "destroyed": 0} == worker.run(state=state, variables={"x": 1}).result.outputs[
        "plan"
    ]
    assert first == worker.stored["commit"]
    assert 1 == worker.run(variables={"x": 1}).result.outputs["plan"]["added"]


def test_a_branch_a_tag_a_commit_and_either(worker):
    """Each names what is run; annotated tags too."""
    repository = worker.repository
    old = repository.commit({"main.tf": 'output "it" { value = "old" }\n'})
    repository.git("tag", "light")
    repository.git("tag", "--annotate", "heavy", "--message=x")
    repository.commit({"main.tf": 'output "it" { value = "new" }\n'})
    repository.git("branch", "next")
    repository.git("checkout", "--quiet", "next")
    repository.commit({"main.tf": 'output "it" { value = "next" }\n'})
    repository.git("checkout", "--quiet", "main")

    found = [
        worker.run(**ref).result.outputs["outputs"]["it"]
        for ref in (
            {},
            {"branch": "next"},
            {"tag": "light"},
            {"tag": "heavy"},
            {"commit": old},
            {"ref": "next"},
            {"ref": "heavy"},
            {"ref": old},
        )
    ]

    assert ["new", "next", "old", "old", "old", "next", "old", "old"] == found


def test_a_module_of_the_repository(worker):
    """Its outputs are the action's; what it calls sensitive, or makes of that, is secret."""
    worker.repository.commit({"modules/pg/cluster/main.tf": MODULE})

    outcome = worker.run(
        path="environments/{{fields.environment}}/databases",
        module="pg/cluster",
        variables={"name": "{{fields.name}}", "size": 3},
        fields={"environment": "production", "name": "orders"},
        sensitive_outputs=["address"],
    )

    assert {
        "address": "orders-3",
        "admin": "root-12345",
        "made_of_a_secret": {"parts": ["k-12345"]},
        "nothing": None,
    } == outcome.result.outputs["outputs"]
    assert {"outputs.address", "outputs.admin", "outputs.made_of_a_secret"} == outcome.result.sensitive
    assert {"orders-3", "root-12345", "k-12345"} <= set(worker.secrets.texts)
    assert "module.cluster.terraform_data.it" == worker.events("terraform_change")[0]["resource"]


def test_a_module_of_another_repository(worker, tmp_path):
    """By its git address; the root is generated where the path says."""
    other = Repository(tmp_path / "other.git")
    other.commit({"pg/main.tf": MODULE})

    outcome = worker.run(path="x", module=f"git::ssh://git@127.0.0.1{other.path}//pg", variables={"name": "a"})

    assert "terraform init failed: Failed to download module" in outcome.error.message
    assert 'module "pg"' in outcome.error.message


def test_sensitive_outputs_of_a_root(worker):
    """Terraform's own, the listed ones, and those whose name says so."""
    worker.repository.commit(
        {
            "main.tf": """
output "plain" { value = "a-12345" }
output "listed" { value = "b-12345" }
output "db_password" { value = "c-12345" }
output "own" {
  value     = "d-12345"
  sensitive = true
}
"""
        }
    )

    outcome = worker.run(sensitive_outputs=["listed", "gone"])

    assert {"outputs.listed", "outputs.db_password", "outputs.own"} == outcome.result.sensitive
    assert ["b-12345", "c-12345", "d-12345"] == sorted(text for text in worker.secrets.texts if len(text) == 7)
    assert [{"output": "gone", "outputs": "db_password, listed, own, plain"}] == worker.events(
        "terraform_no_such_output"
    )


VALUES = [7, -1.5, True, None, [], [1, "a", None], {"a": {"b": [True]}}, 12345678901234567890, "", "1"]


def test_variables_keep_their_types(worker):
    """As JSON, never as Terraform's own language."""
    worker.repository.commit({"main.tf": 'variable "x" {}\noutput "x" { value = jsonencode(var.x) }\n'})

    outcome = worker.run(variables={"x": "{{fields.x}}"}, fields={"x": VALUES})

    assert VALUES == json.loads(outcome.result.outputs["outputs"]["x"])


def test_a_backend_of_the_item(local_worker, tmp_path):
    """Its file is where the item says; the workspace is another state in it; no platform's database is needed."""
    backend = {"type": "local", "config": {"path": f"{tmp_path}/states/{{{{fields.name}}}}.tfstate"}}

    outcome = local_worker.run(backend=backend, variables={"x": 1}, fields={"name": "a$b"})
    again = local_worker.run(backend=backend, variables={"x": 1}, fields={"name": "a$b"})

    assert [1, 0] == [run.result.outputs["plan"]["added"] for run in (outcome, again)]
    assert "a$b.tfstate" in [file.name for file in (tmp_path / "states").iterdir()]


def test_a_workspace_of_the_items_backend(local_worker, tmp_path):
    """Made where it is missing."""
    backend = {"type": "local", "config": {"path": f"{tmp_path}/s.tfstate", "workspace_dir": f"{tmp_path}/spaces"}}
    local_worker.repository.commit({"main.tf": 'output "w" { value = terraform.workspace }\n'})

    outcome = local_worker.run(backend=backend, workspace="{{fields.name}}", fields={"name": "orders"})

    assert {"w": "orders"} == outcome.result.outputs["outputs"]
    assert ["orders"] == [entry.name for entry in (tmp_path / "spaces").iterdir()]


def test_a_backend_of_the_repository_is_replaced(worker, tmp_path):
    """A request has a state of its own; the log says so."""
    worker.repository.commit(
        {"backend.tf": f'terraform {{\n  backend "local" {{\n    path = "{tmp_path}/own.tfstate"\n  }}\n}}\n'}
    )

    assert "completed" == worker.run(variables={"x": 1}).status
    assert not (tmp_path / "own.tfstate").exists()
    assert ["local"] == [fields["backend"] for fields in worker.events("terraform_backend_replaced")]


def test_a_second_request_has_a_state_of_its_own(worker):
    """In the same schema, which is made once."""
    worker.run(variables={"x": 1})
    context = worker.context(request_id="r-2")
    run_action(Terraform(), {"repository": worker.repository.url, "variables": {"x": 1}}, context=context)

    assert [STATE, "r-2-create"] == state_names(worker.states)
    assert [("pao_terraform",)] == query(
        worker.states, "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'states'"
    )


def test_state_keeps_nothing_secret(worker):
    """It is not encrypted: a commit, and where it is from."""
    worker.run(variables={"x": "{{fields.p}}"}, fields={"p": "hunter22"})

    assert {"repository", "ref", "commit", "begun"} == worker.stored.keys()
    assert "hunter22" not in json.dumps(worker.state.saves)


def test_an_attempt_that_goes_on_knows_that_something_may_be_there(worker):
    """So that a failure before its apply is undone all the same."""
    state = MemoryState()
    worker.run(state=state, variables={"x": 1})
    worker.repository.git("checkout", "--quiet", "main")

    outcome = worker.run(state=state, variables={"y": 1})

    assert outcome.error.effect_possible
