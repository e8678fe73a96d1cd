"""Every call of the action, and every answer of the fake, is as GitHub's own OpenAPI description says."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from pao_actions.github.workflow import GithubWorkflow
from pao_actions.testing import FakeClock, make_context, run_action

from catalog_compiler.actions import Connection
from tests.fakes.github import App, Fault, GitHubFake, serving
from tests.github.programs import mock, proxy
from tests.pao_actions.github.conftest import CONFIG, INPUTS, Killed, world_of
from tests.pao_actions.github.keys import PRIVATE_KEY, PUBLIC_KEY


@pytest.fixture(scope="module", params=["cloud", "server"])
def described(request):
    """A fake of each kind behind a server that holds both sides to the description."""
    clock = FakeClock()
    with (
        serving(GitHubFake(now=clock.now, tells_run=request.param == "cloud")) as fake,
        proxy(request.param, fake.url.removesuffix("/api/v3")) as url,
    ):
        world = world_of(fake, clock)
        yield replace(world, connection=replace(world.connection, host=url))


@pytest.fixture
def world(described):
    """With a fresh log, and no calls."""
    described.fake.calls.clear()
    described.fake.runs.clear()
    described.fake.on_dispatch = lambda _: None
    described.fake.workflow("acme/deployments", inputs=INPUTS, run_name="{name} {pao_id}")
    return replace(described, log=type(described.log)())


def workflow(world):
    return world.fake.repositories["acme/deployments"]["deploy.yml"]


def called(world):
    """Each kind of call that was made: its method and the end of its path."""
    return {f"{call.method} {call.path.rpartition('/')[2]}" for call in world.fake.calls}


def test_from_dispatch_to_success(world):
    """With conditional requests."""
    outcome = world.run()

    assert "completed" == outcome.status, outcome.error
    assert "POST dispatches" in called(world)


def test_a_failed_run_and_its_jobs(world):
    """The list of jobs."""
    workflow(world).life = ("failure",)
    world.fake.on_dispatch = lambda run: run.jobs.append(
        {"name": "deploy", "conclusion": "failure", "steps": [("apply", "failure")]}
    )

    assert "job 'deploy' failed in 'apply'" in world.run().error.message
    assert "GET jobs" in called(world)


@pytest.mark.parametrize("correlation", [None, "pao_id"])
def test_a_lost_answer(world, correlation):
    """The list of runs, and who we are."""
    world.fake.faults = [Fault("POST", "/dispatches", "lost")]
    if not world.fake.tells_run:
        world.fake.faults.insert(0, Fault("POST", "/dispatches", status=422, body=b'{"message": "return_run_details"}'))

    outcome = world.run({**CONFIG, "correlation_input": correlation} if correlation else CONFIG)

    assert "completed" == outcome.status, outcome.error
    assert "GET runs" in called(world)


@pytest.mark.parametrize("installation", [{}, {"installation_id": 7}])
def test_a_github_app(world, installation):
    """The installation is looked up where it is not named; who we are is asked where runs must be told apart."""
    world.fake.apps["12"] = App(id="12", key=PUBLIC_KEY, slug="pao", repositories={"acme/deployments": 7})
    extra = {"app_id": 12, "private_key": PRIVATE_KEY, **installation}
    world = replace(world, connection=replace(world.connection, password=None, extra=extra))

    outcome = world.run()

    assert "completed" == outcome.status, outcome.error
    assert "POST access_tokens" in called(world)
    assert installation or "GET installation" in called(world)


def test_a_cancel(world):
    """Of one that runs, and of one that has ended."""
    workflow(world).life = ("in_progress",)
    context = world.context()

    class Stopped:
        async def wait(self, _name, _seconds):
            raise Killed

    with pytest.raises(Killed):
        world.run(context=replace(context, signals=Stopped()))
    world.stop(context)
    (run,) = world.fake.runs.values()
    run.live()
    world.stop(context)

    assert [202, 409] == [fields["status"] for fields in world.events("run_cancelled")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ref": "nowhere"}, "GitHub answered 422: No ref found for: nowhere"),
        ({"inputs": {}}, "GitHub answered 422: Required input 'name' not provided"),
        ({"repository": "acme/other"}, "GitHub answered 404: Not Found"),
    ],
)
def test_refusals(world, change, message):
    """GitHub's errors have a message."""
    assert message in world.run({**CONFIG, **change}).error.message


def test_the_judge_judges():
    """A call that is not as described is refused."""
    with mock("cloud") as url:
        path = f"{url}/api/v3/repos/a/b/actions/workflows/x.yml/dispatches"

        async def statuses():
            async with httpx.AsyncClient(timeout=60) as client:
                bodies = [{"ref": "main"}, {}, {"ref": 5}, {"ref": "main", "inputs": {str(n): "" for n in range(26)}}]
                return [(await client.post(path, json=body)).status_code for body in bodies]

        assert [200, 422, 422, 422] == asyncio.run(statuses())

        connection = Connection(id="github_default", type="github", host=url, password="t")
        outcome = run_action(GithubWorkflow(), {**CONFIG, "wait": False}, context=make_context(connection))

        assert ("completed", 1) == (outcome.status, outcome.result.outputs["run_id"])
