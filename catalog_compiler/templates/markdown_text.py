"""Writes values into Markdown, where they are shown as they are and never become emphasis, lists or links.

Only what would mean something is escaped, since not every program that shows Markdown knows every escape.
"""

from __future__ import annotations

import re

from pydantic import JsonValue

from catalog_compiler.templates.link_text import ADDRESS_STAND_IN, address_part, whole_address
from catalog_compiler.templates.syntax import Expression
from catalog_compiler.templates.writers import Writer, unicode_text

_ANYWHERE = re.compile(
    r"[\\`*\[\]~|]"
    r"|_(?![^\W_])|(?<![^\W_])_"  # within a word it is a plain character
    r"|<(?=[A-Za-z/!?]|\Z)"
    r"|&(?=#[0-9]+;|#[xX][0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;|\Z)"
)
_LINE_START = re.compile(r"^([ \t]*)(?:([-+#=>])|([0-9]{1,9})([.)]))", re.MULTILINE)
_INDENTED = re.compile(r"^(?: {4}| {0,3}\t)", re.MULTILINE)
_OPENS_LINE = re.compile(r"(?:^|\n)[ \t\-*+>#]*(?:[0-9]+[.)][ \t]*)?\Z")
"""Text after which a value is at the start of its line, or of what a list's or a quotation's mark begins."""
_DESTINATION = re.compile(r"\]\(([^()\s]*)\Z")


class MarkdownWriter(Writer):
    """Knows whether a place is in the text or in a link's address."""

    @property
    def stand_in(self) -> str:
        """An address where a link's begins."""
        found = _DESTINATION.search(self.result())
        return ADDRESS_STAND_IN if found and not found[1] else "x"

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value for where it stands."""
        before = self.result()
        if found := _DESTINATION.search(before):
            self._pieces.append((address_part if found[1] else whole_address)(value, expression))
        else:
            self._pieces.append(_escaped(unicode_text(value, expression), before))


def _escaped(text: str, before: str) -> str:
    opens_line = _OPENS_LINE.search(before) is not None
    # A character that means something at a line's start alone must not be taken for one within the line.
    guard = "" if opens_line else "\x00"
    escaped = _ANYWHERE.sub(r"\\\g<0>", text)
    escaped = _LINE_START.sub(_mark_escaped, guard + escaped)
    escaped = _INDENTED.sub(_space_as_entity, escaped).removeprefix(guard)
    return "\\" + escaped if before[-1:].isdigit() and escaped[:1] in (".", ")") else escaped


def _mark_escaped(match: re.Match[str]) -> str:
    spaces, mark, number, end = match.groups()
    return f"{spaces}\\{mark}" if mark else f"{spaces}{number}\\{end}"


def _space_as_entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0][0])};{match[0][1:]}"
