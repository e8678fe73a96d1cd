"""Never two tickets for one request: answers lost, hosts killed at each point, and what can't be told apart."""

import pytest
from pao_actions.testing import MemoryConnections, MemoryState

from tests.fakes.jira import Fault


class Killed(BaseException):
    """The host dies here."""


class KilledAfter(MemoryState):
    """A state store whose host dies right after so many saves, or right before the next one."""

    def __init__(self, saves, *, before=False):
        super().__init__()
        self.left = saves
        self.before = before

    async def save(self, state):
        if self.before and self.left == 0:
            raise Killed
        await super().save(state)
        self.left -= 1
        if not self.before and self.left == 0:
            raise Killed


def test_a_restarted_host_makes_no_second_ticket(desk):
    """Killed at each save, before it and after it, and run again with what was saved: one ticket, the same outputs."""
    clean = desk.run()
    saves = len(desk.state.saves)
    assert saves >= 2
    for kill in range(1, saves + 1):
        for before in (True, False):
            desk.jira.reset()
            state = KilledAfter(kill - before, before=before)
            with pytest.raises(Killed):
                desk.run(state=state)
            state.left = -1
            state.before = False
            outcome = desk.run(state=state)

            assert len(desk.jira.issues) <= 1
            if outcome.status == "completed":
                assert clean.result.outputs == outcome.result.outputs
            else:
                # The only point at which nobody can tell: the intent is stored, and the call was not made.
                assert ("outcome_unknown", 0) == (outcome.status, len(desk.jira.issues))


def test_a_ticket_made_right_before_the_host_died_is_adopted(desk):
    """Also where Jira's search finds it only at the fourth look."""
    desk.jira.lag = 3
    state = KilledAfter(1, before=True)
    with pytest.raises(Killed):
        desk.run(state=state)
    state.left = -1
    state.before = False

    outcome = desk.run(state=state)

    assert ("completed", "PLATFORM-1") == (outcome.status, outcome.result.outputs["key"])
    assert 1 == len(desk.jira.issues)
    assert [0, 2, 4, 8] == desk.clock.slept


@pytest.mark.parametrize("how", ["lost", "lost-500"])
def test_a_lost_answer_is_no_second_ticket(desk, how):
    """The ticket is found by its label, in the same attempt."""
    desk.jira.faults = [Fault("POST", "/issue", how)]
    desk.jira.lag = 2

    outcome = desk.run()

    assert ("completed", 1, 1) == (outcome.status, outcome.attempts, len(desk.jira.issues))
    assert ["PLATFORM-1"] == [event["key"] for event in desk.events("ticket_found")]


@pytest.mark.parametrize("how", ["cut", 500, 502, 503, 504])
def test_what_nobody_can_tell_is_unknown(desk, how):
    """Jira may be making it still: it is not made again."""
    desk.jira.faults = [Fault("POST", "/issue", how)]

    outcome = desk.run()

    assert ("outcome_unknown", {}) == (outcome.status, desk.jira.issues)
    assert 1 == len(desk.jira.calls_of("POST", "/issue"))
    assert "the ticket may or may not have been made in PLATFORM, because " in outcome.error.message
    assert "is found: look there, and retry if there is none" in outcome.error.message
    assert 120 == sum(desk.clock.slept)


def test_a_ticket_of_another_try_is_not_taken(desk):
    """A person's retry makes a ticket of its own, though request and action are the same."""
    desk.run()
    desk.jira.faults = [Fault("POST", "/issue", "lost")]

    outcome = desk.run(state=MemoryState(), idempotency_key="key-2")

    assert "PLATFORM-2" == outcome.result.outputs["key"]
    assert 2 == len({issue["fields"]["labels"][0] for issue in desk.jira.issues.values()})


def test_a_persons_clone_is_not_taken_for_the_ticket(desk):
    """It has all labels of the first one, and came later."""
    desk.jira.faults = [Fault("POST", "/issue", "lost"), Fault("POST", "/search.*", 503)]

    def clone(seconds):
        if len(desk.jira.issues) == 1:
            desk.jira.add("PLATFORM-0", *desk.jira.only()["fields"]["labels"])

    desk.clock.advance = clone

    assert "PLATFORM-1" == desk.run().result.outputs["key"]


def test_a_look_that_fails_is_repeated_by_the_attempts(desk):
    """Jira is away for a moment after it took the call; the next attempt looks, and makes nothing."""
    desk.jira.faults = [
        Fault("POST", "/issue", "lost"),
        Fault("POST", "/search.*", 503, headers={"Retry-After": "77"}),
    ]

    outcome = desk.run()

    assert ("completed", 2, 1) == (outcome.status, outcome.attempts, len(desk.jira.issues))
    assert 77 in desk.clock.slept
    assert 1 == len(desk.jira.calls_of("POST", "/issue"))


@pytest.mark.parametrize("status", [401, 403, 400])
def test_a_ticket_that_can_not_be_looked_for_may_be_there(desk, status):
    """A token that was revoked meanwhile is no proof that there is none, so it is undone too, and not made anew."""
    desk.jira.faults = [Fault("POST", "/issue", "lost"), Fault("POST", "/search.*", status, times=9)]

    outcome = desk.run()

    assert ("outcome_unknown", True) == (outcome.status, outcome.error.effect_possible)
    assert outcome.error.message.startswith("the ticket may have been made, and can't be looked for: ")
    assert "creating" in desk.stored()
    assert 1 == len(desk.jira.issues)


@pytest.mark.parametrize("times", [1, 3])
def test_a_limited_rate_is_waited_out(desk, times):
    """429 says that nothing was done."""
    desk.jira.faults = [Fault("POST", "/issue", 429, times=times, headers={"Retry-After": "30"})]

    outcome = desk.run()

    assert ("completed", times + 1, 1) == (outcome.status, outcome.attempts, len(desk.jira.issues))
    assert [30.0] * times == desk.clock.slept


def test_a_screen_without_labels_leaves_nothing_to_look_for(desk):
    """Then a lost answer is unknown at once."""
    desk.jira.fields = [field for field in desk.jira.fields if field["fieldId"] != "labels"]
    assert "completed" == desk.run().status
    desk.jira.faults = [Fault("POST", "/issue", "lost")]

    outcome = desk.run(state=MemoryState())

    assert "outcome_unknown" == outcome.status
    assert "its screen has no labels to find it by" in outcome.error.message
    assert [] == desk.clock.slept


def test_a_refused_ticket_was_not_made(desk):
    """What Jira refuses has no effect, and is not looked for; its fields are told by name."""
    refusal = {"errorMessages": [], "errors": {"customfield_10010": "is not nice"}}
    desk.jira.faults = [Fault("POST", "/issue", 400, document=refusal)]

    outcome = desk.run({"custom_fields": {"Business Justification": "x"}})

    assert ("failed", False, 1) == (outcome.status, outcome.error.effect_possible, outcome.attempts)
    host = desk.jira.url.removeprefix("http://")
    assert (
        f"POST {host}{desk.jira.api}/issue answered 400: Business Justification: is not nice" == outcome.error.message
    )
    assert {} == desk.stored()


def test_an_assignee_whom_jira_refuses_is_left_out(desk):
    """The ticket is worth more than who gets it; the log tells."""
    refusal = {"errorMessages": [], "errors": {"assignee": "User 'ada' cannot be assigned issues."}}
    desk.jira.faults = [Fault("POST", "/issue", 400, document=refusal)]

    outcome = desk.run({"assignee": "ada@example.com"})

    assert ("completed", None) == (outcome.status, outcome.result.outputs["assignee"])
    assert [{"assignee": "ada@example.com", "reason": "User 'ada' cannot be assigned issues."}] == desk.events(
        "ticket_unassigned"
    )


def test_an_answer_without_a_key_may_have_made_a_ticket(desk):
    """A proxy's page in place of the answer: the ticket is looked for."""
    desk.jira.faults = [Fault("POST", "/issue", b"<html>Please sign in</html>")]

    outcome = desk.run()

    assert "outcome_unknown" == outcome.status
    assert "something that is not JSON: Please sign in" in outcome.error.message


def test_whatever_fails_after_the_ticket_was_made_leaves_it_to_an_undo(desk):
    """Also where nothing more could be sent: a connection that is refused, or one that was taken away."""
    saved = {"action": {"ticket": {"id": "10001", "key": "PLATFORM-1"}}}
    for change, retried in (
        ({"host": "http://127.0.0.1:1", "extra": {"cloud": True}}, True),
        ({"password": None}, False),
    ):
        state = MemoryState()
        state.saves.append(saved)

        outcome = desk.run(state=state, connections=MemoryConnections(desk.connection(**change)))

        assert ("failed", True, retried) == (outcome.status, outcome.error.effect_possible, outcome.attempts > 1)
        assert "PLATFORM-1" == outcome.result.outputs["key"]


def test_a_connection_that_was_taken_away_is_no_proof_that_there_is_no_ticket(desk):
    """The host died between the call and its answer."""
    state = MemoryState()
    state.saves.append({"action": {"creating": {"label": "pao-1"}}})

    outcome = desk.run(state=state, connections=MemoryConnections())

    assert "outcome_unknown" == outcome.status
    assert (
        "the ticket may have been made, and can't be looked for: connection 'jira_default' does not exist; create it "
        "in Airflow"
    ) == outcome.error.message
