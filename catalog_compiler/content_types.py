"""Whether a file is what it says: its content against the content type that came with it.

Found by the marks that kinds of files begin with (`puremagic`). A type without such a mark can't be held against a
content, so only what surely is something else is refused.
"""

from __future__ import annotations

import puremagic

SHORTEST_MARK = 3
"""Bytes of a mark that count: many a text begins with two letters that are one."""
_PICTURED = ("image/", "font/")
_PLAYED = ("audio/", "video/")
_TEXTS = ("json", "xml", "yaml", "toml", "javascript", "csv", "sql", "x-sh", "x-pem-file", "graphql", "html")
_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-ms-bmp": "image/bmp",
    "application/x-gzip": "application/gzip",
    "application/gzip-compressed": "application/gzip",
    "application/x-tgz": "application/gzip",
    "application/x-compressed-tar": "application/gzip",
    "application/x-zip-compressed": "application/zip",
    "application/x-zip": "application/zip",
    "application/java-archive": "application/zip",
    "application/x-java-archive": "application/zip",
    "application/x-pdf": "application/pdf",
}
_ZIPPED = ("application/vnd.openxmlformats-", "application/vnd.oasis.opendocument.", "application/epub+zip")
_MARKED = frozenset({"application/pdf", "application/zip", "application/gzip"})
"""Of the types that are no picture and no text, those that always begin with their mark."""
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")


def contradiction(claimed: str, content: bytes) -> str | None:
    """What the content is instead of the claimed type, as the end of a sentence; None where it may well be that."""
    kind = _kind(claimed)
    if not content:
        return None
    found = _found(content)
    if _is_text(kind):
        other = next((each for each in found if each.startswith((*_PICTURED, *_PLAYED)) or each in _MARKED), None)
        svg_alone = other is not None and other.startswith("image/svg")
        return other if other is not None and not svg_alone else None if _readable(content) else "binary data"
    if not (kind.startswith((*_PICTURED, *_PLAYED)) or kind in _MARKED) or kind in found:
        return None
    if kind.startswith(_PLAYED) and any(each.startswith(_PLAYED) for each in found):
        # One format holds sounds and films.
        return None
    if found:
        return found[0]
    return "text" if _readable(content) else None


def _kind(content_type: str) -> str:
    """One name for each kind."""
    name = content_type.partition(";")[0].strip().lower()
    return "application/zip" if name.startswith(_ZIPPED) else _SAME.get(name, name)


def _is_text(kind: str) -> bool:
    main, _, name = kind.partition("/")
    return main == "text" or name.rpartition("+")[2] in _TEXTS or name.removeprefix("x-") in _TEXTS


def _found(content: bytes) -> list[str]:
    """The kinds whose mark the content begins with, the longest mark first."""
    try:
        matches = puremagic.magic_string(content)
    except puremagic.PureError:
        return []
    marked = [match for match in matches if match.mime_type and len(match.byte_match) >= SHORTEST_MARK]
    marked.sort(key=lambda match: -len(match.byte_match))
    return list(dict.fromkeys(_kind(match.mime_type) for match in marked))


def _readable(content: bytes) -> bool:
    """Whether it is text in UTF-8, in UTF-16 with its mark, or in an encoding of single bytes."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return _CONTROLS.isdisjoint(content)
