"""GitHub's rate limits are waited for, by all who use the connection."""

from datetime import timedelta

import pytest

from catalog_compiler.plan import RetryPlan
from tests.fakes.github import Fault
from tests.pao_actions.github.conftest import CONFIG

SECONDARY = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'
NAMED = {**CONFIG, "correlation_input": "pao_id", "wait": False}


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (403, {"Retry-After": "17"}, SECONDARY, [17]),
        (429, {"Retry-After": "17"}, SECONDARY, [17]),
        (429, {"Retry-After": "0"}, SECONDARY, [1]),
        (429, {"Retry-After": "Wed, 01 Jan 2025 00:00:30 GMT"}, SECONDARY, [30]),
        (403, {}, SECONDARY, [60]),
        (429, {}, b"", [60]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1735689900"}, b"{}", [301]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1735689000"}, b"{}", [1]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, b"{}", [60]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}, b"{}", [3660]),
        (429, {"Retry-After": "99999"}, b"{}", [3660]),
    ],
)
def test_a_refusal_is_waited_for_as_told(cloud, status, headers, body, seconds):
    """And not counted as an attempt: GitHub has done nothing."""
    cloud.fake.faults = [Fault("POST", "/dispatches", status=status, headers=headers, body=body)]

    outcome = cloud.run(NAMED)

    assert ("completed", 1) == (outcome.status, outcome.attempts)
    assert seconds == cloud.clock.slept
    assert [{"seconds": seconds[0], "status": status}] == cloud.events("rate_limited")


def test_refusals_in_a_row_are_waited_for_longer_and_longer(cloud):
    """Where GitHub does not say how long."""
    cloud.fake.faults = [Fault("POST", "/dispatches", status=403, body=SECONDARY, times=3)]

    assert "completed" == cloud.run(NAMED).status
    assert [60, 120, 240] == cloud.clock.slept


def test_refusals_without_end_end_the_attempt(cloud):
    """Nothing was started."""
    cloud.fake.faults = [Fault("POST", "/dispatches", status=429, headers={"Retry-After": "5"}, times=8)]

    outcome = cloud.run(NAMED, retry=RetryPlan(attempts=0, delay=0, max_delay=1))

    assert (
        "GitHub refused 8 times in a row for its rate limits, as often as the wait that it asked for was over; give "
        "the connection an account of its own, or fewer requests at once; gave up after 1 try"
    ) == outcome.error.message
    assert not outcome.error.effect_possible


def test_the_last_call_of_the_hour_is_followed_by_silence(cloud):
    """Also where it went well: the next one would be refused, and refusals count against the account."""
    cloud.fake.remaining, cloud.fake.reset_at = 2, cloud.clock.now() + timedelta(minutes=10)

    assert "completed" == cloud.run().status
    assert 601.2 == cloud.clock.slept[0]
    assert 403 not in [call.status for call in cloud.fake.calls]


def test_all_who_use_the_connection_keep_quiet(cloud):
    """What one is told holds for the others."""
    cloud.fake.faults = [Fault("POST", "/dispatches", status=403, headers={"Retry-After": "600"}, body=SECONDARY)]
    actions = [({**CONFIG, "wait": False}, cloud.context(idempotency_key=f"key-{number}")) for number in range(5)]

    outcomes = cloud.together(*actions)

    assert {"completed"} == {outcome.status for outcome in outcomes}
    assert 1 == len(cloud.events("rate_limited"))
    assert 600 == sum(cloud.clock.slept)


def test_a_poll_that_nothing_changed_costs_nothing(cloud):
    """GitHub does not count a 304."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].life = (*["in_progress"] * 30, "success")
    cloud.fake.remaining, cloud.fake.reset_at = 100, cloud.clock.now() + timedelta(hours=1)

    cloud.run()

    assert 100 - 4 == cloud.fake.remaining


def test_a_403_that_is_no_limit_fails_at_once(cloud):
    """Waiting would not help."""
    message = b'{"message": "Resource not accessible by personal access token"}'
    cloud.fake.faults = [Fault("POST", "/dispatches", status=403, body=message)]

    outcome = cloud.run(NAMED)

    assert ("permanent", 1) == (outcome.error.kind, outcome.attempts)
    assert [] == cloud.clock.slept
