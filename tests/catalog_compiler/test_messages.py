"""The words of validation: whoever reads a problem knows what to do next."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from catalog_compiler.code_help import CODE_HELP
from catalog_compiler.problems import Code

REPORTS = sorted((Path(__file__).parents[1] / "catalog" / "invalid").glob("*.txt"))
PROBLEM = re.compile(r"^(?P<file>[^:]+):\d+:\d+: (?:error|warning)\[(?P<code>[a-z-]+)\]: (?P<message>.+)$")
ADVICE = re.compile(
    r"(?:^|[;,] )(?:add|correct|drop|give|list|lower|make|quote|raise|remove|rename|save|shorten|swap|use|write)\b"
    r"|\bmust (?:be|match|not be|have)\b|\ballowed are\b"
)
"""An order, or the rule from which it follows."""
ELSEWHERE = {"file-too-large", "version-not-raised", "breaking-change"}
"""Codes that no single small file shows; the tests of documents and versions hold their words."""


def problems() -> list[tuple[str, str, str | None]]:
    """Code, message and hint of every problem in the reports of the broken files."""
    found = []
    for report in REPORTS:
        lines = report.read_text().splitlines()
        for line, below in zip(lines, [*lines[1:], ""], strict=True):
            if match := PROBLEM.match(line):
                hint = below.removeprefix("  hint: ") if below.startswith("  hint: ") else None
                found.append((match["code"], match["message"], hint))
    return found


@pytest.mark.parametrize(("code", "message", "hint"), problems())
def test_each_message_tells_what_to_do(code, message, hint):
    """By an order, by the rule itself, or by a hint."""
    assert hint or ADVICE.search(message), f"[{code}] '{message}' leaves the reader alone"


@pytest.mark.parametrize(("code", "message", "hint"), problems())
def test_messages_are_one_plain_line(code, message, hint):
    """Small letter first, no full stop, no technical words of the libraries behind."""
    for text in filter(None, [message, hint]):
        assert not re.search(r"\b(?:pydantic|TypeError|ValueError|NoneType|ValidationError|dict|str)\b", text)
        assert not text.endswith(".")
    assert message[:1] == message[:1].lower() or message.startswith("'")


def test_every_code_is_shown_by_a_file():
    """So that this test reads the words of all of them."""
    assert set(get_args(Code)) - ELSEWHERE == {code for code, _, _ in problems()}


@pytest.mark.parametrize("code", get_args(Code))
def test_every_code_has_a_meaning_and_a_remedy(code):
    """Two whole sentences, for reports and for the documentation."""
    meaning, remedy = CODE_HELP[code]

    for sentence in (meaning, remedy):
        assert sentence[0].isupper()
        assert sentence.endswith((".", "{{."))
