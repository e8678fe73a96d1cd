"""Finds a character of a scalar's value in the YAML source, whatever the style: plain, quoted, `|` or `>`."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLANK = frozenset(" \t\r\n\x85\u2028\u2029")
_PLAIN_PIECE = re.compile(r".", re.DOTALL)
_SINGLE_QUOTED_PIECE = re.compile(r"''|.", re.DOTALL)
_DOUBLE_QUOTED_PIECE = re.compile(r"\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\\r\n|\\.|.", re.DOTALL)
_BLANK_ESCAPES = frozenset("\t\n\r NLPtnr")


def source_offset(source: str, style: str | None, value: str, offset: int) -> int:
    """Where the character `offset` of `value` stands in `source`, the text of the scalar with quotes or block header.

    Folding only ever adds or removes blanks, so the n-th other character of the value is the n-th of the source.
    """
    while offset < len(value) and value[offset] in _BLANK:
        offset += 1
    rank = sum(character not in _BLANK for character in value[:offset])
    for position in _visible(source, style):
        if rank == 0:
            return position
        rank -= 1
    return 0


def _visible(source: str, style: str | None) -> Iterator[int]:
    """Positions of what becomes a character that is not blank."""
    start, pieces = 0, _PLAIN_PIECE
    if style in {"|", ">"}:
        start = source.find("\n") + 1
    elif style == "'":
        start, pieces = 1, _SINGLE_QUOTED_PIECE
    elif style == '"':
        start, pieces = 1, _DOUBLE_QUOTED_PIECE
    for piece in pieces.finditer(source, start):
        if not _is_blank(piece.group()):
            yield piece.start()


def _is_blank(piece: str) -> bool:
    if len(piece) == 1:
        return piece in _BLANK
    if piece[0] != "\\":
        return False
    if piece[1] in "xuU":
        code = piece[2:]
        return chr(int(code, 16)) in _BLANK
    return piece[1] in _BLANK_ESCAPES
