"""Finds a character of a scalar's value in the YAML source, whatever the style: plain, quoted, `|` or `>`."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache

_BLANK = frozenset(" \t\r\n\x85\u2028\u2029")
_SEEN = r"[^\\' \t\r\n\x85\u2028\u2029]+"
"""Characters that always stand for themselves, together since there are many of them."""
_PLAIN_PIECE = re.compile(rf"{_SEEN}|.", re.DOTALL)
_SINGLE_QUOTED_PIECE = re.compile(rf"{_SEEN}|''|.", re.DOTALL)
_DOUBLE_QUOTED_PIECE = re.compile(
    rf"{_SEEN}|\\x[0-9a-fA-F]{{2}}|\\u[0-9a-fA-F]{{4}}|\\U[0-9a-fA-F]{{8}}|\\\r\n|\\.|.", re.DOTALL
)
_SPECIAL = _BLANK | frozenset("\\'")
_BLANK_ESCAPES = frozenset("\t\n\r NLPtnr")


def source_offset(source: str, style: str | None, value: str, offset: int) -> int:
    """Where the character `offset` of `value` stands in `source`, the text of the scalar with quotes or block header.

    Folding only ever adds or removes blanks, so the n-th other character of the value is the n-th of the source.
    """
    while offset < len(value) and value[offset] in _BLANK:
        offset += 1
    positions = _visible(source, style)
    rank = offset - sum(value.count(blank, 0, offset) for blank in _BLANK)
    return positions[rank] if rank < len(positions) else 0


@lru_cache(maxsize=1)
def _visible(source: str, style: str | None) -> Sequence[int]:
    """Positions of what becomes a character that is not blank; kept, since one text may be asked about many times."""
    positions = array("I")
    start, pieces = 0, _PLAIN_PIECE
    if style in {"|", ">"}:
        start = source.find("\n") + 1
    elif style == "'":
        start, pieces = 1, _SINGLE_QUOTED_PIECE
    elif style == '"':
        start, pieces = 1, _DOUBLE_QUOTED_PIECE
    for piece in pieces.finditer(source, start):
        text = piece.group()
        if text[0] not in _SPECIAL:
            positions.extend(range(piece.start(), piece.end()))
        elif not _is_blank(text):
            positions.append(piece.start())
    return positions


def _is_blank(piece: str) -> bool:
    if len(piece) == 1:
        return piece in _BLANK
    if piece[0] != "\\":
        return False
    if piece[1] in "xuU":
        code = piece[2:]
        return chr(int(code, 16)) in _BLANK
    return piece[1] in _BLANK_ESCAPES
