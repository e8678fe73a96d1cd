"""Writes values into a JSON document that is given as text, and knows whether a place is inside a JSON string."""

from __future__ import annotations

import re

from pydantic import JsonValue

from catalog_compiler.templates.exceptions import EncodingError
from catalog_compiler.templates.syntax import Expression
from catalog_compiler.templates.text import json_of, text_of
from catalog_compiler.templates.writers import Writer

_OUTSIDE = re.compile(r'[^"]*("?)')
_INSIDE = re.compile(r'(?:[^"\\]+|\\u[0-9a-fA-F]{4}|\\[^u])*', re.DOTALL)


class JsonWriter(Writer):
    """Inside quotes a value is escaped text, outside them a JSON value."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        """Whether the next part stands inside a JSON string."""
        self._broken_escape = False

    @property
    def stand_in(self) -> JsonValue:
        """A text inside quotes, and null where a value is taken."""
        return "x" if self.inside else None

    def literal(self, text: str) -> None:
        """Add the author's JSON, and follow its quotes and escapes."""
        super().literal(text)
        position = 0
        while position < len(text) and not self._broken_escape:
            position = self._string(text, position) if self.inside else self._structure(text, position)

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value for where it stands."""
        if self._broken_escape:
            raise EncodingError(
                f"'{expression.path}' stands right behind a backslash in a JSON text; write it as '\\\\'"
            )
        self._pieces.append(json_of(text_of(value))[1:-1] if self.inside else json_of(value))

    def _structure(self, text: str, position: int) -> int:
        match = _OUTSIDE.match(text, position)
        self.inside = bool(match and match[1])
        return match.end() if match else len(text)

    def _string(self, text: str, position: int) -> int:
        match = _INSIDE.match(text, position)
        end = match.end() if match else position
        if end < len(text):
            self.inside = text[end] != '"'
            # An escape that the literal text does not finish would take the value's first character into it.
            self._broken_escape = self.inside
            end += 1
        return end
