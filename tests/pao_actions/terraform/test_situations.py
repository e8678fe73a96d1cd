"""What goes wrong on a worker, and the sentence that tells of it."""

import shutil

import pytest

from catalog_compiler.actions import Connection
from catalog_compiler.plan import RetryPlan
from tests.pao_actions.terraform.conftest import BINARY, ECHO, needs_terraform

pytestmark = needs_terraform

NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=0)
ROOT = {"main.tf": ECHO}


def program(folder, *lines):
    """A script that stands for Terraform."""
    file = folder / "program"
    file.write_text("\n".join(("#!/bin/sh", *lines, "")))
    file.chmod(0o755)
    return str(file)


def git(**more):
    return Connection(**({"id": "git_default", "type": "git"} | more))


def creds(**more):
    return Connection(**({"id": "cloud", "type": "generic"} | more))


# Before Terraform: files of the repository, config, connections, message.
BEFORE = [
    (ROOT, {"branch": "mian"}, [], "{url} has no branch 'mian'; there are main"),
    (ROOT, {"tag": "v1"}, [], "{url} has no tag 'v1'; there are main"),
    (ROOT, {"ref": "zzz"}, [], "{url} has no ref 'zzz'; there are main"),
    (
        ROOT,
        {"commit": "0123456789abcdef0123456789abcdef01234567"},
        [],
        "{url} has no commit 0123456789abcdef0123456789abcdef01234567; was it pushed, or its branch rewritten?",
    ),
    (
        ROOT,
        {"repository": "/nowhere/at/all"},
        [],
        (
            "/nowhere/at/all can't be read: fatal: '/nowhere/at/all' does not appear to be a git repository "
            "fatal: Could not "
            "read from remote repository.; check the repository's name, and the connection's credentials"
        ),
    ),
    (
        ROOT,
        {"repository": "infrastructure"},
        [],
        "connection 'git_default' does not exist; create it in Airflow",
    ),
    (
        ROOT,
        {"repository": "infrastructure"},
        [git()],
        (
            "'infrastructure' is a name, and connection 'git_default' has no host to complete it; give the "
            "connection a host "
            "such as 'https://github.com/acme', or write the repository's URL"
        ),
    ),
    (
        ROOT,
        {"connection": "git_default", "repository": "https://evil.example.com/a"},
        [git(host="https://git.example.com/acme", password="t-12345")],
        (
            "the repository is on another host than connection 'git_default', whose credentials must not go "
            "there; write its "
            "name, or name another connection"
        ),
    ),
    (
        ROOT,
        {"repository": "a"},
        [git(host="ssh://git@git.example.com", extra={"private_key": "k", "private_key_passphrase": "p"})],
        "connection 'git_default' has a key with a passphrase; give Terraform's a key without one",
    ),
    (
        ROOT,
        {"repository": "a"},
        [git(host="ssh://git@git.example.com", extra={"strict_host_key_checking": "maybe"})],
        "connection 'git_default': 'strict_host_key_checking' is 'maybe'; write one of accept-new, no, off, yes",
    ),
    (
        ROOT | {"environments/production/main.tf": ECHO},
        {"path": "environments/{{fields.x}}"},
        [],
        "the repository has no folder 'environments/prodution'; there are production",
    ),
    (ROOT, {"path": "main.tf"}, [], "'path' is 'main.tf', which is a file; name the folder that it is in"),
    (
        {"docs/README": "x"},
        {"path": "docs"},
        [],
        "'docs' holds no Terraform files; correct 'path', or name a 'module'",
    ),
    (
        ROOT | {"modules/pg/main.tf": ECHO},
        {"module": "pg"},
        [],
        (
            "'.' holds main.tf, so it is a root itself and can't call the module 'pg'; leave 'module' out, or "
            "choose a 'path' "
            "without Terraform files"
        ),
    ),
    (
        ROOT | {"modules/postgres/main.tf": ECHO},
        {"module": "postgress", "path": "new"},
        [],
        "the repository has no module 'postgress' below 'modules/'; there are postgres",
    ),
    (
        ROOT | {"modules/pg/main.tf": ECHO, "env/terraform.tfvars": "x = 1"},
        {"module": "pg", "path": "env"},
        [],
        (
            "'env' holds terraform.tfvars, whose values a generated root does not pass on to its module; write "
            "them under "
            "'variables', or call the module from a root of your own"
        ),
    ),
    (
        {"~pao_override.tf.json": "{}"},
        {},
        [],
        "the repository holds '~pao_override.tf.json', a name that PAO writes itself; rename it",
    ),
    (ROOT, {"credentials": "cloud"}, [], "connection 'cloud' does not exist; create it in Airflow"),
    (
        ROOT,
        {"credentials": "cloud"},
        [creds()],
        (
            "connection 'cloud' holds no credentials for Terraform; put environment variables into its extra, as in "
            '{{"env": {{"NAME": "value"}}}}'
        ),
    ),
    (
        ROOT,
        {"credentials": "cloud"},
        [creds(extra={"env": {"TF_LOG": "trace"}})],
        "connection 'cloud' sets 'TF_LOG', which Terraform must not get from there; take it out",
    ),
    (
        ROOT,
        {"credentials": "cloud"},
        [creds(extra={"env": ["A"]})],
        "connection 'cloud': 'env' of its extra is not an object of texts; correct it",
    ),
    (
        ROOT,
        {"credentials": "cloud"},
        [creds(extra={"inherit": "HOME"})],
        "connection 'cloud': 'inherit' of its extra is not a list of names; correct it",
    ),
]


@pytest.mark.parametrize(("files", "config", "connections", "message"), BEFORE)
def test_before_terraform_begins(local_worker, tmp_path, files, config, connections, message):
    """Nothing was made, and nothing is tried again."""
    if "main.tf" not in files:
        (local_worker.repository.path / "main.tf").unlink()
    local_worker.repository.commit(files)
    local_worker.connections += connections
    backend = {"type": "local", "config": {"path": f"{tmp_path}/state"}}

    outcome = local_worker.run(fields={"x": "prodution"}, backend=backend, **config)

    assert message.format(url=local_worker.repository.url) == outcome.error.message
    assert ("permanent", False, 1) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)
    assert [] == local_worker.left


def test_without_a_place_for_states(local_worker):
    """The operator is told what to make."""
    assert (
        "the item names no 'backend', and the platform's own place for states can't be used: connection "
        "'states' does not "
        "exist; create it in Airflow"
    ) == local_worker.run().error.message
    local_worker.connections = [Connection(id="states", type="postgres")]
    assert (
        "connection 'states' has no host; give it that of a PostgreSQL database"
    ) == local_worker.run().error.message


@pytest.mark.parametrize(
    ("lines", "config", "message"),
    [
        (
            None,
            {},
            (
                "this worker has no {program}; put Terraform or OpenTofu into the worker's image, or name it by [pao] "
                "terraform_binary"
            ),
        ),
        (["echo hello"], {}, "'{program}' is no Terraform: 'version -json' gives no version"),
        (["echo '{{}}'"], {}, "'{program}' is no Terraform: 'version -json' gives no version"),
        (["echo Oh no >&2; exit 1"], {}, "terraform version failed: Oh no"),
        (
            ["""echo '{{"terraform_version": "1.4.9"}}'"""],
            {},
            "terraform 1.4.9 is too old; 1.5.0 or newer is needed",
        ),
        (
            ["""echo '{{"terraform_version": "1.9.0"}}'"""],
            {"version": "~> 1.11"},
            "this worker has terraform 1.9.0, and 'version' asks for '~> 1.11'; change one of them",
        ),
        (
            ["""echo '{{"terraform_version": "1.9.0"}}'"""],
            {"version": "{{fields.x}}"},
            "'version': 'x' is no version constraint",
        ),
    ],
)
def test_a_program_that_will_not_do(local_worker, tmp_path, lines, config, message):
    """Found before anything is fetched."""
    missing = tmp_path / "program"
    local_worker.options["binary"] = program(tmp_path, *[line.format() for line in lines]) if lines else str(missing)
    backend = {"type": "local", "config": {"path": f"{tmp_path}/state"}}

    outcome = local_worker.run(backend=backend, fields={"x": "x"}, **config)

    assert message.format(program=missing) == outcome.error.message


def test_opentofu_runs_where_it_is_the_one_that_is_installed(local_worker, tmp_path, monkeypatch):
    """By its name alone. OpenTofu itself can't be had in every place of test: here Terraform stands for it."""
    (tmp_path / "bin").mkdir()
    for name in ("git", "sh", "cat"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    tofu = tmp_path / "bin" / "tofu"
    tofu.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/called\nexec {BINARY} "$@"\n')
    tofu.chmod(0o755)
    monkeypatch.setenv("PATH", str(tofu.parent))
    del local_worker.options["binary"]
    backend = {"type": "local", "config": {"path": f"{tmp_path}/state"}}

    outcome = local_worker.run(backend=backend, variables={"x": 1})

    assert ({"x": 1}, None) == (outcome.result.outputs["outputs"], outcome.error)
    assert ["version", "init", "plan", "show", "apply", "output"] == (tmp_path / "called").read_text().split()


# What Terraform itself refuses: the configuration, config, start of the message, effect possible.
REFUSED = [
    ('resource "x" {', {}, "terraform init failed: Unclosed configuration block", False),
    (
        'variable "size" {}',
        {"variables": {"sise": 1}},
        'terraform plan failed: No value for required variable: The root module input variable "size" is not set',
        False,
    ),
    (
        'variable "size" { default = 1 }',
        {"variables": {"sise": 2}},
        "'.' declares no variable 'sise'; did you mean 'size'?",
        False,
    ),
    ('output "x" { value = 1 }', {"variables": {"y": 2}}, "'.' declares no variable 'y'; there are none", False),
    (
        'variable "n" { type = number }',
        {"variables": {"n": "many"}},
        "terraform plan failed: Invalid value for input variable: ",
        False,
    ),
    (
        'terraform { required_version = "> 99" }',
        {},
        "terraform init failed: Unsupported Terraform Core version",
        False,
    ),
    (
        'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "echo no >&2; exit 3"\n  }\n}',
        {},
        (
            "terraform apply failed: local-exec provisioner error: Error running command 'echo no >&2; exit 3': "
            "exit status 3. Output: no (main.tf line 2)"
        ),
        True,
    ),
    (
        (
            'output "x" {\n  value = 1\n  precondition {\n    condition     = var.v == 2\n'
            '    error_message = "never"\n  }\n}\nvariable "v" { default = 1 }'
        ),
        {},
        "terraform plan failed: Module output value precondition failed: never (main.tf line 4)",
        False,
    ),
]


@pytest.mark.parametrize(("text", "config", "message", "effect"), REFUSED)
def test_what_terraform_refuses(local_worker, tmp_path, text, config, message, effect):
    """In its own words, with their place; only a failed apply may have had an effect."""
    local_worker.repository.commit({"main.tf": text})
    backend = {"type": "local", "config": {"path": f"{tmp_path}/state"}}

    outcome = local_worker.run(backend=backend, **config)

    assert message == outcome.error.message[: len(message)]
    assert ("permanent", effect) == (outcome.error.kind, outcome.error.effect_possible)


def test_a_database_that_is_away_may_be_back_later(local_worker):
    """The time between tries is the policy's."""
    local_worker.connections = [
        Connection(id="states", type="postgres", host="127.0.0.1", port=1, login="pao", password="pw-12345")
    ]

    outcome = local_worker.run(retry=RetryPlan(attempts=1, delay=5, max_delay=5))

    assert ("temporary", 2) == (outcome.error.kind, outcome.attempts)
    assert "connect: connection refused" in outcome.error.message
    assert "pw-12345" in local_worker.secrets.texts


def test_a_git_host_that_is_away_may_be_back_later(local_worker, tmp_path):
    """The same."""
    backend = {"type": "local", "config": {"path": f"{tmp_path}/state"}}

    outcome = local_worker.run(repository="http://127.0.0.1:1/a.git", backend=backend, retry=NO_RETRY)

    assert "temporary" == outcome.error.kind
    assert outcome.error.message.startswith(
        "http://127.0.0.1:1/a.git can't be read: fatal: unable to access 'http://127.0.0.1:1/a.git/'"
    )
