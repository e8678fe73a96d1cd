"""The examples of the types that work with other systems do what they say: only the systems' addresses are others."""

from __future__ import annotations

from pao_actions.testing import FakeClock, MemorySignals, make_context, run_action

from catalog_compiler.actions import Connection, action_type
from catalog_compiler.templates import Scope
from tests.fakes import github, jira
from tests.object_stores import SECRET, s3_server
from tests.pao_actions.terraform.conftest import Repository, Worker, needs_terraform
from tests.pao_actions.terraform.test_backends import S3
from tests.pao_docs.test_action_types import SCOPE, examples

CLUSTER = """
variable "cluster_name" { type = string }
variable "backup_retention" { type = number }
resource "terraform_data" "cluster" { input = "${var.cluster_name} keeps ${var.backup_retention}" }
output "cluster" { value = terraform_data.cluster.output }
"""


def test_the_example_of_jira_ticket_does_what_it_says():
    """As it stands."""
    with jira.fake_jira(cloud=True) as running:
        connection = Connection(id="jira_default", type="jira", host=running.url, login=jira.EMAIL, password=jira.TOKEN)
        scope = Scope(fields=SCOPE.fields, header={"owner": "platform"}, request=SCOPE.request)
        outcome = run_action(
            action_type("jira-ticket")(), examples()["jira-ticket"]["config"], scope=scope,
            context=make_context(connection),
        )  # fmt: skip
        (ticket,) = running.issues.values()

    assert ("completed", "PLATFORM-1") == (outcome.status, outcome.result.outputs["key"])
    assert "Provide orders in production" == ticket["fields"]["summary"]
    assert {"platform-automation", "production"} <= set(ticket["fields"]["labels"])


def test_the_example_of_github_workflow_does_what_it_says():
    """As it stands."""
    clock = FakeClock()
    with github.serving(github.GitHubFake(now=clock.now)) as running:
        inputs = {name: {"required": True} for name in ("app_name", "environment", "pao_id")}
        running.workflow("example/platform-deployments", "deploy-application.yml", inputs=inputs)
        connection = Connection(id="github_default", type="github", host=running.url, password=github.TOKEN)
        outcome = run_action(
            action_type("github-workflow")(), examples()["github-workflow"]["config"], scope=SCOPE, clock=clock,
            context=make_context(connection, clock=clock, signals=MemorySignals(clock)),
        )  # fmt: skip
        (run,) = running.runs.values()

    assert ("completed", "success") == (outcome.status, outcome.result.outputs["conclusion"])
    assert {"app_name": "orders", "environment": "production"}.items() <= run.inputs.items()


@needs_terraform
def test_the_example_of_terraform_does_what_it_says(tmp_path):
    """Its repository and its S3 are the test's."""
    repository = Repository(tmp_path / "infrastructure")
    repository.commit(
        {
            "modules/postgresql-cluster/main.tf": CLUSTER,
            "environments/production/databases/README.md": "Terraform's root",
        }
    )
    worker = Worker(tmp_path, None, repository)
    config = examples()["terraform"]["config"]
    with s3_server("terraform-state-production") as store:
        reached = {**S3(store).backend["config"], **config["backend"]["config"]}
        outcome = worker.run(
            fields=SCOPE.fields,
            env={"SECRET": SECRET},
            **{**config, "repository": repository.url, "backend": {"type": "s3", "config": reached}},
        )
        states = store.names()

    assert "completed" == outcome.status, outcome
    assert "orders-production keeps 7" == outcome.result.outputs["outputs"]["cluster"]
    assert ["databases/orders/r-1/terraform.tfstate"] == states
