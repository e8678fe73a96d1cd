"""Writes values into an XML document that is given as text."""

from __future__ import annotations

import re

from pydantic import JsonValue

from catalog_compiler.templates.exceptions import EncodingError
from catalog_compiler.templates.syntax import Expression
from catalog_compiler.templates.writers import Writer, unicode_text

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ENTITIES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&apos;",
        # Parsers turn these into spaces or plain line feeds unless they are written as references.
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)
_ENDS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
_TAG_STOP = re.compile(r"[\"'>]")


class XmlWriter(Writer):
    """Values stand in text and in quoted attributes alone, where entities keep them from adding structure."""

    def __init__(self) -> None:
        super().__init__()
        self._end: str | None = None
        """What ends the section that the text is in: a comment, CDATA, or a quoted attribute."""
        self._in_tag = False

    def literal(self, text: str) -> None:
        """Add the author's XML, and follow its tags and sections."""
        super().literal(text)
        position = 0
        while position < len(text):
            position = self._step(text, position)

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value with entities."""
        quoted = self._in_tag and self._end is not None
        if (self._in_tag or self._end is not None) and not quoted:
            raise EncodingError(
                f"'{expression.path}' stands where XML has names, a comment or CDATA; "
                "put it in an element's text or in a quoted attribute"
            )
        text = unicode_text(value, expression)
        if found := _ILLEGAL.search(text):
            raise EncodingError(
                f"the value of '{expression.path}' has the character U+{ord(found[0]):04X}, which XML can't hold"
            )
        self._pieces.append(text.translate(_ENTITIES))

    def _step(self, text: str, position: int) -> int:
        if self._end is not None:
            return self._leave_section(text, position, self._end)
        return self._tag(text, position) if self._in_tag else self._content(text, position)

    def _leave_section(self, text: str, position: int, end: str) -> int:
        found = text.find(end, position)
        if found < 0:
            return len(text)
        self._end = None
        return found + len(end)

    def _tag(self, text: str, position: int) -> int:
        stop = _TAG_STOP.search(text, position)
        if stop is None:
            return len(text)
        if stop[0] == ">":
            self._in_tag = False
        else:
            self._end = stop[0]
        return stop.end()

    def _content(self, text: str, position: int) -> int:
        start = text.find("<", position)
        if start < 0:
            return len(text)
        for opening, end in _ENDS.items():
            if text.startswith(opening, start):
                self._end = end
                return start + len(opening)
        self._in_tag = True
        return start + 1
