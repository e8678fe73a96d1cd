"""What keeps a text from being read as YAML of the subset, in sentences with a place."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from catalog_compiler.problems import Code, Path

_MOST_SHOWN = 60
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that is not YAML, or not of the subset; `line` and `column` count from 0."""

    code: Code
    message: str
    line: int
    column: int
    path: Path = ()
    """The value in which it stands, as far as the text could be read."""
    hint: str | None = None


def shortened(text: str) -> str:
    """A text of the file as it can stand in a message."""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


_HINTS = {
    "mapping values are not allowed in this context": "quote a text that holds ': '",
    "found character that cannot start any token": "indent with spaces; quote a text that starts with @, ` or %",
    "did not find expected key": "look at the indentation, and quote a text that starts with a quote, { or [",
    "could not find expected ':'": "look at the lines before this one: a key needs a colon and a space",
}

_USUAL = "look at the quotes, brackets and indentation of this line and of those before it"


def syntax_fault(error: yaml.MarkedYAMLError, path: Path) -> Fault:
    """What libyaml says, with advice for the usual mistakes."""
    mark = error.problem_mark or error.context_mark
    problem = error.problem or "unknown"
    context = f" {error.context}" if error.context else ""
    return Fault(
        code="yaml-syntax",
        message=f"this is not YAML: {problem}{context}",
        line=mark.line if mark else 0,
        column=mark.column if mark else 0,
        path=path,
        hint=_HINTS.get(problem, _USUAL),
    )


def unreadable_fault(text: str) -> Fault | None:
    """The first character that may not stand in YAML, or None."""
    found = _UNREADABLE.search(text)
    if found is None:
        return None
    return Fault(
        code="yaml-syntax",
        message=f"the control character U+{ord(found.group()):04X} is not allowed in YAML; remove it",
        line=text.count("\n", 0, found.start()),
        column=found.start() - text.rfind("\n", 0, found.start()) - 1,
    )
