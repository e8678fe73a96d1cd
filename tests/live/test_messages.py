"""Messages of a request by Slack, Teams and e-mail: whole and exact, and never the reason why a request fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.mail import PASSWORD
from tests.fakes.slack import TOKEN, shown
from tests.fakes.teams import SIGNATURE
from tests.live.airflow_api import AirflowApi
from tests.live.items import item, scripted_call
from tests.live.message_targets import MessageTargets
from tests.live.portal import Answer, Portal
from tests.live.running_stack import RunningStack

NAME = "<!here> *orders*"
PLACE = "{{request.url}}"
ITEMS = (
    item(
        "tells-everyone",
        {
            "type": "slack",
            "config": {
                "connection": "messages_slack",
                "channel": "#platform",
                "text_template": f"{{{{fields.name}}}} <{PLACE}|show>",
            },
        },
        {
            "type": "teams",
            "config": {
                "connection": "messages_teams",
                "text_template": "{{fields.name}}",
                "link": {"url": "{{response.slack.permalink}}"},
            },
        },
        {
            "type": "email",
            "config": {
                "connection": "messages_smtp",
                "to": ["ada@example.com", "nobody@example.com"],
                "subject_template": "{{fields.name}}",
                "body_template": "{{response.slack.permalink}}",
            },
        },
        scripted_call("make", "/told"),
    ),
    item(
        "tells-the-dead",
        {
            "type": "slack",
            "config": {"connection": "messages_slack", "channel": "#old", "text_template": "{{fields.name}}"},
        },
        {"type": "teams", "config": {"connection": "messages_nowhere", "text_template": "{{fields.name}}"}},
        {
            "type": "email",
            "config": {
                "connection": "messages_smtp",
                "to": "nobody@example.com",
                "subject_template": "{{fields.name}}",
                "body_template": "{{response.slack.permalink | default('no link')}}",
            },
        },
        scripted_call("make", "/told"),
    ),
)


def outputs(request: Answer, action: str) -> Answer:
    """Of an action of a request."""
    return next(each for each in request["actions"] if each["name"] == action)["outputs"]


@pytest.fixture(scope="module")
def targets(airflow: AirflowApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MessageTargets]:
    """With their connections."""
    with MessageTargets.serving(tmp_path_factory.mktemp("messages")) as made:
        made.connect(airflow)
        yield made


def test_everyone_is_told(developer: Portal, targets: MessageTargets):
    """In words that are exactly the requester's, with links that lead back; later actions use what came of it."""
    request = developer.ended(developer.submit("tells-everyone", NAME))

    assert ("completed", []) == (request["status"], request["warnings"])
    link = outputs(request, "slack")["permalink"]
    (message,), (card,), ((envelope, letter),) = targets.slack.messages, targets.teams.cards, targets.mail.letters
    assert f"{NAME} [show]" == shown(message["text"])
    assert ([{"type": "Action.OpenUrl", "title": "Open", "url": link}], r"\<!here> \*orders\*") == (
        card["actions"],
        card["body"][0]["text"],
    )
    assert (NAME, link) == (letter["Subject"], letter.get_content().strip())
    assert ["ada@example.com"] == envelope.rcpt_tos == outputs(request, "email")["accepted"]
    assert ["nobody@example.com"] == outputs(request, "email")["refused"]


def test_a_message_that_fails_is_a_warning(developer: Portal, targets: MessageTargets):
    """The rest goes on, and each error says what to do."""
    request = developer.ended(developer.submit("tells-the-dead", "unheard"))

    assert "completed" == request["status"]
    assert ["slack", "teams", "email"] == [warning.split("'")[1] for warning in request["warnings"]]
    slack, teams, email, _ = (action["error"] for action in request["actions"])
    assert "Slack refused the message: is_archived: the channel is archived; post to another one" == slack
    assert "messages_nowhere" in teams
    assert email.endswith("nobody@example.com: 550 5.1.1 no such mailbox; correct 'to', 'cc' and 'bcc'")


def test_no_secret_is_left_anywhere(developer: Portal, targets: MessageTargets, stack: RunningStack):
    """Not in the database, not in a log: the token, the workflow's signature, the mail server's password."""
    developer.ended(developer.submit("tells-everyone", "secrets"))

    assert [set(), set(), set()] == [stack.places_of(secret) for secret in (TOKEN, SIGNATURE, PASSWORD)]
