"""Hostile values on their way to a workflow: what arrives is exactly the value."""

import pytest
from pao_actions.github.search import correlation

from catalog_compiler.templates import Scope
from tests.pao_actions.github.conftest import CONFIG
from tests.pao_actions.test_injection import HOSTILE

LONG = "é" * 60_000
REFS = ["feature/🦊", "שלום", "\u202egnp.exe", "a'b;DROP", 'a"b', "$(id)", "`id`", "{{env.TOKEN}}", "a&b=c#d%2e", "<x>"]


@pytest.mark.parametrize("value", [*HOSTILE, "", " ", "null", "\x00", "*_~|@team #1 `x`", LONG])
def test_inputs(cloud, value):
    """Alone, and within a text."""
    config = {**CONFIG, "inputs": {"name": "{{fields.x}}", "size": "a{{fields.y}}b"}}
    near = value if len(value) < 100 else "y"

    outcome = cloud.run(config, scope=Scope(fields={"x": value, "y": near}, env={"TOKEN": "secret"}))

    assert "completed" == outcome.status, outcome.error
    assert {"name": value, "size": f"a{near}b"} == cloud.fake.dispatches()[0].body["inputs"]
    assert ["inputs", "ref", "return_run_details"] == sorted(cloud.fake.dispatches()[0].body)


@pytest.mark.parametrize("value", REFS)
def test_ref(cloud, value):
    """What git allows arrives as it is."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].refs = (value,)

    outcome = cloud.run({**CONFIG, "ref": "{{fields.x}}"}, scope=Scope(fields={"x": value}, env={"TOKEN": "secret"}))

    assert ("completed", value) == (outcome.status, cloud.fake.dispatches()[0].body["ref"])


@pytest.mark.parametrize("name", ["a b", "a?b#c", "a%2fb", "🦊", "a&b=c", "..", "a;b"])
def test_workflow(cloud, name):
    """One segment of the path."""
    cloud.fake.workflow("acme/deployments", f"{name}.yml", inputs={"name": {}})

    outcome = cloud.run({**CONFIG, "workflow_id": "{{fields.x}}.yml"}, scope=Scope(fields={"x": name}))

    assert "completed" == outcome.status, outcome.error
    assert f"{name}.yml" == cloud.fake.runs[1001].workflow.file


def test_a_run_name_cant_make_a_run_another_actions(server):
    """A value that looks like an id, and is shown in the name of a run."""
    server.fake.repositories["acme/deployments"]["deploy.yml"].run_name = "Deploy {name} {pao_id}"
    hostile = {**CONFIG, "correlation_input": "pao_id", "inputs": {"name": correlation("key-1")}}
    server.run(hostile, context=server.context(idempotency_key="key-2"))

    outcome = server.run({**CONFIG, "correlation_input": "pao_id"})

    assert "outcome_unknown" == outcome.status
    assert "2 runs of 'deploy.yml' can be the one" in outcome.error.message
