"""The webhook of a workflow of Teams ("When a Teams webhook request is received"), with a memory.

Checked against Microsoft's guide (https://support.microsoft.com/office/8ae491c7-0394-4861-ba59-055e33f75498), the
schema of adaptive cards 1.4 (https://adaptivecards.io/explorer), the limits of Teams (28 KB a message), and what users
report of Power Automate's answers: 202 with `x-ms-workflow-run-id`, 401 `AuthorizationFailed` to a wrong signature. A
workflow takes a document that has no cards and fails later; here that is refused at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.faulty_server import Call, Faults, Reply, serving

PATH = "/powerautomate/automations/direct/workflows/0a1b2c/triggers/manual/paths/invoke"
SIGNATURE = "s3cr3t-signature-of-the-workflow"
QUERY = f"api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"


def refusal(status: int, code: str) -> Reply:
    """An error as Power Automate words it."""
    return Reply(status, {"error": {"code": code, "message": "The request failed."}})


@dataclass
class FakeTeams(Faults):
    """`cards` lists the cards that were posted."""

    cards: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def answer(self, call: Call) -> Reply:
        """What the workflow answers."""
        address = urlsplit(call.path)
        if address.path != PATH:
            return refusal(404, "WorkflowNotFound")
        if parse_qs(address.query).get("sig") != [SIGNATURE]:
            return refusal(401, "AuthorizationFailed")
        if len(call.body) > 28 * 1024:
            return refusal(413, "RequestEntityTooLarge")
        message = json.loads(call.body)
        cards = [attachment["content"] for attachment in message["attachments"]]
        if message["type"] != "message" or not all(map(fits, cards)):
            return refusal(400, "TriggerInputSchemaMismatch")
        self.cards += cards
        return Reply(202, "", {"x-ms-workflow-run-id": f"run-{len(self.cards)}"})


def fits(card: dict[str, Any]) -> bool:
    """Whether it is an adaptive card of the kinds of elements that are used here."""
    texts = [element["text"] for element in card["body"] if element["type"] == "TextBlock"]
    facts = [fact for element in card["body"] if element["type"] == "FactSet" for fact in element["facts"]]
    kinds = {element["type"] for element in card["body"]} <= {"TextBlock", "FactSet"}
    links = all(action["url"].startswith("http") for action in card.get("actions", []))
    named = all(fact["title"] and isinstance(fact["value"], str) for fact in facts)
    return card["type"] == "AdaptiveCard" and card["version"] == "1.4" and all(texts) and kinds and links and named


@contextmanager
def fake_teams() -> Iterator[FakeTeams]:
    """Serve it."""
    teams = FakeTeams()
    with serving(teams.answer, teams) as address:
        teams.url = f"{address}{PATH}?{QUERY}"
        yield teams
