"""Writes a template's parts into one string, each value encoded so that it can't add structure.

One writer an encoding; those that must know where in the text they are have a module of their own.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from urllib.parse import quote

from pydantic import JsonValue

from catalog_compiler.templates.exceptions import EncodingError
from catalog_compiler.templates.syntax import Expression
from catalog_compiler.templates.text import text_of

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Writer(ABC):
    """Takes the parts of a template in order; `result` is the whole string."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    @property
    def stand_in(self) -> JsonValue:
        """A value that can stand here, to check a template before there is a request."""
        return "x"

    def literal(self, text: str) -> None:
        """Add what the template's author wrote, as it is."""
        self._pieces.append(text)

    @abstractmethod
    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add an expression's value; raises EncodingError where it can't stand here."""

    def result(self) -> str:
        """Everything written so far."""
        return "".join(self._pieces)


class TextWriter(Writer):
    """Plain text, several lines allowed."""

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value as text."""
        self._pieces.append(unicode_text(value, expression))


class LineWriter(Writer):
    """One line: a value must not break it."""

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value as text without control characters."""
        self._pieces.append(one_line(value, expression))


class FormWriter(Writer):
    """`application/x-www-form-urlencoded` text."""

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value percent-encoded."""
        self._pieces.append(quote(unicode_text(value, expression), safe=""))


def one_line(value: JsonValue, expression: Expression) -> str:
    """The value as text without control characters.

    Raises:
        EncodingError: if it has one.
    """
    text = unicode_text(value, expression)
    if found := _CONTROL.search(text):
        what = "a line break" if found[0] in "\r\n\x85\u2028\u2029" else f"the control character U+{ord(found[0]):04X}"
        raise EncodingError(f"the value of '{expression.path}' has {what}, and only one line of text can stand here")
    return text


def unicode_text(value: JsonValue, expression: Expression) -> str:
    """The value as text that UTF-8 can carry.

    Raises:
        EncodingError: if the text holds half a surrogate pair.
    """
    text = text_of(value)
    if _SURROGATE.search(text):
        raise EncodingError(
            f"the value of '{expression.path}' is not valid Unicode text: half a surrogate pair is in it"
        )
    return text
