"""Every operation has a verdict for every status."""

from __future__ import annotations

from typing import get_args

import pytest

from api_plugin.exceptions import ApiProblem
from api_plugin.operations.transitions import AlreadySo, Operation, Refused, require, verdict
from api_plugin.status_views import RequestStatus

YES, AGAIN = "allowed", "already so"

TABLE = {
    #                  cancel             retry              rollback           escalate
    "submitted":      (YES,               "queued",          "queued",          "queued"),
    "validated":      (YES,               "queued",          "queued",          "queued"),
    "queued":         (YES,               "queued",          "queued",          "queued"),
    "in_progress":    (YES,               "in-progress",     "in-progress",     "in-progress"),
    "completed":      ("completed",       "completed",       YES,               "completed"),
    "failed":         ("failed",          YES,               YES,               YES),
    "cancelling":     (AGAIN,             "cancelling",      "cancelling",      "cancelling"),
    "cancelled":      ("cancelled",       YES,               YES,               "cancelled"),
    "rolling_back":   ("rolling-back",    "rolling-back",    "rolling-back",    "rolling-back"),
    "rolled_back":    ("rolled-back",     YES,               "rolled-back",     "rolled-back"),
    "rollback_failed": ("rollback-failed", YES,               YES,               "rollback-failed"),
}  # fmt: skip
OPERATIONS: tuple[Operation, ...] = ("cancel", "retry", "rollback", "escalate")
CASES = [
    (status, operation, expected)
    for status, row in TABLE.items()
    for operation, expected in zip(OPERATIONS, row, strict=True)
]


def test_the_table_is_complete():
    """Of all statuses and all operations."""
    assert set(TABLE) == set(get_args(RequestStatus))
    assert OPERATIONS == get_args(Operation)


@pytest.mark.parametrize(("status", "operation", "expected"), CASES)
def test_each_status_and_operation_has_its_verdict(status, operation, expected):
    """Allowed, already so, or refused with a code of its own."""
    assert expected == shown(verdict(operation, status))


def shown(found):
    """A verdict as the table writes it."""
    match found:
        case Refused(code=code):
            return code.removeprefix("request-")
        case AlreadySo():
            return AGAIN
    return YES


def test_what_is_refused_is_a_conflict():
    """A problem that tells the status, too."""
    with pytest.raises(ApiProblem) as refused:
        require("retry", "completed")

    assert (409, "request-completed", {"request_status": "completed"}) == (
        refused.value.status,
        refused.value.code,
        refused.value.extra,
    )


def test_what_is_under_way_is_not_done_again():
    """It is answered as if it were."""
    assert [True, False] == [require("cancel", status) for status in ("in_progress", "cancelling")]


@pytest.mark.parametrize(("status", "operation", "_expected"), CASES)
def test_each_refusal_says_what_is_and_what_to_do(status, operation, _expected):
    """In one sentence of two parts."""
    found = verdict(operation, status)
    if isinstance(found, Refused):
        assert found.detail.count("; ") == 1
