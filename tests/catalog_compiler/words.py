"""What is asked of the words of a problem, wherever a test meets one."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ADVICE = re.compile(
    r"(?:^|[;,] )"
    r"(?:add|correct|drop|give|list|base|lower|make|put|quote|say|raise|remove|rename|save|shorten|swap|use|write)\b"
    r"|\bmust (?:be|match|have|not)\b|\ballowed are\b"
)
"""An order, or the rule from which it follows."""
_INTERNAL = re.compile(r"\b(?:pydantic|TypeError|ValueError|NoneType|ValidationError|dict|str|None|True|False)\b")
"""Words of Python and of the libraries behind."""
_QUOTED = re.compile(r"'[^']*'")
"""Names that the file itself has, whatever they are."""
_LONGEST = 600


def shortcomings(message: str, hint: str | None) -> Iterator[str]:
    """What a reader would miss in a message, or stumble over."""
    if not hint and not _ADVICE.search(message):
        yield "leaves the reader alone"
    if message[:1] != message[:1].lower():
        yield "starts with a capital letter"
    for text in filter(None, [message, hint]):
        if _INTERNAL.search(_QUOTED.sub("", text)):
            yield "speaks of Python"
        if "\n" in text or (text.endswith(".") and not text.endswith("...")):
            yield "is not one plain line"
        if len(text) > _LONGEST:
            yield "is too long"
