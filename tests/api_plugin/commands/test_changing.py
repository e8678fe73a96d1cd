"""`pao cancel`, `logs`, and the operations that change a request: what they send, and how they end."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def request_of(deployment):
    """A request that was accepted."""
    return deployment.world.order(fields={"name": "a", "pin": "12345"}, caller=deployment.caller)


def test_a_request_is_cancelled(signed_in, deployment, request_of):
    """By its requester; once more it says what is."""
    status, out, err = signed_in("cancel", request_of.id, "--format", "json")

    assert 0 == status, err
    assert json.loads(out)["status"] in {"cancelling", "cancelled"}
    assert ("DELETE", f"/api/v1/requests/{request_of.id}") in deployment.calls


@pytest.mark.parametrize("operation", ["retry", "rollback", "escalate"])
def test_what_is_not_allowed_now_is_refused_in_the_api_s_words(signed_in, deployment, request_of, operation):
    """A queued request has nothing to retry, to undo or to escalate."""
    status, out, err = signed_in(operation, request_of.id)

    assert (3, "") == (status, out)
    assert err.startswith(f"pao {operation}: ")
    assert ("POST", f"/api/v1/requests/{request_of.id}/{operation}") in deployment.calls


def test_logs_are_lines_for_people_and_json_for_programs(signed_in, request_of):
    """What happened to the request is in them."""
    status, out, err = signed_in("logs", request_of.id)

    assert 0 == status, err
    assert "INFO     request: " in out
    entries = [json.loads(line) for line in signed_in("logs", request_of.id, "--format", "json")[1].splitlines()]
    assert ["request"] * len(out.splitlines()) == [entry["source"] for entry in entries]
