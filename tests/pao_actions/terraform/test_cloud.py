"""Runs in Terraform Cloud: begun once, followed, applied, cancelled, undone."""

import asyncio
import json

import pytest
from pao_actions.attempts import stop
from pao_actions.http_client import close_clients
from pao_actions.terraform.action import Terraform
from pao_actions.terraform.hcl import literal
from pao_actions.testing import MemoryLog, MemoryState, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.plan import RetryPlan
from catalog_compiler.templates import EncodingError, Scope
from tests.fakes.terraform_cloud import TOKEN, serving
from tests.pao_actions.dying_state import DyingState
from tests.pao_actions.terraform.conftest import needs_terraform
from tests.pao_actions.terraform.test_hostile import VALUES

NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=0)


@pytest.fixture
def cloud():
    with serving() as fake:
        yield fake


def connection(cloud, **more):
    known = {"id": "terraform_cloud_default", "type": "http", "host": cloud.url, "password": TOKEN}
    return Connection(**(known | {"extra": {"organization": "acme"}} | more))


def context_of(cloud, state=None, **more):
    return make_context(connection(cloud, **more), state=state or MemoryState(), log=MemoryLog())


def run(cloud, *, context=None, retry=None, fields=None, **config):
    known = {"runner": "cloud", "workspace": "orders"}
    return run_action(
        Terraform(),
        known | config,
        context=context or context_of(cloud),
        retry=retry,
        scope=Scope(fields=fields or {}),
    )


def test_a_run_is_applied_and_gives_its_outputs(cloud):
    """Sensitive ones are asked for by themselves; its page is the action's link."""
    cloud.outputs = [
        {"name": "address", "sensitive": False, "value": {"host": "db"}},
        {"name": "key", "sensitive": True, "value": "key-12345"},
    ]
    context = context_of(cloud)

    outcome = run(cloud, context=context, variables={"size": "{{fields.n}}"}, fields={"n": 3})

    url = f"{cloud.url}/app/acme/workspaces/orders/runs/run-1"
    assert {
        "outputs": {"address": {"host": "db"}, "key": "key-12345"},
        "plan": {"added": 2, "changed": 1, "destroyed": 0},
        "run_url": url,
    } == outcome.result.outputs
    assert {"outputs.key"} == outcome.result.sensitive
    assert ({"key-12345", TOKEN} <= set(context.secrets.texts), [url], url) == (
        True,
        context.progress.waits,
        outcome.result.url,
    )
    made = cloud.runs["run-1"]["attributes"]
    assert [{"key": "size", "value": "3"}] == made["variables"]
    assert (False, False, False) == (made["auto-apply"], made["is-destroy"], made["plan-only"])


def test_a_plan_and_a_destroy(cloud):
    """A plan is never applied; an undo is a run that destroys."""
    assert "completed" == run(cloud, action="plan").status
    undo = Terraform.undo_config({}, {"runner": "cloud", "workspace": "acme/orders"})

    outcome = run(cloud, **undo)

    assert "completed" == outcome.status
    assert [(True, False), (False, True)] == [
        (made["attributes"]["plan-only"], made["attributes"]["is-destroy"]) for made in cloud.runs.values()
    ]
    assert [False, True] == [made["applied"] for made in cloud.runs.values()]


@pytest.mark.parametrize("stored", [False, True])
def test_a_run_is_begun_once_though_its_host_dies(cloud, stored):
    """Between the effect and its record, it is found again by its message."""
    state = DyingState(1, stored=stored)
    with pytest.raises(SystemExit):
        run(cloud, context=context_of(cloud, state))

    assert "completed" == run(cloud, context=context_of(cloud, state)).status
    assert ["run-1"] == list(cloud.runs)


def test_a_run_is_begun_once_though_the_answer_was_lost(cloud):
    """The next attempt finds it."""
    cloud.faults.append((r"POST /api/v2/runs$", "lost"))

    outcome = run(cloud)

    assert ("completed", 2) == (outcome.status, outcome.attempts)
    assert ["run-1"] == list(cloud.runs)


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(
    "call", ["GET .*workspaces/orders", "POST /api/v2/runs$", "actions/apply", "GET .*/runs/run-1", "outputs"]
)
def test_what_may_pass_is_tried_again(cloud, call, status):
    """Wherever it happens, with one run."""
    cloud.faults.append((call, status))

    assert "completed" == run(cloud).status
    assert ["run-1"] == list(cloud.runs)


def test_an_api_that_is_away_costs_no_attempt_while_a_run_is_followed(cloud):
    """The run goes on meanwhile."""
    cloud.faults.extend([("GET /api/v2/runs/run-1", 503)] * 5)

    outcome = run(cloud)

    assert ("completed", 1) == (outcome.status, outcome.attempts)


def test_somebody_else_applies_first(cloud):
    """409 means to look again."""
    cloud.faults.append(("actions/apply", 409))

    assert "completed" == run(cloud).status


@pytest.mark.parametrize(
    ("more", "config", "message"),
    [
        (
            {"password": None},
            {},
            "connection 'terraform_cloud_default' has no password; set it to a token of Terraform Cloud",
        ),
        (
            {"extra": {}},
            {},
            (
                "the workspace 'orders' names no organization, and neither does connection 'terraform_cloud_default'; "
                "write 'organization/name', or put 'organization' into the connection's extra"
            ),
        ),
        ({}, {"workspace": "oders"}, "the organization 'acme' has no workspace 'oders'; there are orders"),
        ({}, {"workspace": "other/x"}, "the organization 'other' has no workspace 'x'; the token may see none"),
    ],
)
def test_a_bad_connection_or_workspace(cloud, more, config, message):
    """Nothing is begun."""
    outcome = run(cloud, context=context_of(cloud, **more), **config)

    assert (message, "permanent") == (outcome.error.message, outcome.error.kind)
    assert {} == cloud.runs


def test_a_stopped_action_that_has_begun_nothing(cloud):
    """There is nothing to stop, and nothing is begun by that."""

    async def stopping():
        config = {"runner": "cloud", "workspace": "orders"}
        await stop(Terraform(), config, context=context_of(cloud), seconds=10)
        await close_clients()

    asyncio.run(stopping())

    assert ({}, ["GET", "GET"]) == (cloud.runs, [method for method, _ in cloud.calls])


FOREIGN = (
    "GET {host}/api/v2/organizations/acme/workspaces/orders answered 200, but not as Terraform Cloud's API; check the "
    "host of connection 'terraform_cloud_default'"
)
OUTPUTS = "/api/v2/workspaces/ws-1/current-state-version-outputs"
WORKSPACE, RUNS, BEGIN, LOOK = "GET .*workspaces/orders", "GET .*/runs.page", "POST .*/runs$", "GET .*/runs/run-1"


@pytest.mark.parametrize(
    ("call", "answer", "message", "effect"),
    [
        (WORKSPACE, "<h1>Sign in</h1>", FOREIGN, False),
        (WORKSPACE, "[]", FOREIGN, False),
        (WORKSPACE, '{"data": null}', FOREIGN, False),
        (WORKSPACE, '{"data": {"id": "ws-1"}}', FOREIGN, False),
        (WORKSPACE, 401, "GET {host}/api/v2/organizations/acme/workspaces/orders answered 401: {said}", False),
        (WORKSPACE, 403, "GET {host}/api/v2/organizations/acme/workspaces/orders answered 403: {said}", False),
        (RUNS, 404, "GET {host}/api/v2/workspaces/ws-1/runs answered 404: {said}", False),
        (BEGIN, 403, "POST {host}/api/v2/runs answered 403: {said}", False),
        (BEGIN, 409, "POST {host}/api/v2/runs answered 409: {said}", False),
        (BEGIN, 422, "POST {host}/api/v2/runs answered 422: {said}", False),
        (LOOK, 404, "GET {host}/api/v2/runs/run-1 answered 404: {said}", False),
        (LOOK, 401, "GET {host}/api/v2/runs/run-1 answered 401: {said}", False),
        (
            BEGIN,
            '{"data": {}}',
            (
                "POST {host}/api/v2/runs answered 200, but not as Terraform Cloud's API; check the host of connection "
                "'terraform_cloud_default'"
            ),
            True,
        ),
        ("actions/apply", 403, "POST {host}/api/v2/runs/run-1/actions/apply answered 403: {said}", False),
        ("state-version-outputs", 403, "GET {host}{outputs} answered 403: {said}", False),
    ],
)
def test_a_bad_answer(cloud, call, answer, message, effect):
    """It fails at once, and says who answered what."""
    cloud.faults.append((call, answer))

    outcome = run(cloud)

    said = f'{{"errors": [{{"status": "{answer}"}}]}}'
    host = cloud.url.removeprefix("http://")
    assert message.format(host=host, said=said, outputs=OUTPUTS) == outcome.error.message
    assert ("permanent", effect, 1) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("discarded", "was discarded"),
        ("canceled", "was cancelled"),
        ("force_canceled", "was cancelled by force"),
        ("policy_soft_failed", "was stopped by a policy"),
        ("errored", ""),
    ],
)
def test_a_run_that_ends_otherwise(cloud, status, words):
    """By a person or a policy; its page is the action's link."""
    cloud.ends = status

    outcome = run(cloud)

    message = f"the run run-1 {words} in Terraform Cloud" if words else "terraform plan failed: "
    assert message == outcome.error.message[: len(message)]
    assert outcome.result.url.endswith("/runs/run-1")


@pytest.mark.parametrize("value", ["other/orders", "../x", "..", "a\\b", "a\nb"])
def test_a_value_names_no_other_organization(cloud, value):
    """It is one name, whatever the connection may see."""
    with pytest.raises(EncodingError, match=r"config\.workspace: the value of 'fields\.x' "):
        run(cloud, workspace="{{fields.x}}", fields={"x": value})

    assert [] == cloud.calls


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_a_variable_of_the_run(cloud, value):
    """As Terraform reads it, and nothing else of the run's."""
    outcome = run(cloud, variables={"x": "{{fields.x}}"}, fields={"x": value, "other": "o"})

    assert "completed" == outcome.status
    attributes = cloud.runs["run-1"]["attributes"]
    assert [{"key": "x", "value": literal(value)}] == attributes["variables"]
    assert (False, False, False) == (attributes["auto-apply"], attributes["is-destroy"], attributes["plan-only"])


LOG = '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"No quota","detail":"Ask for more"}}\n'


@pytest.mark.parametrize(
    ("fails", "text", "message", "effect"),
    [
        ("plan_fails", LOG, "terraform plan failed: No quota: Ask for more", False),
        ("apply_fails", LOG, "terraform apply failed: No quota: Ask for more", True),
        (
            "apply_fails",
            "Terraform v1.9\n\nError: No quota\n\nAsk for more\n",
            "terraform apply failed: No quota Ask for more",
            True,
        ),
    ],
)
def test_a_failed_run_says_what_its_log_says(cloud, fails, text, message, effect):
    """With the run's page."""
    setattr(cloud, fails, text)

    outcome = run(cloud)

    assert (message, effect) == (outcome.error.message, outcome.error.effect_possible)
    assert outcome.result.url.endswith("/runs/run-1")


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize(("at", "ended"), [("planning", "canceled"), ("planned", "discarded")])
def test_a_stopped_action_stops_its_run(cloud, at, ended, stored):
    """Cancelled while it works, discarded while its plan waits, also where it was stopped before it knew of its run."""
    state = DyingState(1, stored=stored)
    with pytest.raises(SystemExit):
        run(cloud, context=context_of(cloud, state))
    cloud.stops_at = at
    for _ in range(3):
        cloud.look("run-1")

    async def stopping():
        config = {"runner": "cloud", "workspace": "orders"}
        await stop(Terraform(), config, context=context_of(cloud, state), seconds=10)
        await close_clients()

    asyncio.run(stopping())

    assert ended == cloud.runs["run-1"]["status"]
    said = {"canceled": "was cancelled", "discarded": "was discarded"}[ended]
    assert f"the run run-1 {said} in Terraform Cloud" == run(cloud, context=context_of(cloud, state)).error.message


@needs_terraform
def test_a_literal_is_what_terraform_reads(worker):
    """Every hostile value, and every type."""
    value = {
        "hostile": [text for text in VALUES if len(text) < 1000],
        "kinds": [1, -2.5, True, None, {}, []],
        "a${b}": {'"': "x"},
    }
    worker.repository.commit({"main.tf": f'output "x" {{\n  value = jsonencode({literal(value)})\n}}\n'})

    assert value == json.loads(worker.run().result.outputs["outputs"]["x"])
