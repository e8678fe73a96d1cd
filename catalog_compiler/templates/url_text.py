"""Writes values into a URL: percent-encoded, and never a new path segment, query or host."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from pydantic import JsonValue

from catalog_compiler.templates.exceptions import EncodingError
from catalog_compiler.templates.syntax import Expression, Template
from catalog_compiler.templates.writers import Writer, unicode_text

_AUTHORITY = re.compile(r"(?:[^/?#]*:)?//[^/?#]*")
_UP_TO_PATH = re.compile(r"[^/?#]*")
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?")
_PLACEHOLDER = "\0"


def authority_expressions(template: Template) -> tuple[Expression, ...]:
    """The expressions that decide a URL's scheme, host or port; none for a relative URL."""
    flat = "".join(part if isinstance(part, str) else _PLACEHOLDER for part in template.parts)
    match = _AUTHORITY.match(flat)
    if match is None and starts_with_variable(template):
        match = _UP_TO_PATH.match(flat)
    return template.expressions[: match[0].count(_PLACEHOLDER)] if match else ()


def starts_with_variable(template: Template) -> bool:
    """Whether the URL begins with an `env` reference, which then gives its scheme and host."""
    first = template.parts[0] if template.parts else None
    return isinstance(first, Expression) and first.reference[0] == "env"


class UrlWriter(Writer):
    """Values are percent-encoded in path, query and fragment; variables that give the host are taken as they are."""

    def __init__(self, template: Template) -> None:
        super().__init__()
        self._authority = frozenset(expression.offset for expression in authority_expressions(template))
        self._values: list[tuple[int, int, Expression]] = []
        self._length = 0

    def literal(self, text: str) -> None:
        """Add the author's part of the URL."""
        super().literal(text)
        self._length += len(text)

    def value(self, value: JsonValue, expression: Expression) -> None:
        """Add the value for where it stands."""
        text = unicode_text(value, expression)
        if expression.offset not in self._authority:
            encoded = quote(text, safe="")
            self._values.append((self._length, self._length + len(encoded), expression))
            self.literal(encoded)
            return
        if expression.reference[0] != "env" and not _HOST.fullmatch(text):
            raise EncodingError(f"the value of '{expression.path}' can't be part of a host name")
        self.literal(text)

    def result(self) -> str:
        """The URL.

        Raises:
            EncodingError: if a value makes a path segment empty, `.` or `..`, so that the URL means another place.
        """
        url = super().result()
        path_end = min((at for at in (url.find("?"), url.find("#")) if at >= 0), default=len(url))
        for start, end, expression in self._values:
            if start > path_end:
                break
            left = url.rfind("/", 0, start) + 1
            right = url.find("/", end, path_end)
            segment = unquote(url[left : right if right >= 0 else path_end])
            if segment in ("", ".", ".."):
                what = "is empty" if not segment else f"makes '{segment}' of a part of the path"
                raise EncodingError(f"the value of '{expression.path}' {what}, which would change where the URL leads")
        return url
