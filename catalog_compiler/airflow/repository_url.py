"""What a repository's URL tells, without what it keeps secret."""

from __future__ import annotations

import re

_SIGN_IN = re.compile(r"(?<=://)(?:[^/\s]*@|[^/\s:]*:(?!\d*(?:[/\s]|$))\S*@)")
"""User and password in a URL; in the second form the password holds a slash that should have been encoded."""


def without_sign_in(text: str) -> str:
    """The text with user and password taken out of every URL in it, so that it may be shown to anyone."""
    return _SIGN_IN.sub("", text)
