"""What is wrong with a config is said at validation, as far as it can be known there."""

import pytest
from pao_actions.github.workflow import GithubWorkflow

from catalog_compiler.actions import ConfigFacts
from catalog_compiler.checks.configs import check_config
from catalog_compiler.templates import Scope
from tests.pao_actions.github.conftest import CONFIG

FACTS = ConfigFacts(field_types={"env": "selection", "name": "string"})
REPOSITORY = (
    "'repository': write 'owner/name', or the name alone where the connection names the owner; letters, digits, '.', "
    "'-' and '_' only"
)
WORKFLOW = "'workflow_id': write the name of the workflow's file, as in 'deploy.yml' and without folders, or its number"
REF = "'ref': write the name of a branch or tag, as git allows it"
CHOICE = "use constants, 'header.*', 'env.*' or fields of type selection"

BAD = [
    ({"repository": ""}, REPOSITORY),
    ({"repository": "a/b/c"}, REPOSITORY),
    ({"repository": "../x"}, REPOSITORY),
    ({"repository": "acme/.."}, REPOSITORY),
    ({"repository": "acme/."}, REPOSITORY),
    ({"repository": "acme/x y"}, REPOSITORY),
    ({"repository": "https://github.com/acme/x"}, REPOSITORY),
    ({"repository": "acme/x?ref=1"}, REPOSITORY),
    ({"repository": "acme/x\n"}, REPOSITORY),
    ({"repository": "-acme/x"}, REPOSITORY),
    ({"repository": 5}, "'repository' must be text, and it is 5"),
    ({"repository": None}, "'repository' must be text, and it is empty"),
    ({"workflow_id": ""}, WORKFLOW),
    ({"workflow_id": "deploy"}, WORKFLOW),
    ({"workflow_id": ".github/workflows/deploy.yml"}, WORKFLOW),
    ({"workflow_id": "../deploy.yml"}, WORKFLOW),
    ({"workflow_id": "..\\deploy.yml"}, WORKFLOW),
    ({"workflow_id": 0}, WORKFLOW),
    ({"workflow_id": -1}, WORKFLOW),
    ({"workflow_id": True}, "'workflow_id' must be text, and it is true"),
    ({"ref": ""}, REF),
    ({"ref": "a b"}, REF),
    ({"ref": "a..b"}, REF),
    ({"ref": "/main"}, REF),
    ({"ref": "main.lock"}, REF),
    ({"ref": "main\n"}, REF),
    ({"ref": "x" * 256}, REF),
    ({"inputs": []}, "'inputs' must be a mapping, and it is a list"),
    (
        {"inputs": {"a b": "x"}},
        (
            "'inputs': the input 'a b' can't exist; an input's name has letters, digits, '-' and '_', and begins "
            "with a "
            "letter or '_'"
        ),
    ),
    (
        {"inputs": {str(f"i{number}"): "" for number in range(26)}},
        "'inputs': GitHub takes 25 inputs at most, and there are 26; join some as JSON",
    ),
    (
        {"inputs": {"a": "x" * 65_535}},
        "'inputs': GitHub takes 65535 characters of inputs at most, and there are 65536; shorten them",
    ),
    ({"wait": "perhaps"}, "'wait' must be true or false, and it is 'perhaps'"),
    ({"timeout": 0}, "'timeout' must be more than 0.0, and it is 0"),
    ({"timeout": 4_000_000}, "'timeout' must be at most 3024000.0, and it is 4000000"),
    ({"timeout": "{{fields.name}}"}, "'timeout' is never templated; write it out"),
    ({"wait": "{{fields.name}}"}, "'wait' is never templated; write it out"),
    ({"connection": "{{fields.name}}"}, "'connection' is never templated; write it out"),
    ({"correlation_input": "{{fields.name}}"}, "'correlation_input' is never templated; write it out"),
    (
        {"wait": False, "timeout": 60},
        "'timeout' limits the wait for the run's end, and 'wait' is false (take one of them out)",
    ),
    (
        {"correlation_input": "a b"},
        "'correlation_input': an input's name has letters, digits, '-' and '_', and begins with a letter or '_'",
    ),
    (
        {"correlation_input": "name"},
        (
            "the input 'name' takes the id that 'correlation_input' asks for (take it out of 'inputs', or name another "
            "input)"
        ),
    ),
    (
        {"correlation_input": "pao_id", "inputs": {f"i{number}": "" for number in range(25)}},
        "GitHub takes 25 inputs at most, and with this one there are 26 (join some of the inputs as JSON)",
    ),
    ({"repository": "acme/{{fields.name}}"}, f"'fields.name' decides which workflow is started ({CHOICE})"),
    ({"repository": "{{request.user.name}}/x"}, f"'request.user.name' decides which workflow is started ({CHOICE})"),
    ({"workflow_id": "{{response.a.b}}"}, f"'response.a.b' decides which workflow is started ({CHOICE})"),
    (
        {"branch": "main"},
        (
            "'branch' is not a key of this config (there are connection, correlation_input, inputs, ref, repository, "
            "timeout, wait, workflow_id)"
        ),
    ),
    ({"input": {}}, "'input' is not a key of this config (did you mean 'inputs'?)"),
]


def found(config, facts=FACTS):
    """The messages, with their hints."""
    return [
        f"{one.message} ({one.hint})" if one.hint else one.message
        for one in check_config(GithubWorkflow, config, (), facts)
    ]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_bad_config_is_told(change, message):
    """Each problem once, in its own words."""
    assert [message] == found({**CONFIG, **change})


@pytest.mark.parametrize("key", ["repository", "workflow_id", "ref"])
def test_a_missing_key_is_told(key):
    """These three are needed."""
    config = {name: value for name, value in CONFIG.items() if name != key}

    assert [f"the key '{key}' is missing here; add it"] == found(config)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"repository": "deployments"},
        {"repository": "Acme-2/x.y_z-1"},
        {"repository": "acme_corp/x"},
        {"repository": "acme/.github"},
        {"repository": "acme/deploy-{{fields.env}}"},
        {"repository": "{{env.OWNER}}/{{header.id}}"},
        {"workflow_id": "deploy-{{fields.env}}.yml"},
        {"workflow_id": 123},
        {"workflow_id": "123"},
        {"workflow_id": "Deploy all.yaml"},
        {"ref": "refs/heads/feature/x"},
        {"ref": "{{fields.name}}"},
        {"ref": "v1.2.3"},
        {"inputs": {}},
        {"inputs": {"a": "{{fields.name}}", "b-c": True, "_d": 1.5, "e": None, "f": [1]}},
        {"wait": False},
        {"wait": True, "timeout": 60},
        {"timeout": 0.5},
        {"correlation_input": "pao_id"},
    ],
)
def test_a_good_config_has_no_problem(change):
    """What GitHub takes."""
    assert [] == found({**CONFIG, **change})


def test_the_specifications_example_has_no_problem():
    """A repository by its name alone, and a value for each input."""
    names = ("app_name", "environment", "image_tag", "cpu_request", "memory_request")
    config = {
        "repository": "platform-deployments",
        "workflow_id": "deploy-application.yml",
        "ref": "main",
        "inputs": {name: f"{{{{fields.{name}}}}}" for name in names},
    }

    assert [] == found(config, ConfigFacts(field_types=dict.fromkeys(names, "string")))


@pytest.mark.parametrize(
    ("undone", "expected"),
    [
        (None, {"workflow_id": "destroy.yml", "ref": "v2"}),
        (
            {**CONFIG, "connection": "other", "timeout": 5, "correlation_input": "pao_id"},
            {"workflow_id": "destroy.yml", "ref": "v2", "repository": "acme/deployments", "connection": "other"},
        ),
    ],
)
def test_a_rollback_is_where_the_action_is(undone, expected):
    """Unless it says otherwise; what it starts, and with which inputs, it must say itself."""
    assert expected == GithubWorkflow.undo_config({"workflow_id": "destroy.yml", "ref": "v2"}, undone)


BAD_VALUES = [
    ({"repository": "{{fields.x}}"}, "acme/../other", REPOSITORY),
    ({"repository": "acme/{{fields.x}}"}, "..", REPOSITORY),
    ({"repository": "acme/{{fields.x}}"}, "x/actions/workflows/other.yml", REPOSITORY),
    ({"repository": "acme/{{fields.x}}"}, "x#", REPOSITORY),
    ({"repository": "acme/{{fields.x}}"}, "%2e%2e", REPOSITORY),
    ({"repository": "acme/{{fields.x}}"}, "", REPOSITORY),
    ({"workflow_id": "{{fields.x}}"}, "../../other.yml", WORKFLOW),
    ({"workflow_id": "{{fields.x}}"}, "a/dispatches?x=.yml", WORKFLOW),
    ({"workflow_id": "{{fields.x}}"}, "a\r\nX-Evil: 1.yml", WORKFLOW),
    ({"ref": "{{fields.x}}"}, "main\n", REF),
    ({"ref": "{{fields.x}}"}, "", REF),
    ({"ref": "{{fields.x}}"}, "../main", REF),
]


@pytest.mark.parametrize(("change", "value", "message"), BAD_VALUES)
def test_a_value_that_can_be_none_is_refused_before_anything_is_sent(cloud, change, value, message):
    """By the name of the key; the value, which may be secret, is not told."""
    outcome = cloud.run({**CONFIG, **change}, scope=Scope(fields={"x": value}))

    place, said = message.split(": ", 1)
    assert (
        f"the action's config is not valid once its templates are filled in: {place}: Value error, {said}"
        == outcome.error.message
    )
    assert ("permanent", False) == (outcome.error.kind, outcome.error.effect_possible)
    assert [] == cloud.fake.calls


def test_inputs_that_are_too_long_once_filled_in_are_refused(cloud):
    """GitHub would refuse them too, and would not say by how much."""
    config = {**CONFIG, "inputs": {"name": "{{fields.x}}"}}

    outcome = cloud.run(config, scope=Scope(fields={"x": "x" * 100_000}))

    assert "GitHub takes 65535 characters of inputs at most, and there are 100004" in outcome.error.message
    assert [] == cloud.fake.calls
