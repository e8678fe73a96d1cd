"""What is found wrong with a Terraform run before there is a request, in exactly these words."""

import pytest
from pao_actions.terraform.action import Terraform
from pao_actions.terraform.config import TerraformConfig

from catalog_compiler.actions import ConfigFacts
from catalog_compiler.encoding import Encoding

FACTS = ConfigFacts(field_types={"name": "string", "env": "selection"})
REPOSITORY = {"repository": "https://git.example.com/a/b.git"}
CLOUD = {"runner": "cloud", "workspace": "acme/orders"}

GOOD = [
    REPOSITORY,
    {"repository": "platform-infrastructure"},
    {"repository": "group/platform-infrastructure.git", "connection": "gitlab"},
    {"repository": "git@git.example.com:acme/infrastructure.git"},
    {"repository": "ssh://git@git.example.com:2222/acme/infrastructure.git"},
    {"repository": "/srv/git/infrastructure"},
    {"repository": "{{env.REPOSITORY}}", "branch": "env/{{fields.env}}"},
    REPOSITORY | {"tag": "{{header.version}}"},
    REPOSITORY | {"commit": "0123456789abcdef0123456789abcdef01234567"},
    REPOSITORY | {"path": "environments/{{fields.name}}/databases", "module": "{{fields.env}}"},
    REPOSITORY | {"module": "terraform-aws-modules/rds/aws", "module_version": "~> 6.1"},
    REPOSITORY | {"module": "registry.example.com:8443/acme/rds/aws"},
    REPOSITORY | {"module": "git::https://git.example.com/a.git//modules/pg?ref=v1.2"},
    REPOSITORY | {"module": "git::ssh://git@git.example.com/a.git"},
    REPOSITORY | {"module": "databases/pg"},
    REPOSITORY | {"variables": {"action": "{{fields.name}}", "a-b_c": [1, {"x": None}]}, "version": ">= 1.8, < 2"},
    REPOSITORY | {"backend": {"type": "gcs", "config": {"bucket": "b"}}, "workspace": "{{fields.name}}"},
    REPOSITORY | {"backend": {"type": "local", "config": {"path": "/states/{{fields.name}}"}}},
    CLOUD,
]


@pytest.mark.parametrize("config", GOOD)
def test_a_good_config_has_no_problem(config):
    """Templates may stand wherever they add no code."""
    assert [] == list(Terraform.check(config, FACTS))
    TerraformConfig.model_validate(config)


# Config, and the place and message of each problem.
BAD = [
    (
        {},
        [("", "'repository' is missing: the local runner needs one")],
    ),
    (
        {"repository": "ext::sh -c id"},
        [("repository", "'ext::sh -c id' is neither a git URL nor the name of a repository")],
    ),
    (
        {"repository": "ext://x/y"},
        [("repository", "a repository can't be fetched by 'ext'; write one of https, http, ssh, file")],
    ),
    (
        {"repository": "https://u:p@git.example.com/a"},
        [
            (
                "repository",
                "the repository's URL holds a user or a password; put them into an Airflow connection of type git",
            )
        ],
    ),
    (
        {"repository": "https://"},
        [("repository", "the repository's URL names no repository")],
    ),
    (
        {"repository": "-x"},
        [("repository", "'-x' is neither a git URL nor the name of a repository")],
    ),
    (
        {"repository": "../b"},
        [("repository", "'../b' is neither a git URL nor the name of a repository")],
    ),
    (
        {"repository": "https://git.example.com/{{fields.name}}"},
        [("repository", "'fields.name' decides which code is run")],
    ),
    (
        {"branch": "main", "tag": "v1"},
        [("tag", "'branch' says already what is run")],
    ),
    (
        {"commit": "abc"},
        [("commit", "'abc' is no commit")],
    ),
    (
        {"branch": "-f"},
        [("branch", "'-f' is no name of a branch in git")],
    ),
    (
        {"branch": "a..b"},
        [("branch", "'a..b' is no name of a branch in git")],
    ),
    (
        {"tag": "a b"},
        [("tag", "'a b' is no name of a tag in git")],
    ),
    (
        {"branch": "{{fields.name}}"},
        [("branch", "'fields.name' decides which code is run")],
    ),
    (
        {"path": "/etc"},
        [("path", "'/etc' is no path inside the repository")],
    ),
    (
        {"path": "a/../../b"},
        [("path", "'a/../../b' leads out of the repository")],
    ),
    (
        {"path": ""},
        [("path", "'path' is empty")],
    ),
    (
        {"path": "a\\b"},
        [("path", "'a\\b' is no path inside the repository")],
    ),
    (
        {"module": "./modules/pg"},
        [("module", "'./modules/pg' is a path; write the name of a folder below 'modules/', such as 'pg'")],
    ),
    (
        {"module": "git::http://x/y"},
        [("module", "'git::http://x/y' is no git address; write 'git::https://host/repository.git//folder'")],
    ),
    (
        {"module": "git::https://u:p@h/y"},
        [("module", "the module's address holds a password; put it into the git connection")],
    ),
    (
        {"module": "a b"},
        [
            (
                "module",
                (
                    "'a b' is neither a name below 'modules/', nor a registry address such as "
                    "'terraform-aws-modules/rds/aws', nor a git address such as 'git::https://host/repository.git//folder'"
                ),
            )
        ],
    ),
    (
        {"module": "pg", "module_version": "1.0"},
        [("module_version", "'module_version' is for modules of a registry, and 'pg' is none")],
    ),
    (
        {"module_version": "1.0"},
        [("module_version", "'module_version' without 'module' has no meaning")],
    ),
    (
        {"module": "a/b/c", "module_version": "latest"},
        [("module_version", "'latest' is no version constraint")],
    ),
    (
        {"variables": {"1x": 1}},
        [("variables/1x", "'1x' is no name of a variable")],
    ),
    (
        {"module": "pg", "variables": {"source": "x"}},
        [("variables/source", "'source' is Terraform's own word in a module's call")],
    ),
    (
        {"variables": {"action": "destroy"}},
        [("variables/action", "'action: destroy' among the variables is for rollbacks")],
    ),
    (
        {"version": "new"},
        [("version", "'new' is no version constraint")],
    ),
    (
        {"cloud_connection": "x"},
        [("cloud_connection", "'cloud_connection' is for 'runner: cloud'")],
    ),
    (
        {"workspace": "x"},
        [("workspace", "'workspace' needs a 'backend' or 'runner: cloud'")],
    ),
    (
        {"backend": {"type": "local", "config": {"path": "state"}}},
        [("backend/config/path", "the state would be lost with the run's folder")],
    ),
    (
        {"backend": {"type": "local"}},
        [("backend/config", "the state would be lost with the run's folder")],
    ),
    (
        {"backend": {"type": "s3", "config": {"bucket": "b"}}},
        [("backend/config", "the backend 's3' needs 'key'")],
    ),
    (
        {"backend": {"type": "http", "config": {"address": "http://x"}}, "workspace": "a"},
        [("workspace", "the backend 'http' has no workspaces")],
    ),
    (
        {"backend": {"type": "pg", "config": {"conn_str": "x"}}, "workspace": "a b"},
        [("workspace", "'a b' is no name of a workspace")],
    ),
    (
        {"runner": "cloud"},
        [("", "'workspace' is missing: 'runner: cloud' needs one")],
    ),
    (
        {"runner": "cloud", "workspace": "a/b/c"},
        [("workspace", "'a/b/c' is no name of a workspace")],
    ),
    (
        {"runner": "cloud", "workspace": "a", "path": "x"},
        [("path", "'path' needs a 'repository'")],
    ),
    (
        {"runner": "cloud", "workspace": "a", "connection": "g"},
        [("connection", "'connection' needs a 'repository'")],
    ),
    (
        {"runner": "cloud", "workspace": "a", "repository": "ftp://x/y", "credentials": "aws"},
        [
            ("repository", "a repository can't be fetched by 'ftp'; write one of https, http, ssh, file"),
            ("credentials", "'credentials' is for the local runner"),
        ],
    ),
    (
        {"runner": "cloud", "workspace": "a", "repository": "x", "branch": "main", "tag": "v1", "path": "../x"},
        [("tag", "'branch' says already what is run"), ("path", "'../x' leads out of the repository")],
    ),
    ({"runner": "cloud", "workspace": "a", "repository": "x", "module": "pg", "path": "envs/x"}, []),
]


@pytest.mark.parametrize(("config", "problems"), BAD)
def test_a_bad_config(config, problems):
    """Each problem at its place."""
    alone = "repository" in config or "runner" in config or not config
    found = Terraform.check(config if alone else REPOSITORY | config, FACTS)

    assert problems == [("/".join(map(str, problem.path)), problem.message) for problem in found]


def test_a_destroying_variable_is_a_rollbacks():
    """There it means what to do, and is no variable."""
    undoing = ConfigFacts(field_types={}, undoing=True)

    assert [] == list(Terraform.check(REPOSITORY | {"variables": {"action": "destroy"}}, undoing))


def test_where_it_runs():
    """A process needs a worker; a run elsewhere is only waited for."""
    assert "worker" == Terraform.runs_on(REPOSITORY)
    assert "triggerer" == Terraform.runs_on(CLOUD)
    assert {"outputs", "plan"} == Terraform.outputs(REPOSITORY)
    assert {"outputs", "plan", "run_url"} == Terraform.outputs(CLOUD)


@pytest.mark.parametrize(
    ("path", "encoding", "literal"),
    [
        (("path",), Encoding.SEGMENT, False),
        (("module",), Encoding.SEGMENT, False),
        (("workspace",), Encoding.SEGMENT, False),
        (("backend", "config", "key"), Encoding.SEGMENT, False),
        (("variables", "x"), Encoding.VALUE, False),
        (("branch",), Encoding.VALUE, False),
        (("backend", "type"), Encoding.VALUE, True),
        (("connection",), Encoding.VALUE, True),
        (("credentials",), Encoding.VALUE, True),
        (("runner",), Encoding.VALUE, True),
        (("action",), Encoding.VALUE, True),
        (("sensitive_outputs", 0), Encoding.VALUE, True),
    ],
)
def test_how_values_are_written(path, encoding, literal):
    """What names a folder or a state is a path; what decides how it runs takes no template."""
    assert (encoding, literal) == (Terraform.encoding(path, {}), Terraform.literal(path))


APPLY = {"repository": "r", "branch": "main", "path": "p", "variables": {"a": 1, "action": "keep"}}


@pytest.mark.parametrize(
    ("rollback", "undone", "expected"),
    [
        ({}, APPLY, APPLY | {"action": "destroy"}),
        ({"variables": {"action": "destroy"}}, APPLY, APPLY | {"action": "destroy"}),
        ({"variables": {"a": 2}}, APPLY, APPLY | {"action": "destroy", "variables": {"a": 2, "action": "keep"}}),
        ({"action": "plan"}, APPLY, APPLY | {"action": "plan"}),
        (
            {"tag": "v1"},
            APPLY,
            {"repository": "r", "tag": "v1", "path": "p", "variables": APPLY["variables"], "action": "destroy"},
        ),
        (
            {"repository": "q"},
            APPLY | {"connection": "c"},
            {"repository": "q", "path": "p", "variables": APPLY["variables"], "action": "destroy"},
        ),
        ({}, {"repository": "r"}, {"repository": "r", "action": "destroy"}),
        ({"repository": "r"}, None, {"repository": "r"}),
        ({"repository": "r", "variables": {"action": "destroy"}}, None, {"repository": "r", "action": "destroy"}),
    ],
)
def test_what_a_rollback_runs(rollback, undone, expected):
    """That of an action of this type destroys with its config; any other does what it says."""
    assert expected == dict(Terraform.undo_config(rollback, undone))
