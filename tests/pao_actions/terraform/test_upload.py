"""What Terraform Cloud is handed where an item names a repository: what the local runner would run."""

import asyncio
import io
import json
import subprocess
import tarfile

import pytest
from pao_actions.http_client import close_clients
from pao_actions.terraform.action import Terraform
from pao_actions.testing import MemoryLog, MemoryState, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.templates import Scope
from tests.fakes.terraform_cloud import TOKEN, Workspace, serving
from tests.pao_actions.dying_state import DyingState
from tests.pao_actions.terraform.conftest import BINARY, ECHO, needs_terraform

MODULE = {
    "modules/pg/main.tf": """
variable "name" {}
variable "secret" { sensitive = true }
resource "terraform_data" "it" { input = var.name }
output "name" { value = terraform_data.it.output }
output "secret" {
  value     = var.secret
  sensitive = true
}
"""
}


@pytest.fixture
def cloud():
    with serving() as fake:
        yield fake


class Host:
    """Runs actions on Terraform Cloud; `state` is that of the last one."""

    def __init__(self, cloud, folder, repository):
        self.connection = Connection(
            id="terraform_cloud_default",
            type="http",
            host=cloud.url,
            password=TOKEN,
            extra={"organization": "acme"},
        )
        self.folder = folder / "shared"
        self.repository = repository
        self.state = MemoryState()
        self.log = MemoryLog()

    def run(self, *, state=None, undone=None, fields=None, **config):
        self.state = state or MemoryState()
        known = {"runner": "cloud", "workspace": "new", "repository": self.repository.url}
        context = make_context(
            self.connection,
            state=self.state,
            log=self.log,
            options={"folder": str(self.folder)},
            undoing=undone is not None,
            undone=undone or {},
        )
        scope = Scope(fields=fields or {}, request={"id": "r-1"})
        return run_action(Terraform(), known | config, context=context, scope=scope)

    @property
    def left(self):
        return [entry.name for entry in (self.folder / "runs").glob("*")]


@pytest.fixture
def host(cloud, tmp_path, repository):
    return Host(cloud, tmp_path, repository)


def archive_of(cloud, number="run-1"):
    content = cloud.configurations[cloud.runs[number]["configuration"]]["archive"]
    return tarfile.open(fileobj=io.BytesIO(content), mode="r:gz")


def names(cloud, number="run-1"):
    with archive_of(cloud, number) as files:
        return sorted(entry.name.removeprefix("./") for entry in files if entry.isfile())


def test_the_repository_is_uploaded_for_the_run(cloud, host):
    """At its commit; nothing of git goes along, nothing is left behind, and no run begins by itself."""
    commit = host.repository.commit({"docs/a.md": "x"})

    outcome = host.run()

    assert "completed" == outcome.status, outcome.error
    assert ["docs/a.md", "main.tf"] == names(cloud)
    assert [] == host.left
    assert commit == host.state.saves[-1]["action"]["commit"]
    assert ["run-1"] == list(cloud.runs)


def test_a_workspace_without_a_configuration_of_its_own(cloud, host):
    """It needs the item's."""
    outcome = host.run(repository=None)

    assert (
        "the workspace 'new' has no configuration; name a 'repository', or connect the workspace with one in "
        "Terraform Cloud"
    ) == outcome.error.message
    assert {} == cloud.runs


def test_a_plan_is_uploaded_for_plans_only(cloud, host):
    """The workspace's present configuration stays what it is, also where that is a repository."""
    assert ["completed"] * 2 == [host.run(action="plan", workspace=name).status for name in ("new", "followed")]
    assert (None, "cv-own") == (cloud.workspaces["new"].configuration, cloud.workspaces["followed"].configuration)


@pytest.mark.parametrize(
    ("workspace", "config", "message"),
    [
        (
            Workspace("ws-9", follows="acme/infrastructure"),
            {},
            (
                "the workspace 'new' takes its configuration from acme/infrastructure, so none can be uploaded; leave "
                "'repository' out, or name a workspace without version control"
            ),
        ),
        (
            Workspace("ws-9", folder="envs/test"),
            {"path": "envs/production"},
            (
                "the workspace 'new' runs Terraform in 'envs/test', and 'path' is 'envs/production'; set its working "
                "directory to 'envs/production' in Terraform Cloud, or change 'path'"
            ),
        ),
        (
            Workspace("ws-9"),
            {"path": "envs"},
            (
                "the workspace 'new' runs Terraform in '.', and 'path' is 'envs'; set its working directory to 'envs' "
                "in Terraform Cloud, or change 'path'"
            ),
        ),
        (Workspace("ws-9"), {"branch": "mian"}, "{url} has no branch 'mian'; there are main"),
        (
            Workspace("ws-9", folder="docs"),
            {"path": "docs"},
            "the repository has no folder 'docs'",
        ),
        (
            Workspace("ws-9"),
            {"module": "pg"},
            (
                "'.' holds main.tf, so it is a root itself and can't call the module 'pg'; leave 'module' out, or "
                "choose a 'path' without Terraform files"
            ),
        ),
    ],
)
def test_what_can_not_be_uploaded(cloud, host, workspace, config, message):
    """Nothing is begun, and nothing left."""
    cloud.workspaces["new"] = workspace

    outcome = host.run(**config)

    assert message.format(url=host.repository.url) == outcome.error.message
    assert ("permanent", {}) == (outcome.error.kind, cloud.runs)
    assert 1 == len(cloud.configurations)


def test_a_link_that_leads_out_of_the_repository(cloud, host):
    """Terraform Cloud would take the archive, and then not be able to use it."""
    (host.repository.path / "there").symlink_to("/etc/hostname")
    (host.repository.path / "same").symlink_to("main.tf")
    host.repository.commit()

    assert (
        "the repository's link 'there' leads out of it, which Terraform Cloud does not take; remove it"
    ) == host.run().error.message


def test_what_terraform_cloud_can_not_unpack(cloud, host, monkeypatch):
    """It says why."""
    monkeypatch.setattr("pao_actions.terraform.upload.packed", lambda _: b"not an archive")

    outcome = host.run()

    assert (
        "Terraform Cloud can't use what was uploaded: unpacking failed: gzip: invalid header"
    ) == outcome.error.message
    assert {} == cloud.runs


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("POST .*configuration-versions", 429),
        ("POST .*configuration-versions", "lost"),
        ("PUT /upload/", 503),
        ("PUT /upload/", "lost"),
        ("GET .*configuration-versions/cv", 500),
        ("POST /api/v2/runs$", "lost"),
    ],
)
def test_an_upload_that_fails_for_now_is_tried_again(cloud, host, call, fault):
    """As a whole; only one run uses any of them."""
    cloud.faults.append((call, fault))

    outcome = host.run()

    assert ("completed", 2) == (outcome.status, outcome.attempts)
    assert ["run-1"] == list(cloud.runs)


def test_a_host_that_dies_after_the_checkout_uploads_the_same_commit(cloud, host):
    """Though the branch went on meanwhile; so does the undo."""
    first = host.repository.commit({"docs/first.md": "x"})
    state = DyingState(1, stored=True)
    with pytest.raises(SystemExit):
        host.run(state=state)
    host.repository.commit({"docs/second.md": "x"})

    assert "completed" == host.run(state=state).status
    assert ["docs/first.md", "main.tf"] == names(cloud)
    stored = state.saves[-1]["action"]
    undo = Terraform.undo_config({}, {"runner": "cloud", "workspace": "new", "repository": host.repository.url})
    assert first == stored["commit"]
    assert "completed" == host.run(undone=stored, **undo).status
    assert (True, ["docs/first.md", "main.tf"]) == (
        cloud.runs["run-2"]["attributes"]["is-destroy"],
        names(cloud, "run-2"),
    )


def test_a_module_s_outputs_are_the_action_s(cloud, host):
    """Those of the generated root hold them, with what is secret among them."""
    cloud.workspaces["new"] = Workspace("ws-9", configuration=None, folder="envs/new")
    host.repository.commit(MODULE)
    cloud.outputs = [
        {"name": "outputs", "sensitive": True, "value": {"name": "db", "address": "s-12345"}},
        {"name": "sensitive_outputs", "sensitive": False, "value": {"name": False, "address": True}},
    ]

    outcome = host.run(module="pg", path="envs/new", variables={"name": "db", "secret": "s-12345"})

    assert "completed" == outcome.status, outcome.error
    assert {"name": "db", "address": "s-12345"} == outcome.result.outputs["outputs"]
    assert {"outputs.address"} == outcome.result.sensitive
    assert ["envs/new/main.tf.json", "main.tf", "modules/pg/main.tf"] == names(cloud)


@needs_terraform
def test_what_is_uploaded_runs(cloud, host, tmp_path):
    """With the real Terraform in the workspace's folder, and the run's variables as it reads them."""
    cloud.workspaces["new"] = Workspace("ws-9", configuration=None, folder="envs/new")
    (host.repository.path / "main.tf").unlink()
    host.repository.commit(MODULE | {"elsewhere/main.tf": ECHO})
    name, wanted = 'a "b" ${c} {{d}}\n', {"name": "{{fields.name}}", "secret": "s-12345"}
    outcome = host.run(module="pg", path="envs/new", variables=wanted, fields={"name": name})
    with archive_of(cloud) as files:
        files.extractall(tmp_path / "there", filter="data")
    folder = tmp_path / "there" / "envs" / "new"
    variables = [f"{each['key']} = {each['value']}\n" for each in cloud.runs["run-1"]["attributes"]["variables"]]
    (folder / "run.auto.tfvars").write_text("".join(variables))

    def terraform(*command):
        done = subprocess.run([BINARY, *command, "-no-color"], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout

    terraform("init")
    terraform("apply", "-auto-approve")

    assert "completed" == outcome.status
    assert {"name": name, "secret": "s-12345"} == json.loads(terraform("output", "-json", "outputs"))


@pytest.fixture(autouse=True)
def _closed():
    yield
    asyncio.run(close_clients())
