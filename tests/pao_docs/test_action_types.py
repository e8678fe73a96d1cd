"""The page of the action types: complete, up to date, and its examples work as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pao_actions.testing import make_context, run_action
from pao_docs.action_types import action_page, retried, runs

from catalog_compiler.actions import Connection, action_type, action_types
from catalog_compiler.descriptions import key_descriptions, models_of
from catalog_compiler.item import compile_item
from catalog_compiler.starting_file import starting_file
from catalog_compiler.templates import Scope
from tests.fakes.mail import LOGIN, PASSWORD, fake_mail
from tests.fakes.slack import TOKEN, fake_slack, shown
from tests.fakes.teams import fake_teams
from tests.pao_actions.conftest import Answer

FILE = Path(__file__).parents[2] / "docs" / "actions.md"
EXAMPLE = re.compile(r"^## `([a-z-]+)`\n.*?^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SCOPE = Scope(
    fields={"name": "orders", "environment": "production"},
    header={"name": "Cache"},
    env={"API_TOKEN": "a-token"},
    request={"user": {"email": "ada@example.com"}, "url": "https://pao.example.com/r"},
)

every_type = pytest.mark.parametrize("name", action_types())


def examples() -> dict[str, dict]:
    """The examples of the page: type to action."""
    return {name: yaml.safe_load(text) for name, text in EXAMPLE.findall(FILE.read_text(encoding="utf-8"))}


def test_the_page_is_up_to_date():
    """After a change of an action type: make docs."""
    assert action_page() == FILE.read_text(encoding="utf-8"), "docs/actions.md is stale; run 'make docs'"


@every_type
def test_every_key_of_every_type_is_explained(name):
    """By the text below the model's attribute."""
    for model in models_of(action_type(name).Config).values():
        unexplained = {field.alias or key for key, field in model.model_fields.items()} - key_descriptions(model).keys()
        assert set() == unexplained, f"{model.__name__} says nothing of {unexplained}"


@every_type
def test_every_type_says_what_it_gives_and_rests_on(name):
    """Its outputs, all of them but those that the config itself names, and its notes."""
    kind = action_type(name)
    config = examples()[name]["config"]
    named = {key for value in config.values() if isinstance(value, dict) for key in value}

    assert kind.outputs_help
    assert kind.notes
    assert set() == (kind.outputs(config) or set()) - named - kind.outputs_help.keys()


@every_type
def test_every_example_is_valid(name):
    """In an item, as it stands on the page."""
    text = yaml.safe_load(starting_file("cache", "databases", action_type(name), []))
    text["fulfillment"]["manual"]["actions"] = [examples()[name]]

    assert () == compile_item(yaml.safe_dump(text, sort_keys=False).encode(), "cache.yaml").problems


def test_the_example_of_rest_api_does_what_it_says(target):
    """Only its host is another."""
    target.answers = [Answer(201, b'{"id": "thing-1"}')]
    config = examples()["rest-api"]["config"]

    outcome = run_action(
        action_type("rest-api")(),
        config | {"url": config["url"].replace("https://api.example.com", target.url)},
        scope=SCOPE,
    )

    assert {"id": "thing-1", "status_code": 201} == outcome.result.outputs
    assert {"name": "orders", "environment": "production", "requester": "ada@example.com"} == yaml.safe_load(
        target.only.body
    )
    assert "Bearer a-token" == target.only.headers["authorization"]


def test_the_example_of_webhook_does_what_it_says(target):
    """As it stands."""
    scope = Scope(fields=SCOPE.fields, request=SCOPE.request, env={"WEBHOOK_URL": f"{target.url}/hook"})

    outcome = run_action(action_type("webhook")(), examples()["webhook"]["config"], scope=scope)

    assert {"status_code": 200} == outcome.result.outputs
    assert {"text": "ada@example.com asks for orders in production"} == yaml.safe_load(target.only.body)


def test_the_example_of_slack_does_what_it_says():
    """As it stands."""
    with fake_slack() as slack:
        connection = Connection(
            id="slack_default", type="slack", password=TOKEN, extra={"base_url": f"{slack.url}/api"}
        )
        outcome = run_action(
            action_type("slack")(), examples()["slack"]["config"], scope=SCOPE, context=make_context(connection)
        )

    assert "completed" == outcome.status
    assert "*Cache*: ada@example.com asks for `orders` in production\n[Show the request]" == shown(
        slack.messages[0]["text"]
    )


def test_the_example_of_teams_does_what_it_says():
    """As it stands."""
    with fake_teams() as teams:
        connection = Connection(id="teams_default", type="http", password=teams.url)
        outcome = run_action(
            action_type("teams")(), examples()["teams"]["config"], scope=SCOPE, context=make_context(connection)
        )

    assert "completed" == outcome.status
    assert ["TextBlock", "TextBlock", "FactSet"] == [part["type"] for part in teams.cards[0]["body"]]
    assert "https://pao.example.com/r" == teams.cards[0]["actions"][0]["url"]


def test_the_example_of_email_does_what_it_says(tmp_path):
    """As it stands."""
    with fake_mail(tmp_path) as mail:
        extra = {"from_email": "platform@example.com", "disable_ssl": True, "verify": str(mail.authority)}
        connection = Connection(
            id="smtp_default",
            type="smtp",
            host="127.0.0.1",
            port=mail.ports["starttls"],
            login=LOGIN,
            password=PASSWORD,
            extra=extra,
        )
        outcome = run_action(
            action_type("email")(), examples()["email"]["config"], scope=SCOPE, context=make_context(connection)
        )

    assert ["ada@example.com", "platform@example.com"] == outcome.result.outputs["accepted"]
    assert "Cache: orders is there" == mail.letters[0][1]["Subject"]


def test_where_it_runs_is_asked_of_the_type():
    """Where it depends on a key, by that key."""
    words = {"triggerer": "here", "worker": "there"}

    assert "here" == runs(action_type("rest-api"), words)
    assert "there; here where `runner` is `cloud`" == runs(action_type("terraform"), words)


def test_what_is_tried_again_is_asked_of_the_type():
    """Where it depends on a key, by that key."""
    assert retried(action_type("rest-api")).startswith("everything that may pass where `method` is `GET`, `HEAD`")
    assert "only what surely never arrived" == retried(action_type("webhook"))
