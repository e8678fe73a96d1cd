"""Each operation on a request of each status, through the API: it is done, or refused with a code."""

from __future__ import annotations

import pytest

from tests.api_plugin.operations.conftest import DEV, OPERATOR, OTHER, TEAM

TABLE = {
    #                  retry                      rollback                   escalate
    "queued": (        "request-queued",          "request-queued",          "request-queued"),
    "in_progress": (   "request-in-progress",     "request-in-progress",     "request-in-progress"),
    "completed": (     "request-completed",       "rolling_back",            "request-completed"),
    "failed": (        "queued",                  "rolling_back",            "in_progress"),
    "cancelling": (    "request-cancelling",      "request-cancelling",      "request-cancelling"),
    "cancelled": (     "left-standing",           "rolling_back",            "request-cancelled"),
    "rolling_back": (  "request-rolling-back",    "request-rolling-back",    "request-rolling-back"),
    "rolled_back": (   "queued",                  "request-rolled-back",     "request-rolled-back"),
    "rollback_failed": ("left-standing",          "rolling_back",            "request-rollback-failed"),
}  # fmt: skip


@pytest.mark.parametrize("status", TABLE)
def test_each_operation_is_done_or_refused(desk, status):
    """What is refused changes nothing; what is done is done once, and refused when it comes again."""
    for operation, expected in zip(("retry", "rollback", "escalate"), TABLE[status], strict=True):
        request = desk.of_status(status)

        answer = desk.do(operation, request)

        body = answer.json()
        if answer.status_code == 409:
            assert expected == body["code"]
            assert status == desk.look(request).status
            assert [] == desk.audited(request, operation)[1 if operation == "rollback" and "roll" in status else 0 :]
            continue
        assert (202, expected) == (answer.status_code, body["status"])
        assert answer.headers["Location"] == body["links"]["self"]
        again = desk.do(operation, request)
        assert (409, True) == (again.status_code, again.json()["code"].startswith(("request-", "already-")))


@pytest.mark.parametrize("operation", ["retry", "rollback", "escalate"])
@pytest.mark.parametrize(
    ("caller", "status"), [(DEV, 202), (OPERATOR, 202), (TEAM, 403), (OTHER, 404)], ids=lambda each: str(each)[:30]
)
def test_the_requester_and_operators_may(desk, operation, caller, status):
    """The team that owns the item sees the request, and may not change it; others do not know of it."""
    request = desk.failed()

    answer = desk.do(operation, request, caller=caller)

    assert status == answer.status_code
    assert ([caller.id] if status == 202 else []) == desk.audited(request, operation)


@pytest.mark.parametrize("operation", ["retry", "rollback", "escalate"])
def test_a_call_that_is_sent_again_with_its_key_is_answered_again(desk, operation):
    """And nothing is done twice."""
    request = desk.failed()

    first = desk.do(operation, request, Idempotency_Key="one")
    second = desk.do(operation, request, Idempotency_Key="one")

    assert (202, 202, "true") == (first.status_code, second.status_code, second.headers["Idempotency-Replayed"])
    assert first.json() == second.json()
    assert [DEV.id] == desk.audited(request, operation)
