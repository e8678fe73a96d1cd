"""What can be wrong with a message to Slack, seen before there is a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog_compiler.actions import ConfigProblem
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from pao_actions.message_checks import constant, sample_problem
from pao_actions.slack.config import LONGEST_TEXT, TS
from pao_actions.slack.markup import MARKUP

_CHANNEL = re.compile(r"[CDGUW][A-Z0-9]{6,}|#?[^\s#@A-Z<>/:,]{1,80}")

_MARKDOWN = re.compile(r"\[[^\]\n]+\]\((?:https?://|\{\{)[^)\n]*\)|\*\*[^*\n]+\*\*")


def slack_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """Problems of the text, the place and the blocks. What the config's model reports is not repeated here."""
    yield from _text_problems(config)
    yield from _place_problems(config)
    yield from _block_problems(config.get("blocks"))


def _text_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    text = config.get("text_template")
    if not isinstance(text, str):
        return
    fixed = constant(text)
    if fixed is not None and len(fixed) > LONGEST_TEXT:
        yield ConfigProblem(
            path=("text_template",),
            message=f"the text has {len(fixed)} characters, and Slack cuts it after {LONGEST_TEXT}",
            hint="shorten it",
        )
    if fixed is not None and text and not fixed.strip():
        yield ConfigProblem(path=("text_template",), message="the text is empty", hint="write what the message says")
    if found := _MARKDOWN.search(text):
        yield ConfigProblem(
            path=("text_template",),
            message=f"'{found[0]}' is Markdown, which Slack shows as it stands",
            hint="write <https://...|words> for a link, and *words* for bold",
        )
    yield from sample_problem(text, Encoding.MRKDWN, ("text_template",))


def _place_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    channel = constant(config.get("channel"))
    if channel is not None and channel.startswith("@"):
        yield ConfigProblem(
            path=("channel",), message=f"'{channel}' is a person's name", hint="write the person's id, as in U012AB3CD"
        )
    elif channel is not None and not _CHANNEL.fullmatch(channel):
        yield ConfigProblem(
            path=("channel",),
            message=f"'{channel}' is no channel of Slack",
            hint="write an id as in C012AB3CD, or a name in small letters as in #platform",
        )
    thread = constant(config.get("thread"))
    if thread is not None and not TS.fullmatch(thread):
        yield ConfigProblem(
            path=("thread",),
            message=f"'{thread}' is no message's 'ts'",
            hint="use the output of an earlier message: {{response.<name>.ts}}",
        )


def _block_problems(blocks: object) -> Iterator[ConfigProblem]:
    for position, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if isinstance(block, Mapping) and not block.get("type"):
            yield ConfigProblem(
                path=("blocks", position), message="a block needs a 'type'", hint="for example 'type: section'"
            )
        yield from _marked_up(block, ("blocks", position))


def _marked_up(part: object, path: Path) -> Iterator[ConfigProblem]:
    """Problems of the texts in a block that have markup."""
    if isinstance(part, Mapping):
        encoding = MARKUP.get(str(part.get("type")))
        for key, value in part.items():
            if key == "text" and encoding and isinstance(value, str):
                yield from sample_problem(value, encoding, (*path, key))
            else:
                yield from _marked_up(value, (*path, key))
    elif isinstance(part, list):
        for position, entry in enumerate(part):
            yield from _marked_up(entry, (*path, position))
