"""Writes values into a path of files: each is a part of one segment, and none leads to another folder."""

from __future__ import annotations

import re

from pydantic import JsonValue

from catalog_compiler.templates.exceptions import EncodingError
from catalog_compiler.templates.syntax import Expression
from catalog_compiler.templates.writers import Writer, unicode_text

_SEPARATOR = re.compile(r"[/\\]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UPWARDS = frozenset({".", ".."})


class SegmentWriter(Writer):
    """A path; values of `env.*` are the operators' own, and may hold several segments."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[str] = []

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value; raises EncodingError where it has a separator or a control character."""
        text = unicode_text(value, expression)
        if _CONTROL.search(text):
            raise EncodingError(f"the value of '{expression.path}' has a control character, and no path has one")
        if expression.reference[0] != "env" and (found := _SEPARATOR.search(text)):
            raise EncodingError(
                f"the value of '{expression.path}' has '{found[0]}', and only one segment of a path can stand here"
            )
        self._pieces.append(text)
        self._written.append(expression.path)

    def result(self) -> str:
        """The path; raises EncodingError where a value made one of its segments `.` or `..`."""
        path = super().result()
        if self._written and (found := _UPWARDS.intersection(_SEPARATOR.split(path))):
            names = " and ".join(f"'{name}'" for name in dict.fromkeys(self._written))
            raise EncodingError(f"the value of {names} makes '{min(found)}' of a path's segment, which leads elsewhere")
        return path
