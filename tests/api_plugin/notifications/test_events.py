"""Which events people are told of, and which of them are one and the same."""

from __future__ import annotations

import pytest

from api_plugin.notifications.events import notable


def waiting(**more):
    """An event of an action that waits for a ticket."""
    return {"action": {"name": "ticket", "status": "waiting", "mode": "manual", "url": "https://t/1", **more}}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("status", {"status": "completed", "error": None}, ("completed", "2")),
        ("status", {"status": "failed", "error": "no"}, ("failed", "2")),
        ("status", {"status": "rolled_back", "error": "no"}, ("failed", "2")),
        ("status", {"status": "rollback_failed", "error": "no"}, ("failed", "2 undo")),
        ("overdue", {"expected_at": "2026-03-01T09:00:00Z"}, ("overdue", "")),
        ("action", waiting(), ("waiting", "ticket c6335d957087de99")),
        ("action", waiting(url=None), ("waiting", "ticket")),
        ("status", {"status": "rolled_back", "error": None}, None),
        ("status", {"status": "cancelled", "error": None}, None),
        ("status", {"status": "in_progress"}, None),
        ("action", waiting(status="completed"), None),
        ("action", waiting(mode="automatic"), None),
    ],
)
def test_an_event_is_to_be_told_or_not(kind, data, expected):
    """By the try of the request, or the action that waits for people."""
    told = notable(kind, data, run_try=2)

    assert expected == (told and (told.event, told.subject))


def test_another_ticket_is_something_else_to_tell():
    """The first was declined, and a person retried; the same one is told of once, whichever try has it in hand."""
    first, again, second = (
        notable("action", waiting(url=url), run_try=run_try)
        for url, run_try in (("https://t/1", 0), ("https://t/1", 1), ("https://t/2", 1))
    )

    assert (True, False) == (first.subject == again.subject, first.subject == second.subject)
