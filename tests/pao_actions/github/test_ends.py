"""How a run can end other than well, and how it is stopped."""

import pytest
from pao_actions.testing import MemoryState

from catalog_compiler.plan import RetryPlan
from tests.fakes.github import Fault
from tests.pao_actions.github.conftest import CONFIG, Killed

RUN = "https://github.com/acme/deployments/actions/runs/1001"


@pytest.mark.parametrize(
    ("conclusion", "words"),
    [
        ("failure", "failed"),
        ("cancelled", "was cancelled"),
        ("timed_out", "took longer than its workflow allows"),
        ("action_required", "needs an approval that it does not have"),
        ("neutral", "ended as neutral, which is no success"),
        ("skipped", "was skipped: its conditions let none of its jobs run"),
        ("stale", "was given up by GitHub as stale"),
        ("startup_failure", "could not be started; look at the workflow file"),
        ("brand_new", "ended with 'brand_new'"),
    ],
)
def test_any_conclusion_but_success_fails_the_action(cloud, conclusion, words):
    """With what there is of the run, for those who look and for the rollback."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = ("in_progress", conclusion)

    outcome = cloud.run()

    assert ("failed", "permanent", True, 1) == (
        outcome.status,
        outcome.error.kind,
        outcome.error.effect_possible,
        outcome.attempts,
    )
    assert f"the run {RUN} {words}" == outcome.error.message
    assert {"run_id": 1001, "url": RUN, "status": "completed", "conclusion": conclusion} == outcome.result.outputs


def test_the_error_names_failed_jobs_and_steps(cloud):
    """Those that were cancelled since another failed are left out."""

    def with_jobs(run):
        run.jobs = [
            {"name": "build", "conclusion": "success", "steps": [("compile", "success")]},
            {"name": "deploy", "conclusion": "failure", "steps": [("plan", "success"), ("apply", "failure")]},
            {"name": "other", "conclusion": "cancelled", "steps": [("apply", "cancelled")]},
            {"name": "late", "conclusion": "timed_out"},
        ]

    cloud.fake.on_dispatch = with_jobs
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = ("failure",)

    assert (
        f"the run {RUN} failed: job 'deploy' failed in 'apply' ({RUN}/job/2); "
        f"job 'late' took longer than its workflow allows ({RUN}/job/4)"
    ) == cloud.run().error.message


def test_many_failed_jobs_are_counted(cloud):
    """A matrix can have 256."""

    def with_jobs(run):
        run.jobs = [{"name": f"j{number}", "conclusion": "failure"} for number in range(8)]

    cloud.fake.on_dispatch = with_jobs
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = ("failure",)

    message = cloud.run().error.message

    assert message.endswith(f"job 'j4' failed ({RUN}/job/5); and 3 jobs more")


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 403}, {"body": b"<html>", "status": 200}])
def test_a_failure_is_told_also_where_its_jobs_cant_be_had(cloud, fault):
    """The run's end is known all the same."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = ("failure",)
    cloud.fake.faults = [Fault("GET", "/jobs", **fault)]

    assert f"the run {RUN} failed" == cloud.run().error.message


def test_a_run_that_takes_too_long_is_cancelled(cloud):
    """What is rolled back must not go on beside it."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = ("in_progress",)

    outcome = cloud.run({**CONFIG, "timeout": 90})

    assert (
        f"the run {RUN} did not end within 90 seconds, and was told to stop; raise 'timeout' if that is too short"
    ) == outcome.error.message
    assert ("permanent", True, 1001) == (
        outcome.error.kind,
        outcome.error.effect_possible,
        outcome.result.outputs["run_id"],
    )
    assert ["cancelled"] == list(cloud.fake.runs[1001].states)
    assert 90.0 == sum(cloud.clock.slept)


def test_the_time_counts_from_the_dispatch_also_over_a_restart(cloud):
    """A host that dies does not give the run more time."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = ("in_progress",)
    state = MemoryState()

    class Dying:
        async def wait(self, _name, _seconds):
            cloud.clock.advance(80)
            raise Killed

    with pytest.raises(Killed):
        cloud.run({**CONFIG, "timeout": 90}, context=cloud.context(state=state, signals=Dying()))
    outcome = cloud.run({**CONFIG, "timeout": 90}, context=cloud.context(state=state))

    assert "did not end within 90 seconds" in outcome.error.message
    assert 10.0 == sum(cloud.clock.slept)


def test_stopping_the_action_cancels_the_run(cloud):
    """The run of this action, and no other."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = ("in_progress",)
    other = cloud.fake.start("acme/deployments", cloud.fake.repositories["acme/deployments"]["deploy.yml"])
    context = cloud.context()

    class Stopped:
        async def wait(self, _name, _seconds):
            raise Killed

    with pytest.raises(Killed):
        cloud.run(context=cloud.context(state=context.state, signals=Stopped()))
    outcome = cloud.stop(context)

    assert ["cancelled"] == list(cloud.fake.runs[1002].states)
    assert 1002 == outcome.result.outputs["run_id"]
    assert ["in_progress"] == list(other.states)
    assert [{"run_id": 1002, "status": 202}] == cloud.events("run_cancelled")


@pytest.mark.parametrize(("times", "stopped"), [(1, True), (2, True), (3, False)])
def test_a_cancel_that_is_not_answered_is_tried_again(cloud, times, stopped):
    """Some times, since whoever stops a request does not look whether it stopped."""
    context = cloud.context()
    cloud.run({**CONFIG, "wait": False}, context=context)
    cloud.fake.faults = [Fault("POST", "/cancel", times=times)]

    outcome = cloud.stop(context)

    told = "the run 1001 of acme/deployments could not be cancelled: GitHub answered 500: Server Error"
    assert stopped == (told not in outcome.error.message)
    assert (["cancelled"] if stopped else ["queued", "in_progress", "success"]) == list(cloud.fake.runs[1001].states)


def test_stopping_an_action_whose_run_has_ended_is_fine(cloud):
    """GitHub says 409."""
    context = cloud.context()
    cloud.run(context=context)

    cloud.stop(context)

    assert [{"run_id": 1001, "status": 409}] == cloud.events("run_cancelled")


def test_stopping_an_action_that_has_begun_nothing_is_fine(cloud):
    """Nothing is called."""
    cloud.stop(cloud.context())

    assert [] == cloud.fake.calls


@pytest.mark.parametrize("kind", ["lost", "cut"])
def test_stopping_looks_for_a_run_that_is_not_known_yet(cloud, kind):
    """The dispatch may have arrived."""
    cloud.fake.faults = [Fault("POST", "/dispatches", kind)]
    context = cloud.context()

    class Dying(type(context.log)):
        def warning(self, event, **_fields):
            if event == "answer_lost":
                raise Killed

    with pytest.raises(Killed):
        cloud.run(context=cloud.context(state=context.state, log=Dying()))
    outcome = cloud.stop(context)

    cancelled = [call for call in cloud.fake.calls if call.path.endswith("/cancel")]
    assert (1 if kind == "lost" else 0) == len(cancelled)
    unknown = "what it began outside may go on, because no run of 'deploy.yml' that it may have started was found"
    assert (kind == "cut") == (unknown in outcome.error.message)


def test_polls_may_fail_for_some_minutes(cloud):
    """The run goes on all the same, and no attempt is used up."""
    cloud.fake.faults = [Fault("GET", "/actions/runs/", "cut", times=4), Fault("GET", "/actions/runs/", times=5)]

    outcome = cloud.run()

    assert ("completed", 1) == (outcome.status, outcome.attempts)
    assert 9 == len(cloud.events("poll_failed"))


def test_polls_that_keep_failing_end_the_attempt_and_the_next_goes_on(cloud):
    """With the same run."""
    cloud.fake.faults = [Fault("GET", "/actions/runs/", status=502, times=12)]

    outcome = cloud.run()

    assert ("completed", 2) == (outcome.status, outcome.attempts)
    assert 1 == len(cloud.fake.dispatches())


def test_what_can_never_be_asked_fails_with_the_run(cloud):
    """So that someone can look."""
    cloud.fake.faults = [Fault("GET", "/actions/runs/", status=502, times=99)]

    outcome = cloud.run(retry=RetryPlan(attempts=0, delay=0, max_delay=1))

    assert (
        f"the run {RUN} could not be looked at: GitHub answered 502: Server Error; gave up after 1 try"
        == outcome.error.message
    )
    assert (True, 1001) == (outcome.error.effect_possible, outcome.result.outputs["run_id"])


def test_a_run_that_is_just_started_may_not_be_found_yet(cloud):
    """For a minute."""
    cloud.fake.faults = [Fault("GET", "/actions/runs/", status=404, body=b'{"message": "Not Found"}', times=2)]

    assert "completed" == cloud.run().status


def test_a_run_that_is_gone_fails_the_action(cloud):
    """Someone deleted it."""
    cloud.fake.on_dispatch = lambda run: cloud.fake.runs.pop(run.id)

    assert f"the run {RUN} is gone, or connection 'github_default' may not see it any more" == cloud.run().error.message
