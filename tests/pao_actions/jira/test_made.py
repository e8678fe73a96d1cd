"""A ticket whose action was stopped is known by what the action had stored."""

from __future__ import annotations

import pytest
from pao_actions.jira.ticket import JiraTicket


@pytest.mark.parametrize(
    ("state", "outputs"),
    [
        ({"ticket": {"id": "10001", "key": "OPS-1"}, "linked": True}, {"id": "10001", "key": "OPS-1"}),
        ({"making": True}, None),
        ({"ticket": "OPS-1"}, None),
        ({}, None),
    ],
)
def test_key_and_id_are_told_as_soon_as_they_are_stored(state, outputs):
    """Its undo closes it by the key."""
    made = JiraTicket.made(state)

    assert outputs == (made and dict(made.outputs))
