"""Writes values into the links of chat messages: a whole address, or a part of one."""

from __future__ import annotations

import re
from urllib.parse import quote

from pydantic import JsonValue

from catalog_compiler.templates.exceptions import EncodingError
from catalog_compiler.templates.syntax import Expression
from catalog_compiler.templates.writers import unicode_text

ADDRESS_STAND_IN = "https://x"
"""What checks put in the place of a value that is a whole address."""

_ADDRESS = re.compile(r"https?://[^\s<>|\"\\^`{}\x00-\x20\x7f]+", re.IGNORECASE)
_SAFE = "%:/?#[]@!$&'*+,;=~"
"""What an address is made of, beside letters, digits and `_.-`; parentheses would end a link in Markdown."""


def whole_address(value: JsonValue, expression: Expression) -> str:
    """A value that is all of a link's address.

    Raises:
        EncodingError: if it is none of http or https.
    """
    text = unicode_text(value, expression)
    if not _ADDRESS.fullmatch(text):
        raise EncodingError(
            f"the value of '{expression.path}' is the address of a link, and no address of http or https"
        )
    return quote(text, safe=_SAFE)


def address_part(value: JsonValue, expression: Expression) -> str:
    """A value within an address: percent-encoded."""
    return quote(unicode_text(value, expression), safe="")
