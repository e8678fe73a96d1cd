"""Writes values into a text of Slack's `mrkdwn`, where they add neither mentions nor links.

Slack gives meaning to `<`, `>` and `&`, which have entities; for the marks of emphasis (`*`, `_`, `~`, a backtick) it
has no escape, so a value can be shown bold, and nothing worse.
"""

from __future__ import annotations

import re

from pydantic import JsonValue

from catalog_compiler.templates.exceptions import EncodingError
from catalog_compiler.templates.link_text import ADDRESS_STAND_IN, address_part, whole_address
from catalog_compiler.templates.syntax import Expression
from catalog_compiler.templates.writers import Writer, one_line, unicode_text

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ID = re.compile(r"[A-Z0-9]+")


class MrkdwnWriter(Writer):
    """Knows whether a place is in the text, or in what the author wrote between `<` and `>`."""

    def __init__(self) -> None:
        super().__init__()
        self._inside: str | None = None
        """What stands since the last `<` that was not closed."""

    @property
    def stand_in(self) -> str:
        """An address where a link's begins, an id in a mention."""
        if self._inside == "":
            return ADDRESS_STAND_IN
        return "X" if self._inside else "x"

    def literal(self, text: str) -> None:
        """Add the author's text, and follow its angle brackets."""
        super().literal(text)
        joined = text if self._inside is None else f"<{self._inside}{text}"
        start = joined.rfind("<")
        inside = joined[start + 1 :]
        self._inside = None if start < 0 or ">" in inside or "\n" in inside else inside

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value for where it stands."""
        if self._inside is None:
            self._pieces.append(unicode_text(value, expression).translate(_ENTITIES))
        else:
            self.literal(self._between_brackets(self._inside, value, expression))

    def _between_brackets(self, before: str, value: JsonValue, expression: Expression) -> str:
        if "|" in before:
            return one_line(value, expression).translate(_ENTITIES)
        if not before:
            return whole_address(value, expression).replace("&", "&amp;")
        if before[0] == "!":
            raise EncodingError(f"'{expression.path}' stands in a special mention of Slack; write that without values")
        if before[0] in "@#":
            text = unicode_text(value, expression)
            if not _ID.fullmatch(text):
                raise EncodingError(f"the value of '{expression.path}' is no id of Slack, and a mention needs one")
            return text
        return address_part(value, expression)
