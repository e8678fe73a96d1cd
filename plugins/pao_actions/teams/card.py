"""The message as a workflow of Teams takes it: an adaptive card, built as a structure."""

from __future__ import annotations

import re

from pydantic import JsonValue

from pao_actions.exceptions import PermanentError
from pao_actions.teams.config import TeamsConfig

_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def teams_message(config: TeamsConfig) -> dict[str, JsonValue]:
    """The whole document; raises PermanentError where a value makes it one that Teams would not show."""
    card: dict[str, JsonValue] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": _body(config),
    }
    if config.link is not None:
        url = config.link.url.strip()
        if not _ADDRESS.fullmatch(url):
            raise PermanentError("'link.url' is no address of http or https once its templates are filled in")
        card["actions"] = [{"type": "Action.OpenUrl", "title": " ".join(config.link.title.split()), "url": url}]
    attachment: dict[str, JsonValue] = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(config: TeamsConfig) -> list[JsonValue]:
    text = _lines(config.text_template)
    if not text:
        raise PermanentError("the message has no text once its templates are filled in; let 'text_template' have some")
    body: list[JsonValue] = []
    if title := " ".join((config.title_template or "").split()):
        body.append({"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": True})
    body.append({"type": "TextBlock", "text": text, "wrap": True})
    if config.facts:
        facts: list[JsonValue] = [{"title": name, "value": _lines(value)} for name, value in config.facts.items()]
        body.append({"type": "FactSet", "facts": facts})
    return body


def _lines(text: str) -> str:
    """The text with each of its lines as a paragraph: within one, cards show a line's end as a space."""
    return re.sub(r"[ \t]*(?:\r\n|\r|\n)+", "\n\n", text.strip())
