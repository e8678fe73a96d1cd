"""Hostile values and hostile repositories: a value is a value, and nothing runs but what Terraform itself runs."""

import stat

import pytest
from pao_actions.terraform.backend import connection_string

from catalog_compiler.actions import Connection
from catalog_compiler.templates import EncodingError
from tests.pao_actions.hostile import HOSTILE
from tests.pao_actions.terraform.conftest import ECHO, Repository, needs_terraform, state_names

pytestmark = needs_terraform

VALUES = [
    *HOSTILE,
    "${var.x}",
    "$${x}",
    "%{ if true }yes%{ endif }",
    "<<EOT\nheredoc\nEOT",
    '"\n}\nresource "terraform_data" "evil" {}',
    "x" * 100_000,
    "\ufeffbom",
    "",
]


@pytest.mark.parametrize("module", [None, "echo"])
def test_every_value_arrives_as_it_is(worker, module):
    """As a variable of a root, and of a module that a generated root calls; alone, and inside a text."""
    worker.repository.commit({"modules/echo/main.tf": ECHO})
    config = {"module": module, "path": "generated"} if module else {}
    variables = {"x": {"alone": "{{fields.x}}", **{str(n): f"<{{{{fields.v{n}}}}}>" for n in range(len(VALUES))}}}
    fields = {"x": VALUES, **{f"v{n}": value for n, value in enumerate(VALUES)}}

    outcome = worker.run(variables=variables, fields=fields, env={"TOKEN": "t"}, **config)

    assert "completed" == outcome.status, outcome.error
    arrived = outcome.result.outputs["outputs"]["x"]
    assert VALUES == arrived.pop("alone")
    assert {str(n): f"<{value}>" for n, value in enumerate(VALUES)} == arrived
    assert 1 == outcome.result.outputs["plan"]["added"]


@pytest.mark.parametrize("key", ["path", "module", "key"])
@pytest.mark.parametrize("value", ["../../etc", "..", "a/b", "a\\b", "a\0b"])
def test_a_value_leads_to_no_other_folder_or_state(local_worker, key, value):
    """It is one segment of a path, or is refused."""
    config = (
        {"backend": {"type": "s3", "config": {"bucket": "b", "key": "x/{{fields.x}}"}}}
        if key == "key"
        else {key: "x/{{fields.x}}"}
    )

    with pytest.raises(EncodingError, match=r"the value of 'fields\.x' "):
        local_worker.run(fields={"x": value}, **config)


@pytest.mark.parametrize("value", ["a b", "${x}", "git::https://evil.example", "-", "a;id", "."])
def test_a_value_names_no_module_elsewhere(local_worker, tmp_path, value):
    """A folder below `modules/` alone."""
    backend = {"type": "local", "config": {"path": f"{tmp_path}/state"}}
    if value == "git::https://evil.example":
        with pytest.raises(EncodingError):
            local_worker.run(module="{{fields.x}}", path="new", fields={"x": value}, backend=backend)
        return
    if value == ".":
        with pytest.raises(EncodingError):
            local_worker.run(module="{{fields.x}}", path="new", fields={"x": value}, backend=backend)
        return

    outcome = local_worker.run(module="{{fields.x}}", path="new", fields={"x": value}, backend=backend)

    assert outcome.error.message.startswith(f"'{value}' is neither a name below 'modules/'")


@pytest.mark.parametrize("link", ["/", "../..", "/etc/passwd"])
@pytest.mark.parametrize("module", [None, "pg"])
def test_a_link_leads_nowhere(local_worker, tmp_path, link, module):
    """Neither a folder on the way, nor a module's."""
    repository = local_worker.repository
    (repository.path / "modules").mkdir()
    (repository.path / ("modules/pg" if module else "env")).symlink_to(link)
    repository.commit()
    config = {"module": module, "path": "new"} if module else {"path": "env"}

    outcome = local_worker.run(backend={"type": "local", "config": {"path": f"{tmp_path}/state"}}, **config)

    assert "which leads out of the repository; correct it" in outcome.error.message


def test_a_link_in_the_place_of_a_written_file_is_not_followed(local_worker, tmp_path):
    """What PAO writes it writes into its own folder alone."""
    outside = tmp_path / "outside"
    outside.write_text("as it was")
    (local_worker.repository.path / "~pao_override.tf.json").symlink_to(outside)
    (local_worker.repository.path / "errored.tfstate").symlink_to(outside)
    (local_worker.repository.path / ".terraform").symlink_to(tmp_path)
    local_worker.repository.commit()

    local_worker.run(backend={"type": "local", "config": {"path": f"{tmp_path}/state"}}, variables={"x": 1})

    assert "as it was" == outside.read_text()


def test_hooks_filters_and_submodules_do_nothing(worker, tmp_path):
    """They are of git, not of Terraform."""
    ran = tmp_path / "ran"
    other = Repository(tmp_path / "other")
    other.commit({"main.tf": ECHO})
    repository = worker.repository
    for hook in ("post-checkout", "post-index-change", "post-merge"):
        file = repository.path / ".git/hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch {ran}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", other.url, "sub")
    repository.commit({".gitattributes": "* filter=evil\n", ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:1\n"})
    ran.unlink(missing_ok=True)

    outcome = worker.run(variables={"x": 1})

    assert "completed" == outcome.status, outcome.error
    assert not ran.exists()


def test_nothing_secret_of_the_worker_reaches_a_repository(worker, monkeypatch):
    """Its code sees a path, a language, its own folders, and the credentials that the item names."""
    for name in ("AIRFLOW__PAO__FERNET_KEY", "AIRFLOW_CONN_X", "PAO_SECRET", "AWS_SECRET_ACCESS_KEY", "GIT_TOKEN"):
        monkeypatch.setenv(name, f"worker-{name}")
    monkeypatch.setenv("CLOUD_ROLE", "role-12345")
    provisioner = 'provisioner "local-exec" {\n    command = "env > $OUT"\n  }'
    worker.repository.commit({"main.tf": f'resource "terraform_data" "x" {{\n  {provisioner}\n}}\n'})
    out = worker.shared.parent / "seen"
    extra = {"inherit": ["CLOUD_ROLE"], "env": {"OUT": str(out)}}
    worker.connections += [
        Connection(id="cloud", type="aws", login="ak-12345", password="sk-12345", extra=extra),
        Connection(id="git", type="git", password="git-12345"),
    ]

    outcome = worker.run(credentials="cloud", connection="git")

    assert "completed" == outcome.status, outcome.error
    seen = dict(line.split("=", 1) for line in out.read_text().splitlines() if "=" in line)
    assert {
        "AWS_ACCESS_KEY_ID": "ak-12345",
        "AWS_SECRET_ACCESS_KEY": "sk-12345",
        "CLOUD_ROLE": "role-12345",
    }.items() <= (seen.items())
    assert "worker-" not in out.read_text()
    assert "git-12345" not in out.read_text()
    assert "ak-12345" in worker.secrets.texts
    allowed = {"PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_", "OUT", "CLOUD_ROLE"}
    assert {
        name
        for name in seen
        if name not in allowed and not name.startswith(("TF_", "AWS_", "PG_", "CHECKPOINT", "SSL_"))
    } <= {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "GIT_SSL_CAINFO"}


def test_credentials_of_git_stand_nowhere_on_disk(worker, tmp_path):
    """Neither in the clone, nor in what is left."""
    worker.connections.append(Connection(id="git", type="git", host=str(tmp_path), password="git-12345"))

    outcome = worker.run(connection="git", repository="repository", variables={"x": 1})

    assert "completed" == outcome.status, outcome.error
    found = [file for file in worker.shared.rglob("*") if file.is_file() and b"git-12345" in file.read_bytes()]
    assert [] == found


def test_a_database_password_with_quotes_is_one_value():
    """In the form of libpq's key and value pairs."""
    connection = Connection(
        id="s", type="postgres", host="db", port=5432, login="pao", password="a' host='evil \\", schema="pao"
    )

    assert r"host='db' port='5432' user='pao' password='a\' host=\'evil \\' dbname='pao'" == connection_string(
        connection
    )


def test_states_are_told_apart_by_request_and_action(worker):
    """Nothing that a requester writes names a state."""
    worker.run(variables={"x": 1}, fields={"x": "default"})

    assert ["0198c0de-0000-7000-8000-000000000001-create"] == state_names(worker.states)
