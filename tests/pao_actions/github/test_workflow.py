"""The `github-workflow` action from dispatch to end."""

import asyncio
from dataclasses import replace

import pytest
from pao_actions.github.search import correlation
from pao_actions.testing import MemoryProgress, MemorySignals

from catalog_compiler.templates import Scope
from tests.pao_actions.github.conftest import CONFIG


def test_starts_a_workflow_and_waits_for_its_end(cloud):
    """One dispatch, whose answer tells the run; the outputs are those of its end."""
    progress = MemoryProgress()

    outcome = cloud.run(context=cloud.context(progress=progress))

    assert ("completed", 1) == (outcome.status, outcome.attempts)
    url = "https://github.com/acme/deployments/actions/runs/1001"
    assert {"run_id": 1001, "url": url, "status": "completed", "conclusion": "success"} == outcome.result.outputs
    assert url == outcome.result.url
    assert [url] == progress.waits
    (dispatch,) = cloud.fake.dispatches()
    assert {"ref": "main", "inputs": {"name": "orders"}, "return_run_details": True} == dispatch.body


def test_every_call_says_who_it_is_and_which_version_it_speaks(cloud):
    """The headers that GitHub asks for."""
    cloud.run()

    for call in cloud.fake.calls:
        assert "Bearer ghp_robot" == call.headers["authorization"]
        assert call.headers["accept"].startswith("application/vnd.github+json")
        assert "2022-11-28" == call.headers["x-github-api-version"]
        assert "platform-automation-orchestrator" == call.headers["user-agent"]


def test_finds_the_run_where_the_server_does_not_tell_it(server):
    """The wish to be told is refused once and not made again; the one new run of this account is it."""
    workflow = server.fake.repositories["acme/deployments"]["deploy.yml"]
    server.fake.start("acme/deployments", workflow)
    server.fake.on_dispatch = lambda _: server.fake.start("acme/deployments", workflow, actor="someone")

    first, second = server.together((CONFIG, server.context()), (CONFIG, server.context(idempotency_key="key-2")))

    assert ["completed", "completed"] == [first.status, second.status]
    assert [1002, 1004] == [first.result.outputs["run_id"], second.result.outputs["run_id"]]
    asked = ["return_run_details" in call.body for call in server.fake.dispatches()]
    assert [True, False, False] == asked


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_may_refuse_the_wish_in_either_way(server, status):
    """Older ones answer 400, newer ones 422."""
    server.fake.flag_refusal = status

    assert "completed" == server.run().status


def test_finds_the_run_by_the_id_in_its_name(server):
    """Whoever else starts the workflow at the same time, and however often."""
    workflow = server.fake.repositories["acme/deployments"]["deploy.yml"]
    workflow.run_name = "Deploy {name} ({pao_id})"
    server.fake.on_dispatch = lambda _: server.fake.start("acme/deployments", workflow)

    outcome = server.run({**CONFIG, "correlation_input": "pao_id"})

    assert ("completed", 1001) == (outcome.status, outcome.result.outputs["run_id"])
    assert {"name": "orders", "pao_id": correlation("key-1")} == server.fake.dispatches()[-1].body["inputs"]


def test_only_the_dispatch_carries_the_actions_key(cloud):
    """Looks are answered anew each time; of the connection's extra, nothing is sent as a header."""
    cloud.connection = replace(cloud.connection, login="acme", extra={"owner": "acme", "proxies": {}, "X-Odd": "1"})

    cloud.run()

    keyed = {call.method for call in cloud.fake.calls if "idempotency-key" in call.headers}
    assert {"POST"} == keyed
    assert not [call for call in cloud.fake.calls if {"owner", "x-odd"} & set(call.headers)]


def test_does_not_wait_where_it_need_not(cloud):
    """The run is told, and goes on by itself."""
    outcome = cloud.run({**CONFIG, "wait": False})

    assert "completed" == outcome.status
    assert ("queued", None) == (outcome.result.outputs["status"], outcome.result.outputs["conclusion"])
    assert [] == [call for call in cloud.fake.calls if call.path.endswith("/runs/1001")]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("text", "text"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (1.5, "1.5"),
        (["a", 1], '["a", 1]'),
        ({"a": None}, '{"a": null}'),
    ],
)
def test_inputs_are_texts(cloud, value, sent):
    """GitHub takes no other; what is no text is sent as JSON."""
    cloud.run({**CONFIG, "inputs": {"name": "{{fields.x}}"}}, scope=Scope(fields={"x": value}))

    assert {"name": sent} == cloud.fake.dispatches()[0].body["inputs"]


def test_null_leaves_an_input_out(cloud):
    """The workflow's own default holds then."""
    cloud.run({**CONFIG, "inputs": {"name": "a", "size": "{{fields.x}}"}}, scope=Scope(fields={"x": None}))

    assert {"name": "a"} == cloud.fake.dispatches()[0].body["inputs"]


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/tags/main", "main"])
def test_a_ref_may_be_written_in_full(server, ref):
    """Runs name it in short."""
    assert "completed" == server.run({**CONFIG, "ref": ref}).status
    assert ref == server.fake.dispatches()[-1].body["ref"]


def test_a_workflow_may_be_named_by_its_number(cloud):
    """A number in YAML is one."""
    assert "completed" == cloud.run({**CONFIG, "workflow_id": 100}).status
    assert "/repos/acme/deployments/actions/workflows/100/dispatches" == cloud.fake.dispatches()[0].path


@pytest.mark.parametrize(
    "connection", [{"login": "acme"}, {"extra": {"owner": "acme"}}, {"extra": {"owner": "acme"}, "login": "other"}]
)
def test_a_repository_without_an_owner_takes_the_connections(cloud, connection):
    """Its extra, or else its login."""
    cloud.connection = replace(cloud.connection, **connection)

    assert "completed" == cloud.run({**CONFIG, "repository": "deployments"}).status
    assert "/repos/acme/deployments/actions/workflows/deploy.yml/dispatches" == cloud.fake.dispatches()[0].path


def test_polls_at_growing_pauses_and_for_nothing_new_at_no_cost(cloud):
    """After the first look, GitHub is asked whether anything changed."""
    cloud.fake.workflow("acme/deployments", "slow.yml", inputs={"name": {}}, life=(*["queued"] * 12, "success"))
    signals = MemorySignals(cloud.clock)

    cloud.run({**CONFIG, "workflow_id": "slow.yml"}, context=cloud.context(signals=signals))

    pauses = [seconds for _, seconds in signals.waited]
    assert pauses == sorted(pauses)
    assert (2.0, 60.0) == (pauses[0], pauses[-1])
    looks = [call for call in cloud.fake.calls if call.path.endswith("/runs/1001")]
    assert [200, *[304] * 11, 200] == [call.status for call in looks]


def test_many_that_wait_ask_less_often(cloud):
    """All actions of a connection together make five polls a second at most."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = ("queued", "queued", "success")
    barrier, waited = asyncio.Barrier(20), []

    class Together:
        async def wait(self, _name, seconds):
            waited.append(seconds)
            await barrier.wait()

    actions = [(CONFIG, cloud.context(idempotency_key=f"key-{number}", signals=Together())) for number in range(20)]

    outcomes = cloud.together(*actions)

    assert {"completed"} == {outcome.status for outcome in outcomes}
    assert 20 == len({outcome.result.outputs["run_id"] for outcome in outcomes})
    assert [20 / 5] * 20 == waited[20:]


def test_a_signal_is_looked_after_at_once(cloud):
    """It names the run as GitHub's webhook does, and no time passes until the next look."""
    signals = MemorySignals(cloud.clock, True, True)
    before = cloud.clock.now()

    outcome = cloud.run(context=cloud.context(signals=signals))

    assert "completed" == outcome.status
    assert "github:github.com/acme/deployments/1001" == signals.waited[0][0]
    assert before == cloud.clock.now()


def test_a_signal_that_comes_early_makes_the_next_look_soon(cloud):
    """GitHub tells of the end a moment before its API does."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = (*["in_progress"] * 10, "success")
    signals = MemorySignals(cloud.clock, *[False] * 8, True)

    cloud.run(context=cloud.context(signals=signals))

    assert [2.0, 3.0] == [seconds for _, seconds in signals.waited[:2]]
    assert [51, 2] == [round(seconds) for _, seconds in signals.waited[8:]]


def test_follows_a_re_run(cloud):
    """Someone starts it again before its failure is seen: the attempt that counts is the last."""

    def start_again(run):
        run.attempt = 2

    cloud.fake.on_dispatch = start_again

    assert "completed" == cloud.run().status
    assert [("queued", 2), ("in_progress", 2), ("completed", 2)] == [
        (fields["status"], fields["run_attempt"]) for fields in cloud.events("run_status")
    ]


def test_the_log_tells_each_step(cloud):
    """Not each poll."""
    cloud.run()

    status = ["run_status"] * 3
    assert ["attempt_started", "http_call", "run_started", *status, "run_ended"] == [
        event for event, _ in cloud.log.events
    ]


def test_a_rollback_is_a_dispatch_of_its_own(cloud):
    """With its own id, and without the memory of what it undoes."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].run_name = "{pao_id}"
    config = {**CONFIG, "correlation_input": "pao_id"}

    cloud.run(config)
    undone = cloud.run(config, context=cloud.context(undoing=True, idempotency_key="undo"))

    assert "completed" == undone.status
    ids = [call.body["inputs"]["pao_id"] for call in cloud.fake.dispatches()]
    assert [correlation("key-1"), correlation("undo")] == ids
