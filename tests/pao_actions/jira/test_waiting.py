"""Waiting for people: what counts as resolved, how often Jira is asked, and what happens to a ticket meanwhile."""

import asyncio
from collections import deque
from dataclasses import replace

import pytest
from pao_actions.attempts import perform
from pao_actions.http_client import close_clients
from pao_actions.jira.ticket import JiraTicket
from pao_actions.testing import MemoryLog, MemoryProgress, MemoryState

from tests.fakes.jira import STATUSES, Fault
from tests.pao_actions.jira.conftest import USUAL


class People:
    """Signals by whom a test acts while the action waits: each wait does the next of `acts`; True is a webhook."""

    def __init__(self, desk, *acts, webhook=False):
        self.desk, self.acts, self.webhook = desk, deque(acts), webhook
        self.waited = []

    async def wait(self, name, seconds):
        self.waited.append((name, round(seconds, 3)))
        assert len(self.waited) < 200
        if self.acts and (act := self.acts.popleft()):
            act(self.desk.jira)
            if self.webhook:
                return True
        await self.desk.clock.sleep(seconds)
        return False


def moves(status, resolution=None, assignee=None, key="PLATFORM-1"):
    return lambda jira: jira.move(key, status, resolution, assignee)


def test_waits_until_people_have_resolved_it(desk):
    """By looking, after 15 seconds, then a little later each time; the request's log tells what they do."""
    people = People(desk, None, moves("In Progress", assignee="grace"), None, moves("Done", "Fixed"))
    progress = MemoryProgress()

    outcome = desk.run({"wait": True}, signals=people, progress=progress)

    assert "completed" == outcome.status, outcome.error
    assert ("Done", "Fixed", "Grace Hopper") == tuple(
        outcome.result.outputs[name] for name in ("status", "resolution", "assignee")
    )
    assert [15.0, 22.5, 33.75, 50.625] == [seconds for _, seconds in people.waited]
    assert {"jira:jira_default:PLATFORM-1"} == {name for name, _ in people.waited}
    assert [f"{desk.jira.url}/browse/PLATFORM-1"] == progress.waits
    assert [{"key": "PLATFORM-1", "status": "In Progress"}, {"key": "PLATFORM-1", "status": "Done"}] == desk.events(
        "ticket_moved_on"
    )
    assert [{"key": "PLATFORM-1", "assignee": "Grace Hopper"}] == desk.events("ticket_assigned")


def test_a_webhook_ends_the_wait_at_once(desk):
    """The ticket itself is read, since a query may not know yet."""
    desk.jira.lag = 1000
    people = People(desk, moves("Done"), webhook=True)

    outcome = desk.run({"wait": True}, signals=people)

    assert ("completed", [], 1) == (outcome.status, desk.clock.slept, len(people.waited))
    assert [] == desk.jira.calls_of("POST", "/search.*")


@pytest.mark.parametrize(
    ("mode", "wait", "undoing", "waits"),
    [
        ("manual", None, False, True),
        ("automatic", None, False, False),
        ("manual", False, False, False),
        ("automatic", True, False, True),
        ("manual", None, True, False),
    ],
)
def test_who_waits(desk, mode, wait, undoing, waits):
    """A manual way of fulfillment is people's work; a ticket of a rollback is not waited for."""
    people = People(desk, moves("Done"))
    config = {} if wait is None else {"wait": wait}

    outcome = desk.run(config, signals=people, mode=mode, undoing=undoing)

    assert ("completed", waits) == (outcome.status, bool(people.waited))


@pytest.mark.parametrize(
    ("config", "status", "resolution", "ends"),
    [
        ({}, "Done", None, "completed"),
        ({}, "Done", "Fixed", "completed"),
        ({}, "Done", "Won't Do", "failed"),
        ({}, "Done", "won\u2019t do", "failed"),
        ({}, "Done", "DUPLICATE", "failed"),
        ({}, "Rejected", None, "failed"),
        ({"failed_statuses": ["Blocked"]}, "Rejected", None, "completed"),
        ({"failed_statuses": ["Blocked"]}, "Blocked", None, "failed"),
        ({"done_statuses": ["Deployed"]}, "deployed", None, "completed"),
        ({"done_statuses": ["Deployed"]}, "Done", None, "waits"),
        ({"done_statuses": ["Rejected"]}, "Rejected", None, "completed"),
        ({"done_statuses": ["Deployed"]}, "Deployed", "Declined", "failed"),
        ({}, "Blocked", None, "waits"),
    ],
)
def test_what_counts_as_resolved(desk, config, status, resolution, ends):
    """A listed status decides; otherwise the category Done; a resolution can turn success into failure."""
    people = People(desk, moves(status, resolution))

    outcome = desk.run({"wait": True, "timeout": 300, **config}, signals=people)

    assert {"waits": "failed"}.get(ends, ends) == outcome.status
    if ends == "failed":
        assert outcome.error.message.startswith(f"ticket PLATFORM-1 was closed as '{status}'")
        assert outcome.error.message.endswith(
            "which means that it was not done; read there why, then retry or roll back: "
            f"{desk.jira.url}/browse/PLATFORM-1"
        )
        assert ("permanent", True, 1) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)
        assert "PLATFORM-1" == outcome.result.outputs["key"]
    if ends == "waits":
        assert f"ticket PLATFORM-1 is still {status} after 300 seconds" in outcome.error.message


def test_the_time_out_counts_from_the_first_wait(desk):
    """A restarted host does not begin anew; the result holds the ticket."""
    first = desk.run({"wait": True, "timeout": 100}, signals=People(desk))
    assert "raise 'timeout' if people need longer" in first.error.message
    assert 100 == sum(desk.clock.slept)
    assert "PLATFORM-1" == first.result.outputs["key"]

    again = desk.run({"wait": True, "timeout": 150}, signals=People(desk))

    assert 150 == sum(desk.clock.slept)
    assert 1 == len(desk.jira.issues)
    assert "is still To Do after 150 seconds" in again.error.message


def test_a_ticket_that_is_deleted_ends_the_wait(desk):
    """It will never be resolved."""
    people = People(desk, None, lambda jira: jira.issues.clear())

    outcome = desk.run({"wait": True}, signals=people)

    assert (
        "ticket PLATFORM-1 is gone: deleted, or hidden from the user of connection 'jira_default'"
    ) == outcome.error.message


def test_a_ticket_that_moves_is_followed(desk):
    """Its key changes, its id does not; news come under the new key."""

    def move(jira):
        jira.only()["key"] = "OPS-7"

    people = People(desk, move, None, moves("Done", key="OPS-7"))

    outcome = desk.run({"wait": True}, signals=people)

    assert ("completed", "OPS-7") == (outcome.status, outcome.result.outputs["key"])
    assert "jira:jira_default:OPS-7" == people.waited[-1][0]


def test_a_jira_that_is_away_is_waited_out(desk):
    """A night's maintenance fails nobody's request, and is told once; its own wish of when to come back is heard."""

    def leave(jira):
        jira.faults = [Fault("POST", "/search.*", 503, times=20, headers={"Retry-After": "120"})]

    people = People(desk, leave, *[None] * 23, moves("Done"))

    outcome = desk.run({"wait": True}, signals=people)

    assert "completed" == outcome.status, outcome.error
    assert 1 == len(desk.events("ticket_not_seen"))
    seconds = [seconds for _, seconds in people.waited]
    assert (120, 60) == (max(seconds), seconds[-1])


def test_a_token_that_is_exchanged_in_time_fails_nobody(desk):
    """A refused sign-in ends the wait after an hour only."""

    def revoke(jira):
        jira.faults = [Fault("POST", "/search.*", 401, times=1000)]

    saved = desk.run(
        {"wait": True}, signals=People(desk, revoke, *[None] * 9, lambda jira: jira.faults.clear(), moves("Done"))
    )
    assert "completed" == saved.status, saved.error

    lost = desk.run({"wait": True}, signals=People(desk, revoke), state=MemoryState(), idempotency_key="2")

    assert lost.error.message.startswith("ticket PLATFORM-2 can't be looked at any more: POST ")
    assert "Jira does not accept the sign-in of connection 'jira_default'" in lost.error.message
    assert "PLATFORM-2" == lost.result.outputs["key"]


def test_one_query_serves_all_who_wait(desk):
    """150 tickets: a round's looks are two chunks of 100 at most, whoever makes them; a deleted one spoils nothing."""

    class Crowd(People):
        """All wait for the same moment; then half of them are resolved, and one is deleted."""

        def __init__(self, desk, count):
            super().__init__(desk)
            self.count, self.arrived, self.round = count, 0, asyncio.Event()

        async def wait(self, _name, seconds):
            event = self.round
            self.arrived += 1
            if self.arrived == self.count:
                self.next_round(seconds)
            async with asyncio.timeout(30):
                await event.wait()
            return False

        def next_round(self, seconds):
            self.desk.clock.advance(seconds)
            event, self.round, self.arrived = self.round, asyncio.Event(), 0
            for issue in list(self.desk.jira.issues.values()):
                issue["fields"]["status"] = {"name": "Done", "statusCategory": {"key": STATUSES["Done"]}}
            del self.desk.jira.issues[min(self.desk.jira.issues)]
            event.set()

    count = 150

    async def all_of_them():
        crowd = Crowd(desk, count)
        try:
            return await asyncio.gather(
                *(
                    perform(
                        JiraTicket(),
                        {**USUAL, "wait": True},
                        retry=None,
                        timeout=None,
                        context=replace(
                            desk.context, state=MemoryState(), log=MemoryLog(), signals=crowd, action=f"a{number}"
                        ),
                    )
                    for number in range(count)
                )
            )
        finally:
            await close_clients()

    outcomes = asyncio.run(all_of_them())

    assert {"completed": count - 1, "failed": 1} == {
        status: sum(outcome.status == status for outcome in outcomes) for status in ("completed", "failed")
    }
    searches = desk.jira.calls_of("POST", "/search.*")
    # Two chunks, and those that narrow down the one that is gone: Jira refuses its whole chunk, and halves of it.
    assert 2 <= len(searches) <= 2 + 2 * 7
