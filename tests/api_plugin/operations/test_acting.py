"""A request may be deleted while somebody acts on it."""

from __future__ import annotations

import uuid

import pytest

from api_plugin.exceptions import ApiProblem
from api_plugin.operations.acting import locked
from api_plugin.operations.cancel import cancel
from tests.api_plugin.operations.conftest import DEV


@pytest.mark.parametrize(
    "act",
    [
        lambda world, gone: locked(world.session, DEV, gone),
        lambda world, gone: cancel(world.session, world.shelf, gone, DEV, undo=None),
    ],
    ids=["retry, rollback, escalate", "cancel"],
)
def test_one_that_is_deleted_between_being_seen_and_being_locked_is_not_there(world, act):
    """By retention: it is no fault of the server."""
    with pytest.raises(ApiProblem) as refused:
        act(world, uuid.uuid4())

    assert (404, "unknown-request") == (refused.value.status, refused.value.code)
