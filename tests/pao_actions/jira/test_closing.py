"""Undo and stop: a comment that says why, a transition, and none of it twice."""

import asyncio

import pytest
from pao_actions.attempts import stop
from pao_actions.http_client import close_clients
from pao_actions.jira.documents import text_of_adf
from pao_actions.jira.ticket import JiraTicket
from pao_actions.testing import MemoryState, run_action

from catalog_compiler.templates import Scope
from tests.fakes.jira import Fault
from tests.pao_actions.jira.conftest import USUAL

REQUEST = "https://pao.example.com/requests/0198c0de-0000-7000-8000-000000000001"


def comments(desk, key="PLATFORM-1"):
    bodies = [comment["body"] for comment in desk.jira.by_key(key)["comments"]]
    return [text_of_adf(body) if isinstance(body, dict) else body for body in bodies]


def status(desk, key="PLATFORM-1"):
    return desk.jira.by_key(key)["fields"]["status"]["name"]


def test_the_shortest_rollback_closes_the_ticket_that_was_made(desk):
    """With a comment that leads to the request, by a transition that says that it was declined."""
    desk.run()

    outcome = desk.undo({})

    assert "completed" == outcome.status, outcome.error
    assert ("Rejected", [f"The request was rolled back, so this is no longer wanted: {REQUEST}"]) == (
        status(desk),
        comments(desk),
    )
    assert ("PLATFORM-1", "Rejected") == (outcome.result.outputs["key"], outcome.result.outputs["status"])


@pytest.mark.parametrize("wanted", ["Resolve", "resolve", "Done", "{{fields.x}}"])
def test_the_item_says_how(desk, wanted):
    """A transition or the status it leads to; a comment with values."""
    desk.run()
    config = {"key": "{{response.create.key}}", "transition": wanted, "comment_template": "{{fields.x}} is off\n*b*"}

    outcome = desk.undo(config, fields={"x": "Resolve"}, response={"create": {"key": "PLATFORM-1"}})

    assert "completed" == outcome.status, outcome.error
    text = "Resolve is off\n*b*" if desk.jira.cloud else "Resolve is off\n\\*b\\*"
    assert ("Done", [text]) == (status(desk), comments(desk))


def test_a_repeated_undo_does_not_comment_twice(desk):
    """The host died after the comment; or the transition was refused, and the rollback is started again."""
    desk.run()
    desk.jira.faults = [Fault("POST", "/issue/[^/]+/transitions", "cut", times=9)]
    assert "failed" == desk.undo({}).status
    desk.jira.faults = []

    outcome = desk.undo({}, state=MemoryState())

    assert ("completed", 1, "Rejected") == (outcome.status, len(comments(desk)), status(desk))


def test_a_lost_answer_to_the_transition_is_a_closed_ticket(desk):
    """The next attempt finds it so."""
    desk.run()
    desk.jira.faults = [Fault("POST", "/issue/[^/]+/transitions", "lost")]

    outcome = desk.undo({})

    assert ("completed", 2, 1) == (outcome.status, outcome.attempts, len(comments(desk)))
    assert 1 == len(desk.jira.calls_of("POST", "/issue/[^/]+/transitions"))


@pytest.mark.parametrize("gone", [True, False])
def test_a_ticket_that_is_closed_or_gone_counts_as_undone(desk, gone):
    """Nothing is said in it."""
    desk.run()
    if gone:
        desk.jira.issues.clear()
    else:
        desk.jira.move("PLATFORM-1", "Done")

    outcome = desk.undo({})

    assert "completed" == outcome.status
    assert gone or [] == comments(desk)
    assert [] == desk.jira.calls_of("POST", "/issue/[^/]+/(comment|transitions)")


def test_a_transition_that_is_not_offered_is_told_with_those_that_are(desk):
    """The ticket has the comment nonetheless: people read there that it is not wanted."""
    desk.run()

    outcome = desk.undo({"transition": "Cancel"})

    assert (
        "ticket PLATFORM-1 has no transition 'Cancel' from its status 'To Do'; there are 'Start', 'Resolve', 'Reject': "
        "name one of them as 'transition'"
    ) == outcome.error.message
    assert 1 == len(comments(desk))


def test_a_workflow_that_nothing_closes_asks_for_a_name(desk):
    """PAO does not guess."""
    desk.run()
    desk.jira.transitions = desk.jira.transitions[:1]

    outcome = desk.undo({})

    assert "has no transition that closes it from its status 'To Do'; there are 'Start'" in outcome.error.message


def test_a_screen_that_asks_for_a_resolution_gets_one(desk):
    """One that says that it was declined, where there is one."""
    desk.run()
    asked = {"required": True, "allowedValues": [{"name": "Fixed"}, {"name": "Won't Do"}]}
    desk.jira.transitions[2]["fields"] = {"resolution": asked}

    outcome = desk.undo({})

    assert ("completed", "Won't Do") == (outcome.status, outcome.result.outputs["resolution"])


def test_what_was_never_made_needs_no_undo(desk):
    """The action failed before the call."""
    desk.run({"priority": "Urgent"})

    outcome = desk.undo({})

    assert ("completed", {}) == (outcome.status, outcome.result.outputs)
    assert [{}] == desk.events("no_ticket_to_close")


def test_a_ticket_whose_answer_never_came_is_found_and_closed(desk):
    """By its label, also where the index lags."""
    desk.jira.lag = 9
    desk.jira.faults = [Fault("POST", "/issue", "lost")]
    assert "outcome_unknown" == desk.run().status
    desk.jira.lag = 0
    desk.jira.only()["unseen"] = 1

    outcome = desk.undo({}, idempotency_key="other")

    assert ("completed", "Rejected") == (outcome.status, status(desk))


def test_a_ticket_that_can_not_be_found_may_be_left(desk):
    """Somebody must look."""
    desk.jira.faults = [Fault("POST", "/issue", "cut")]
    assert "outcome_unknown" == desk.run().status

    outcome = desk.undo({})

    assert "outcome_unknown" == outcome.status
    assert "is found; look there, and close it by hand" in outcome.error.message


def test_a_rollback_can_be_a_ticket_of_its_own(desk):
    """For people to undo it; it is not waited for."""
    desk.run()

    outcome = desk.undo({"project": "PLATFORM", "issue_type": "Task", "summary_template": "Undo it"}, action="undo")

    assert ("completed", "PLATFORM-2") == (outcome.status, outcome.result.outputs["key"])
    assert "To Do" == status(desk)


def test_another_actions_rollback_can_close_a_ticket(desk):
    """Which it names."""
    desk.run()
    config = JiraTicket.undo_config({"key": "{{response.ticket.key}}"}, None)

    outcome = run_action(
        JiraTicket(),
        config,
        scope=Scope(response={"ticket": {"key": "PLATFORM-1"}}),
        context=desk.context.__class__(
            **{name: getattr(desk.context, name) for name in desk.context.__slots__} | {"undoing": True}
        ),
    )

    assert ("completed", "Rejected") == (outcome.status, status(desk))


def test_a_key_that_is_none_is_refused(desk):
    """Before anything is called with it."""
    outcome = desk.undo({"key": "{{fields.x}}"}, fields={"x": "../../user"})

    assert "'../../user' is not the key of a ticket; one looks like PLATFORM-12" == outcome.error.message


def test_the_connection_is_that_of_the_ticket():
    """Unless the rollback says another one."""
    undone = {"connection": "jira_ops", "project": "X"}

    assert "jira_ops" == JiraTicket.undo_config({}, undone)["connection"]
    assert "other" == JiraTicket.undo_config({"connection": "other"}, undone)["connection"]
    assert {"project": "Y"} == JiraTicket.undo_config({"project": "Y"}, undone)
    assert {} == JiraTicket.undo_config({}, None)


def test_a_stop_is_told_to_those_who_work_on_the_ticket(desk):
    """Once, however often it is told; whoever stops before the ticket is made tells nobody."""

    async def stopping(times):
        try:
            for _ in range(times):
                await stop(JiraTicket(), USUAL, context=desk.context, seconds=30)
        finally:
            await close_clients()

    asyncio.run(stopping(1))
    assert [] == desk.jira.calls
    desk.run()

    asyncio.run(stopping(2))

    assert [f"This was stopped, and nobody waits for it any more: {REQUEST}"] == comments(desk)
    assert "To Do" == status(desk)
