"""A watcher's knowledge of a request grows with each message."""

from __future__ import annotations

import pytest

from examples.client.following import Following


def action(name: str, status: str) -> dict[str, object]:
    return {"name": name, "status": status}


QUEUED = Following(status="queued", actions=(action("database", "pending"), action("dns", "pending")))


def test_a_snapshot_tells_everything():
    """It replaces what was known before."""
    request = {"status": "in_progress", "actions": [action("database", "running")], "error": None}

    told = QUEUED.after({"type": "snapshot", "request": request})

    assert Following(status="in_progress", actions=(action("database", "running"),)) == told


def test_an_action_s_message_tells_of_that_action_alone():
    """The others stay as they were, and so does their order."""
    told = QUEUED.after({"type": "action", "action": action("dns", "failed")})

    assert (action("database", "pending"), action("dns", "failed")) == told.actions
    assert "queued" == told.status


def test_a_reason_stays_known_while_its_undoing_goes_on():
    """A later status without an error takes nothing back."""
    told = QUEUED.after({"type": "status", "status": "rolling_back", "error": "refused"})
    told = told.after({"type": "status", "status": "rolled_back", "error": None})

    assert ("rolled_back", "refused") == (told.status, told.error)


@pytest.mark.parametrize("kind", ["log", "of-a-later-version"])
def test_a_message_of_another_kind_changes_nothing(kind):
    """A client goes on working when the platform learns to tell more."""
    assert QUEUED == QUEUED.after({"type": kind})


def test_changes_name_what_is_new_and_nothing_else():
    """First the actions in their order, then the request itself."""
    later = QUEUED.after({"type": "action", "action": action("database", "running")})
    later = later.after({"type": "status", "status": "in_progress"})

    assert [("database", "running"), ("request", "in_progress")] == later.changes(QUEUED)
    assert [] == later.changes(later)
