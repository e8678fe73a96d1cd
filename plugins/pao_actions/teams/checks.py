"""What can be wrong with a card for Teams, seen before there is a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog_compiler.actions import ConfigProblem
from catalog_compiler.encoding import Encoding
from pao_actions.message_checks import constant, sample_problem
from pao_actions.teams.config import LARGEST_MESSAGE

_HTML = re.compile(r"<(?:at|b|br|em|i|p|strong|a)\b[^<>]*/?>", re.IGNORECASE)


def teams_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """Problems of texts, facts and the link. What the config's model reports is not repeated here."""
    yield from _text_problems(config)
    yield from _fact_problems(config.get("facts"))
    yield from _link_problems(config.get("link"))


def _text_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    for key in ("title_template", "text_template"):
        text = config.get(key)
        if not isinstance(text, str):
            continue
        if text and not text.strip():
            yield ConfigProblem(path=(key,), message="the text is empty", hint="write what the message says")
        if len(text.encode("utf-8", "replace")) > LARGEST_MESSAGE:
            yield ConfigProblem(
                path=(key,),
                message=f"the text alone is larger than the {LARGEST_MESSAGE} bytes that Teams takes",
                hint="shorten it",
            )
        if tag := _HTML.search(text):
            yield ConfigProblem(
                path=(key,), message=f"'{tag[0]}' is HTML, which cards show as it stands", hint="write Markdown"
            )
        yield from sample_problem(text, Encoding.MARKDOWN, (key,))


def _fact_problems(facts: object) -> Iterator[ConfigProblem]:
    for name, value in facts.items() if isinstance(facts, Mapping) else ():
        if not str(name).strip():
            yield ConfigProblem(path=("facts", name), message="a fact has no name", hint="write what the value is")
        yield from sample_problem(value, Encoding.MARKDOWN, ("facts", name))


def _link_problems(link: object) -> Iterator[ConfigProblem]:
    url = constant(link.get("url")) if isinstance(link, Mapping) else None
    if url and not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        yield ConfigProblem(
            path=("link", "url"),
            message=f"'{url}' is no address that a browser opens",
            hint="write it from https:// on, or use an output or {{request.url}}",
        )
