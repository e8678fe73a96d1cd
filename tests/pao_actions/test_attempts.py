"""The attempt loop: what is tried again, after how long, and what a restart finds."""

import asyncio
from datetime import timedelta

import pytest
from pao_actions.attempts import perform, stop
from pao_actions.exceptions import OutcomeUnknownError, PermanentError, TemporaryError
from pao_actions.testing import FakeClock, MemoryLog, MemoryState, make_context
from pydantic import BaseModel, ConfigDict

from catalog_compiler.actions import ActionResult, ActionType
from catalog_compiler.plan import RetryPlan

ONCE_MORE = RetryPlan(attempts=1, delay=1, max_delay=60)
AWAY = TemporaryError("target is away", arrived=True)
UNREACHED = TemporaryError("target is not there", arrived=False)


class Scripted(ActionType):
    """Does in each attempt what the script says next: raises it, or completes with it."""

    name = "scripted"

    class Config(BaseModel):
        """One optional key."""

        model_config = ConfigDict(extra="forbid")
        key: str = ""

    def __init__(self, *script, safe=True):
        self.script = list(script)
        self.safe = safe
        self.seen = []
        self.stopped = []

    def repeatable(self, _config):
        return self.safe

    def resumes(self, state):
        return "job" in state

    def made(self, state):
        return ActionResult(outputs=dict(state)) if "job" in state else None

    async def cancel(self, config, context):
        self.stopped.append((config.key, context.attempt, await context.state.load()))

    async def run(self, _config, context):
        self.seen.append(context)
        step = self.script.pop(0)
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            return await step(context)
        return ActionResult(outputs={"value": step})


class Crash(BaseException):
    """The host dies: nothing after it runs."""


def attempt(action, *, config=None, retry=None, timeout=None, clock=None, **context):
    return asyncio.run(
        perform(
            action,
            config or {},
            retry=retry,
            timeout=timeout,
            context=make_context(clock=clock, **context),
        )
    )


def test_a_first_success_costs_no_state():
    """A repeatable action that completes at once stores nothing."""
    state = MemoryState()

    outcome = attempt(Scripted("done"), state=state)

    assert ("completed", {"value": "done"}, 1, None) == (
        outcome.status,
        outcome.result.outputs,
        outcome.attempts,
        outcome.error,
    )
    assert [] == state.saves


@pytest.mark.parametrize(
    ("safe", "retry", "errors", "status", "attempts"),
    [
        (True, None, [AWAY] * 3, "completed", 4),
        (True, None, [AWAY] * 4, "failed", 4),
        (False, None, [UNREACHED] * 3, "completed", 4),
        (False, None, [UNREACHED] * 4, "failed", 4),
        (False, None, [AWAY], "failed", 1),
        (False, None, [UNREACHED, AWAY], "failed", 2),
        (False, ONCE_MORE, [AWAY], "completed", 2),
        (False, ONCE_MORE, [AWAY, AWAY], "failed", 2),
        (True, RetryPlan(attempts=0, delay=1, max_delay=1), [AWAY], "failed", 1),
        (True, None, [PermanentError("refused")], "failed", 1),
        (False, ONCE_MORE, [AWAY, PermanentError("refused")], "failed", 2),
        (True, None, [OutcomeUnknownError("no idea")], "outcome_unknown", 1),
        (True, None, [ValueError("a mistake of ours")], "failed", 1),
    ],
)
def test_which_errors_are_tried_again(safe, retry, errors, status, attempts):
    """Safe ones as often as the plan says; others only where nothing can have arrived; permanent ones never."""
    outcome = attempt(Scripted(*errors, "done", safe=safe), retry=retry)

    assert (status, attempts) == (outcome.status, outcome.attempts)


@pytest.mark.parametrize(
    ("errors", "kind", "effect_possible", "message"),
    [
        ([UNREACHED] * 4, "temporary", False, "target is not there; gave up after 4 tries"),
        ([AWAY], "temporary", True, "target is away; not tried again, because it may have arrived; give the action a"),
        ([PermanentError("refused")], "permanent", False, "refused"),
        ([PermanentError("odd answer", effect_possible=True)], "permanent", True, "odd answer"),
        ([OutcomeUnknownError("no idea")], "outcome_unknown", True, "no idea"),
        ([ValueError("inner detail")], "permanent", True, "unexpected ValueError; the log has the details under corr"),
    ],
)
def test_a_failure_says_what_it_was(errors, kind, effect_possible, message):
    """The message is for the requester; the rollback needs to know whether the target may have acted."""
    error = attempt(Scripted(*errors, safe=False)).error

    assert (kind, effect_possible, len(errors)) == (error.kind, error.effect_possible, error.attempts)
    assert message in error.message
    assert "inner detail" not in error.message


def test_an_earlier_attempt_may_have_had_the_effect():
    """A permanent error at last does not make the attempts before it harmless."""
    error = attempt(Scripted(AWAY, PermanentError("refused"))).error

    assert error.effect_possible


def test_the_log_has_the_traceback_of_what_was_unexpected():
    """The requester gets a correlation id, the operator the details."""
    log = MemoryLog()

    attempt(Scripted(ValueError("inner detail")), log=log)

    assert "inner detail" in dict(log.events)["unexpected_error"]["traceback"]


@pytest.mark.parametrize(
    ("plan", "chance", "slept"),
    [
        (RetryPlan(attempts=4, delay=5, max_delay=300), 1.0, [5, 10, 20, 40]),
        (RetryPlan(attempts=4, delay=5, max_delay=12), 1.0, [5, 10, 12, 12]),
        (RetryPlan(attempts=3, delay=8, max_delay=300), 0.25, [2, 4, 8]),
        (RetryPlan(attempts=2, delay=0, max_delay=300), 1.0, []),
    ],
)
def test_waits_longer_each_time_with_jitter(plan, chance, slept):
    """Exponential from `delay`, at most `max_delay`, with the chance of full jitter."""
    clock = FakeClock(chance=chance)

    attempt(Scripted(*[AWAY] * plan.attempts, "done"), retry=plan, clock=clock)

    assert slept == clock.slept


@pytest.mark.parametrize(
    ("wish", "slept"), [(30.0, [30]), (1.0, [5]), (1_800.0, [1800]), (100_000.0, [3600]), (0.0, [5])]
)
def test_a_target_may_wish_for_a_longer_wait(wish, slept):
    """`Retry-After` is honoured, beyond `max_delay` too, up to an hour."""
    clock = FakeClock()

    attempt(Scripted(TemporaryError("busy", arrived=True, retry_after=wish), "done"), clock=clock)

    assert slept == clock.slept


def test_each_attempt_knows_its_number():
    """The same idempotency key, another number."""
    action = Scripted(AWAY, AWAY, "done")

    attempt(action)

    assert [1, 2, 3] == [context.attempt for context in action.seen]
    assert {"key-1"} == {context.idempotency_key for context in action.seen}


def test_an_attempt_that_takes_too_long_is_temporary():
    """`timeout` limits one attempt; the next one has its own."""

    async def hang(_):
        await asyncio.Event().wait()

    outcome = attempt(Scripted(hang, "done"), timeout=0.01)

    assert ("completed", 2) == (outcome.status, outcome.attempts)


def test_a_cancelled_action_ends_at_once():
    """Cancellation passes through; it is the host's matter."""
    with pytest.raises(asyncio.CancelledError):
        attempt(Scripted(asyncio.CancelledError()))


def test_an_invalid_config_fails_before_anything_is_sent():
    """The keys are named, the values are not."""
    action = Scripted("done")

    outcome = attempt(action, config={"key": ["hush"], "kex": "hush"})

    assert ("failed", "permanent", 0, []) == (outcome.status, outcome.error.kind, outcome.attempts, action.seen)
    assert "'key'" in outcome.error.message
    assert "'kex'" in outcome.error.message
    assert "hush" not in outcome.error.message
    assert not outcome.error.effect_possible


def test_a_rollback_calls_undo():
    """The same loop undoes."""

    class Undoing(Scripted):
        async def undo(self, _config, _context):
            return ActionResult(outputs={"undone": True})

    assert {"undone": True} == attempt(Undoing(), undoing=True).result.outputs


def test_a_restart_goes_on_counting():
    """A host that dies while it waits finds the count, and does not wait anew."""
    state, clock = MemoryState(), FakeClock()
    start = clock.now()

    async def die(_):
        raise Crash

    with pytest.raises(Crash):
        attempt(Scripted(AWAY, AWAY, die), state=state, clock=clock)
    outcome = attempt(Scripted(AWAY, AWAY), state=state, clock=clock)

    assert ("failed", 4) == (outcome.status, outcome.attempts)
    assert start == outcome.started_at
    assert clock.now() == outcome.ended_at


@pytest.mark.parametrize(("away", "slept"), [(0, [5.0]), (2, [3.0]), (60, [])])
def test_a_restart_waits_for_what_is_left(away, slept):
    """The time of the next try is stored before waiting for it."""
    state, clock = MemoryState(), FakeClock()

    class Dying(FakeClock):
        async def sleep(self, _seconds):
            raise Crash

    with pytest.raises(Crash):
        attempt(Scripted(AWAY), state=state, clock=Dying())
    clock.advance(away)
    outcome = attempt(Scripted("done"), state=state, clock=clock)

    assert ("completed", 2, slept) == (outcome.status, outcome.attempts, clock.slept)


def test_what_must_not_be_sent_twice_is_marked_before_it_is_sent():
    """After a crash in between, it ends with an unknown outcome, and nothing is sent."""
    state = MemoryState()

    async def die(_):
        raise Crash

    with pytest.raises(Crash):
        attempt(Scripted(die, safe=False), state=state)
    again = Scripted("done", safe=False)
    outcome = attempt(again, state=state)

    assert ("outcome_unknown", "outcome_unknown", True, 1) == (
        outcome.status,
        outcome.error.kind,
        outcome.error.effect_possible,
        outcome.attempts,
    )
    assert "look at the target" in outcome.error.message
    assert [] == again.seen


def test_a_failed_attempt_that_sent_nothing_takes_its_mark_away():
    """It is over, so a restart may go on."""
    state, clock = MemoryState(), FakeClock()

    class Dying(FakeClock):
        async def sleep(self, _seconds):
            raise Crash

    with pytest.raises(Crash):
        attempt(Scripted(UNREACHED, safe=False), state=state, clock=Dying())
    outcome = attempt(Scripted("done", safe=False), state=state, clock=clock)

    assert ("completed", 2) == (outcome.status, outcome.attempts)


def test_the_item_may_say_that_repeating_is_safe():
    """With `retry`, a crash in between leads to another attempt and no mark is stored."""
    state = MemoryState()

    async def die(_):
        raise Crash

    with pytest.raises(Crash):
        attempt(Scripted(die, safe=False), state=state, retry=ONCE_MORE)
    outcome = attempt(Scripted("done", safe=False), state=state, retry=ONCE_MORE)

    assert ("completed", []) == (outcome.status, state.saves)


async def begin_job(context):
    """Begin what can be followed afterwards, and die before its end is known."""
    await context.state.save({"job": "j-1"})
    raise Crash


def test_what_was_begun_and_can_be_followed_goes_on():
    """After a crash the attempt that was interrupted goes on with what it stored; it is no new one."""
    state = MemoryState()

    with pytest.raises(Crash):
        attempt(Scripted(AWAY, begin_job, safe=False), state=state, retry=ONCE_MORE)
    with pytest.raises(Crash):
        attempt(Scripted(begin_job, safe=False), state=state)
    again = Scripted("followed", safe=False)
    outcome = attempt(again, state=state)

    assert ("completed", 2, [2]) == (outcome.status, outcome.attempts, [context.attempt for context in again.seen])


def test_however_often_the_host_dies_it_is_the_same_attempt():
    """Otherwise restarts alone would use up the attempts."""
    state = MemoryState()

    for _ in range(6):
        with pytest.raises(Crash):
            attempt(Scripted(begin_job, safe=False), state=state)
    outcome = attempt(Scripted("followed", safe=False), state=state)

    assert ("completed", 1) == (outcome.status, outcome.attempts)


def test_an_attempt_that_can_go_on_is_tried_again_by_itself():
    """A look that fails is no second effect, though the item gives no `retry` and the call is not repeatable."""

    async def submit(context):
        await context.state.save({"job": "j-1"})
        raise AWAY

    assert "completed" == attempt(Scripted(submit, AWAY, "followed", safe=False)).status
    assert "failed" == attempt(Scripted(AWAY, "not reached", safe=False)).status


TICKET = ActionResult(outputs={"key": "OPS-1"}, url="https://jira.example.com/browse/OPS-1")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermanentError("declined", result=TICKET), "failed"),
        (TemporaryError("away", arrived=True, result=TICKET), "failed"),
        (OutcomeUnknownError("no idea", result=TICKET), "outcome_unknown"),
        (PermanentError("refused"), "failed"),
    ],
)
def test_what_a_failed_action_made_is_told(error, status):
    """A ticket that was declined can still be looked at, and undone."""
    outcome = attempt(Scripted(error, safe=False))

    assert (status, error.result) == (outcome.status, outcome.result)


def test_a_stop_finds_what_the_action_stored():
    """With the number of the attempt that was stopped; what the loop itself keeps is not seen."""
    state, action = MemoryState(), Scripted(begin_job, safe=False)
    with pytest.raises(Crash):
        attempt(action, state=state)

    outcome = asyncio.run(stop(action, {"key": "k"}, seconds=1, context=make_context(state=state)))

    assert [("k", 1, {"job": "j-1"})] == action.stopped
    assert ("failed", {"job": "j-1"}, 1) == (outcome.status, outcome.result.outputs, outcome.attempts)
    assert ("permanent", True) == (outcome.error.kind, outcome.error.effect_possible)
    assert (
        "stopped, because the request was cancelled, it was marked failed in Airflow, or its run ran out of time"
        == outcome.error.message
    )


async def _hang():
    await asyncio.Event().wait()


async def _raise(error):
    raise error


@pytest.mark.parametrize(
    ("cancel", "said"),
    [
        (_hang, "because stopping it took more than 0.01 seconds: look at it"),
        (lambda: _raise(PermanentError("run 7 is of another owner")), "because run 7 is of another owner: look at it"),
        (lambda: _raise(ValueError("hush")), "because stopping it failed (ValueError): look at it"),
    ],
)
def test_what_can_not_be_stopped_is_told(cancel, said):
    """The task is over all the same; a person must look at what may go on outside."""
    action = Scripted()
    action.cancel = lambda *_: cancel()

    outcome = asyncio.run(stop(action, {}, seconds=0.01, context=make_context()))

    assert ("failed", True, None) == (outcome.status, outcome.error.effect_possible, outcome.result)
    assert outcome.error.message.endswith(f"; what it began outside may go on, {said}")


def test_a_config_that_is_not_valid_stops_nothing_and_says_so():
    """It never began anything with it."""
    message = asyncio.run(stop(Scripted(), {"kex": 1}, seconds=1, context=make_context())).error.message

    assert message.endswith("because stopping it failed (ValidationError): look at it")


def test_what_was_made_before_its_host_died_is_told():
    """The outcome is unknown, but the job that the state tells of can be looked at."""
    state = MemoryState()

    class Forgetful(Scripted):
        def resumes(self, _state):
            return False

    with pytest.raises(Crash):
        attempt(Forgetful(begin_job, safe=False), state=state)
    outcome = attempt(Forgetful(safe=False), state=state)

    assert ("outcome_unknown", {"job": "j-1"}) == (outcome.status, outcome.result.outputs)


def test_a_type_that_can_not_read_its_state_costs_no_outcome():
    """Its mistake is in the log."""
    log = MemoryLog()
    action = Scripted(PermanentError("refused"))
    action.made = lambda state: state["no such key"]

    outcome = attempt(action, log=log)

    assert ("failed", "refused", None) == (outcome.status, outcome.error.message, outcome.result)
    assert "KeyError" in dict(log.events)["unexpected_error"]["traceback"]


def test_an_action_keeps_its_own_state_beside_the_count():
    """The two share a store, and neither overwrites the other."""
    state = MemoryState()

    async def submit(context):
        assert {} == await context.state.load()
        await context.state.save({"job": "j-1"})
        raise AWAY

    async def look(context):
        return ActionResult(outputs=await context.state.load())

    outcome = attempt(Scripted(submit, look), state=state)

    assert {"job": "j-1"} == outcome.result.outputs
    assert {"attempts", "action"} == set(state.saves[-1])


def test_an_attempt_that_began_is_no_longer_due():
    """What is stored while it runs says so: an action that retried once and then waits for days is not retrying."""
    state = MemoryState()

    async def look(_context):
        return ActionResult(outputs=state.saves[-1]["attempts"])

    kept = attempt(Scripted(AWAY, look), state=state).result.outputs

    assert (2, None, True) == (kept["attempt"], kept["next_at"], kept["at_work"])


@pytest.mark.parametrize("deaths", [1, 5])
def test_a_repeated_attempt_that_is_interrupted_is_begun_again(deaths):
    """Deaths of the host use up no attempts."""
    state = MemoryState()

    async def die(_):
        raise Crash

    with pytest.raises(Crash):
        attempt(Scripted(AWAY, die), state=state)
    for _ in range(deaths):
        with pytest.raises(Crash):
            attempt(Scripted(die), state=state)

    assert 2 == attempt(Scripted("done"), state=state).attempts


def test_times_are_those_of_the_clock():
    """From the first attempt's start to the last one's end."""
    clock = FakeClock()
    start = clock.now()

    outcome = attempt(Scripted(AWAY, "done"), clock=clock)

    assert (start, start + timedelta(seconds=5)) == (outcome.started_at, outcome.ended_at)
