"""A workflow is started once, whatever happens between the dispatch and its record."""

from dataclasses import replace

import pytest
from pao_actions.github.search import correlation
from pao_actions.testing import MemoryState

from catalog_compiler.plan import RetryPlan
from tests.fakes.github import Fault
from tests.pao_actions.github.conftest import CONFIG, DyingState, Killed

NAMED = {**CONFIG, "correlation_input": "pao_id"}


def name_runs(world):
    """Let the workflow show the id in its name."""
    world.fake.repositories["acme/deployments"]["deploy.yml"].run_name = "Deploy {name} {pao_id}"


def killed_then_again(world, config, state):
    """The outcome of the second host."""
    with pytest.raises(Killed):
        world.run(config, context=world.context(state=state))
    return world.run(config, context=world.context(state=state))


@pytest.mark.parametrize("config", [CONFIG, NAMED], ids=["nameless", "named"])
@pytest.mark.parametrize("save", range(1, 5))
def test_a_host_that_dies_after_it_stored_something_starts_nothing_twice(either, config, save):
    """At each save of the way: that the dispatch is sent, that it was taken, that its run is known."""
    name_runs(either)
    state = DyingState(save)

    try:
        outcome = killed_then_again(either, config, state)
    except pytest.fail.Exception:
        assert save > len(state.saves), "the host outlived the way"
        return

    dispatched = len(either.fake.runs)
    assert dispatched <= 1
    if outcome.status == "outcome_unknown":
        # Only where it died before the dispatch, of which nobody else can tell whether it was sent.
        assert (0, CONFIG) == (dispatched, config)
        assert "whether 'deploy.yml' was started is not known" in outcome.error.message
    else:
        assert ("completed", 1) == (outcome.status, dispatched)


@pytest.mark.parametrize("config", [CONFIG, NAMED], ids=["nameless", "named"])
def test_a_host_that_dies_between_the_effect_and_its_record_finds_the_run(either, config):
    """The dispatch arrived, and nothing was stored of that."""
    name_runs(either)
    state = MemoryState()

    def die(_):
        either.fake.on_dispatch = lambda _: None
        state.save = deadly

    async def deadly(_):
        del state.save
        raise Killed

    either.fake.on_dispatch = die

    outcome = killed_then_again(either, config, state)

    assert ("completed", [1001]) == (outcome.status, list(either.fake.runs))
    assert 1001 == outcome.result.outputs["run_id"]


@pytest.mark.parametrize("config", [CONFIG, NAMED], ids=["nameless", "named"])
def test_a_host_that_dies_while_it_waits_follows_the_same_run(either, config):
    """Nothing is dispatched again."""
    name_runs(either)
    state = MemoryState()

    class Dying:
        async def wait(self, _name, _seconds):
            raise Killed

    with pytest.raises(Killed):
        either.run(config, context=either.context(state=state, signals=Dying()))
    outcome = either.run(config, context=either.context(state=state))

    assert ("completed", [1001]) == (outcome.status, list(either.fake.runs))


@pytest.mark.parametrize("config", [CONFIG, NAMED], ids=["nameless", "named"])
@pytest.mark.parametrize(
    "loss",
    [
        {"kind": "lost"},
        {"kind": "replaced", "status": 500},
        {"kind": "replaced", "status": 502, "body": b"<html>Bad gateway</html>"},
        {"kind": "replaced", "status": 200, "body": b"<html>Sign in</html>"},
        {"kind": "replaced", "status": 200, "body": b'{"workflow_run_id": null}'},
        {"kind": "replaced", "status": 204, "body": b""},
        {"kind": "replaced", "status": 201, "body": b""},
        {"kind": "replaced", "status": 408},
    ],
    ids=lambda loss: f"{loss['kind']}-{loss.get('status', 0)}-{len(loss.get('body', ''))}",
)
def test_a_run_is_found_whose_dispatch_was_not_answered_well(cloud, config, loss):
    """The work was done, and the answer lost, or another one."""
    name_runs(cloud)
    cloud.fake.hidden_listings = 2
    cloud.fake.faults = [Fault("POST", "/dispatches", **loss)]

    outcome = cloud.run(config)

    assert ("completed", 1, 1) == (outcome.status, outcome.attempts, len(cloud.fake.dispatches()))
    assert 1001 == outcome.result.outputs["run_id"]


def test_a_dispatch_that_surely_never_arrived_is_sent_again(cloud, closed_url):
    """Nobody listens at first; nothing is looked for."""
    found = [replace(cloud.connection, host=closed_url), cloud.connection]

    class Connections:
        async def get(self, _connection_id):
            return found.pop(0)

    outcome = cloud.run(NAMED, context=cloud.context(connections=Connections()))

    assert ("completed", 2, 1) == (outcome.status, outcome.attempts, len(cloud.fake.dispatches()))
    assert not [call for call in cloud.fake.calls if call.path.endswith("/runs")]


def test_a_lost_dispatch_with_a_name_is_sent_again_where_no_run_has_that_name(cloud):
    """After it was looked for as long as a run may take to be listed; with the same id."""
    name_runs(cloud)
    cloud.fake.faults = [Fault("POST", "/dispatches", "cut")]

    outcome = cloud.run(NAMED)

    assert ("completed", 2) == (outcome.status, outcome.attempts)
    first, second = cloud.fake.dispatches()
    assert first.body == second.body
    assert sum(cloud.clock.slept) >= 120


def test_before_it_is_sent_again_it_is_looked_for_once_more(cloud):
    """GitHub listed it late."""
    name_runs(cloud)
    cloud.fake.faults = [Fault("POST", "/dispatches", "lost")]
    cloud.fake.hidden_listings = 26

    outcome = cloud.run(NAMED)

    assert ("completed", [1001], 2) == (outcome.status, list(cloud.fake.runs), outcome.attempts)


def test_a_try_that_surely_failed_leaves_what_is_known_of_the_one_before(cloud):
    """The first may have arrived, the second did not, and the third looks for the first."""
    name_runs(cloud)
    cloud.fake.faults = [Fault("POST", "/dispatches", "lost")]
    cloud.fake.hidden_listings = 31
    state = MemoryState()

    outcome = cloud.run(NAMED, context=cloud.context(state=state), retry=RetryPlan(attempts=0, delay=0, max_delay=1))
    assert "no run of it was found within 120 seconds; gave up after 1 try" in outcome.error.message
    assert outcome.error.effect_possible
    cloud.fake.faults = [Fault("POST", "/dispatches", status=401)]
    assert "GitHub answered 401" in cloud.run(NAMED, context=cloud.context(state=state)).error.message
    outcome = cloud.run(NAMED, context=cloud.context(state=state))

    assert ("completed", [1001]) == (outcome.status, list(cloud.fake.runs))


def test_a_run_that_is_listed_very_late_is_found_all_the_same(cloud):
    """The time of the first dispatch holds for all."""
    name_runs(cloud)
    cloud.fake.faults = [Fault("POST", "/dispatches", "lost"), Fault("POST", "/dispatches", "cut")]
    cloud.fake.hidden_listings = 30

    outcome = cloud.run(NAMED, retry=RetryPlan(attempts=3, delay=600, max_delay=600))

    assert ("completed", [1001], 2) == (outcome.status, list(cloud.fake.runs), len(cloud.fake.dispatches()))


def test_a_run_with_an_id_in_its_name_is_another_actions(server):
    """Also where that one runs in another process."""
    name_runs(server)
    workflow = server.fake.repositories["acme/deployments"]["deploy.yml"]
    named = {"inputs": {"pao_id": correlation("key-2")}}
    server.fake.on_dispatch = lambda _: server.fake.start("acme/deployments", workflow, **named)

    assert ("completed", 1001) == ((outcome := server.run()).status, outcome.result.outputs["run_id"])


def test_a_run_that_another_action_has_is_not_it(cloud):
    """One that was dispatched while this one's host was dead, by the same account."""
    state = MemoryState()

    def die(_):
        cloud.fake.on_dispatch = lambda _: None
        state.save = deadly

    async def deadly(_):
        del state.save
        raise Killed

    cloud.fake.on_dispatch = die
    with pytest.raises(Killed):
        cloud.run(context=cloud.context(state=state))

    other, outcome = cloud.together(
        (CONFIG, cloud.context(idempotency_key="key-2")), (CONFIG, cloud.context(state=state))
    )

    assert [1002, 1001] == [one.result.outputs["run_id"] for one in (other, outcome)]


def test_a_lost_dispatch_without_a_name_is_not_sent_again(cloud):
    """Nothing tells whether it arrived and is listed late."""
    cloud.fake.faults = [Fault("POST", "/dispatches", "cut")]

    outcome = cloud.run()

    assert ("outcome_unknown", 1, 1) == (outcome.status, outcome.attempts, len(cloud.fake.dispatches()))
    assert (
        "whether 'deploy.yml' was started is not known: the answer was lost, and no run of it was found within 120 "
        "seconds; look at acme/deployments, then retry or roll back; with 'correlation_input' it is tried again by "
        "itself"
    ) == outcome.error.message


def test_two_that_can_be_it_are_told_and_none_is_taken(cloud):
    """Another program of the same account started the workflow at the same time."""
    workflow = cloud.fake.repositories["acme/deployments"]["deploy.yml"]
    cloud.fake.faults = [Fault("POST", "/dispatches", "lost")]
    cloud.fake.on_dispatch = lambda _: cloud.fake.start("acme/deployments", workflow)

    outcome = cloud.run()

    runs = "https://github.com/acme/deployments/actions/runs"
    assert (
        f"2 runs of 'deploy.yml' can be the one that this action started: {runs}/1002, {runs}/1001; look at them, then "
        "retry or roll back; with 'correlation_input' runs are told apart"
    ) == outcome.error.message
    assert "outcome_unknown" == outcome.status


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"actor": "someone"}, True),
        ({"ref": "other"}, True),
        ({"later": 200}, True),
        ({"actor": "PAO-Robot"}, False),
        ({"ref": "main"}, False),
        ({"later": 60}, False),
    ],
)
def test_runs_of_others_are_not_it(server, other, found):
    """Of another account, of another ref, of a time when the call had ended: only what fits counts."""
    workflow = server.fake.repositories["acme/deployments"]["deploy.yml"]
    later = other.pop("later", 0)

    def start_other(_):
        run = server.fake.start("acme/deployments", workflow, **other)
        run.created_at += server.fake.now() - server.fake.now().replace(microsecond=0)
        run.created_at = run.created_at.fromtimestamp(run.created_at.timestamp() + later, run.created_at.tzinfo)

    server.fake.on_dispatch = start_other

    outcome = server.run()

    assert ("completed" if found else "outcome_unknown") == outcome.status


def test_who_we_are_may_be_unknown(server):
    """Then every run of the time may be ours, so that two are told."""
    workflow = server.fake.repositories["acme/deployments"]["deploy.yml"]
    server.fake.faults = [Fault("GET", "/user", status=403)]
    server.fake.on_dispatch = lambda _: server.fake.start("acme/deployments", workflow, actor="someone")

    assert "outcome_unknown" == server.run().status


def test_a_taken_dispatch_whose_run_is_never_listed_is_unknown(server):
    """It is not sent again, with a name or without."""
    for config in (CONFIG, NAMED):
        server.fake.hidden_listings = 10_000
        server.fake.calls.clear()

        outcome = server.run(config, context=server.context(idempotency_key=str(config)[-9:-2]))

        assert "outcome_unknown" == outcome.status
        assert (
            "GitHub took the dispatch of 'deploy.yml', but no run of it was found within 120 seconds; look at "
            "acme/deployments, then retry or roll back"
        ) == outcome.error.message
        assert 1 == sum("return_run_details" not in call.body for call in server.fake.dispatches())


def test_a_workflow_that_shows_no_id_is_told_how(server):
    """Its run is there, but nobody can tell whose it is."""
    outcome = server.run(NAMED)

    assert "outcome_unknown" == outcome.status
    assert (
        "'deploy.yml' may have been started, but runs of it have no id in their name: "
        "https://github.com/acme/deployments/actions/runs/1001; look at them, then retry or roll back, and give the "
        "workflow a 'run-name' with ${{ inputs.pao_id }}"
    ) == outcome.error.message


def test_many_at_once_are_told_apart_by_name(server):
    """Each takes its own."""
    name_runs(server)

    keys = ("key-12", "key-1", "key-123")

    outcomes = server.together(*((NAMED, server.context(idempotency_key=key)) for key in keys))

    names = [server.fake.runs[outcome.result.outputs["run_id"]].inputs["pao_id"] for outcome in outcomes]
    assert [correlation(key) for key in keys] == names


def test_many_pages_are_read(server):
    """A hundred runs a page; the newest come first."""
    name_runs(server)
    workflow = server.fake.repositories["acme/deployments"]["deploy.yml"]

    def start_others(_):
        for number in range(120):
            server.fake.start("acme/deployments", workflow, inputs={"pao_id": correlation(str(number))})

    server.fake.on_dispatch = start_others

    assert (1001, "completed") == ((outcome := server.run(NAMED)).result.outputs["run_id"], outcome.status)


@pytest.mark.parametrize("config", [CONFIG, NAMED], ids=["nameless", "named"])
def test_many_at_once_each_find_their_own(either, config):
    """Dispatches to one workflow and ref are done one at a time where no name tells runs apart."""
    name_runs(either)
    actions = [(config, either.context(idempotency_key=f"key-{number:03}")) for number in range(12)]

    outcomes = either.together(*actions)

    assert ["completed"] * 12 == [outcome.status for outcome in outcomes], outcomes[0].error
    assert 12 == len({outcome.result.outputs["run_id"] for outcome in outcomes}) == len(either.fake.runs)


def test_many_at_once_whose_answers_are_lost_each_find_their_own(cloud):
    """Each looks for its run before the next one is sent."""
    cloud.fake.faults = [Fault("POST", "/dispatches", "lost", times=4)]
    actions = [(CONFIG, cloud.context(idempotency_key=f"key-{number}")) for number in range(6)]

    outcomes = cloud.together(*actions)

    assert ["completed"] * 6 == [outcome.status for outcome in outcomes]
    assert 6 == len({outcome.result.outputs["run_id"] for outcome in outcomes}) == len(cloud.fake.runs)


@pytest.mark.parametrize("name", ["pao-orders", "pao-123", "PAO"])
def test_a_value_is_no_id(server, name):
    """A run whose name shows a value that looks like one may be the one all the same."""
    server.fake.repositories["acme/deployments"]["deploy.yml"].run_name = "Deploy {name}"

    outcome = server.run({**NAMED, "inputs": {"name": name}})

    assert "runs of it have no id in their name" in outcome.error.message


@pytest.mark.parametrize("config", [CONFIG, NAMED], ids=["nameless", "named"])
def test_a_github_that_is_away_for_minutes_is_asked_until_it_answers(cloud, config):
    """Only a look that was answered tells that there is no run."""
    name_runs(cloud)
    away = Fault("GET", "/runs", status=503, times=100)
    cloud.fake.faults = [Fault("POST", "/dispatches", "lost")]
    cloud.fake.on_dispatch = lambda _: cloud.fake.faults.append(away)

    outcome = cloud.run(config)

    assert ("completed", [1001], 1) == (outcome.status, list(cloud.fake.runs), len(cloud.fake.dispatches()))
    assert sum(cloud.clock.slept) > 480


@pytest.mark.parametrize("config", [CONFIG, NAMED], ids=["nameless", "named"])
def test_a_github_that_stays_away_leaves_it_unknown(cloud, config):
    """After a quarter of an hour; nothing is sent again."""
    cloud.fake.faults = [Fault("POST", "/dispatches", "lost")]
    cloud.fake.on_dispatch = lambda _: cloud.fake.faults.append(Fault("GET", "/runs", status=503, times=9999))

    outcome = cloud.run(config)

    assert ("outcome_unknown", 1) == (outcome.status, len(cloud.fake.dispatches()))
    assert (
        "'deploy.yml' may have been started, but which run that is can't be found out: the runs of 'deploy.yml' in "
        "acme/deployments could not be listed: GitHub answered 503: Server Error"
    ) == outcome.error.message


def test_what_cant_be_looked_for_is_unknown(cloud):
    """The dispatch may have arrived, and the list of runs is refused."""
    cloud.fake.faults = [
        Fault("POST", "/dispatches", "lost"),
        Fault("GET", "/user", status=404),
        Fault("GET", "/runs", status=403, body=b'{"message": "Resource not accessible by integration"}'),
    ]
    listed = cloud.fake.faults.pop()
    cloud.fake.on_dispatch = lambda _: cloud.fake.faults.append(listed)

    outcome = cloud.run()

    assert "outcome_unknown" == outcome.status
    assert outcome.error.message.startswith(
        "'deploy.yml' may have been started, but which run that is can't be found out: the runs of 'deploy.yml' in "
        "acme/deployments could not be listed: GitHub answered 403: Resource not accessible by integration; connection "
        "'github_default' may not do that"
    )


def test_a_persons_retry_is_a_dispatch_of_its_own(cloud):
    """With another id, and without what was stored."""
    name_runs(cloud)
    cloud.run(NAMED)

    cloud.run(NAMED, context=cloud.context(idempotency_key="key-2"))

    assert [correlation("key-1"), correlation("key-2")] == [
        call.body["inputs"]["pao_id"] for call in cloud.fake.dispatches()
    ]
