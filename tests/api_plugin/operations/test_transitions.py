"""Every operation has a verdict for every status."""

from __future__ import annotations

from typing import get_args

import pytest

from api_plugin.exceptions import ApiProblem
from api_plugin.operations.transitions import Operation, Refused, require, verdict
from api_plugin.status import RequestStatus

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
    try:
        found = YES if require(operation, status) else AGAIN
    except ApiProblem as problem:
        assert (409, {"request_status": status}) == (problem.status, problem.extra)
        found = problem.code.removeprefix("request-")

    assert expected == found


@pytest.mark.parametrize(("status", "operation", "_expected"), CASES)
def test_each_refusal_says_what_is_and_what_to_do(status, operation, _expected):
    """In one sentence of two parts."""
    found = verdict(operation, status)
    if isinstance(found, Refused):
        assert found.detail.count("; ") == 1
