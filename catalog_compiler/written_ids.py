"""Reads ids off a file's text, to tell cheaply which of thousands of files may hold an item that is looked for."""

from __future__ import annotations

import re

_ID = re.compile(rb"""\bid["']?\s*:\s*["']?([A-Za-z0-9_-]+)""")


def written_ids(content: bytes) -> frozenset[str]:
    """The ids of whatever the file describes, its item among them where that one is written plainly."""
    return frozenset(found.decode() for found in _ID.findall(content))
