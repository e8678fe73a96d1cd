"""Writes a text for people as Jira stores it: Atlassian Document Format on Cloud, wiki text on Data Center.

Both show exactly the text: nothing in it becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

from pao_actions.exceptions import PermanentError

LONGEST_TEXT = 32_767
"""Characters that Jira takes in a text of several lines."""

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def checked_text(text: str, what: str) -> str:
    """The text with plain line ends; raises PermanentError where Jira can't store it. `what` names it in messages."""
    if len(text) > LONGEST_TEXT:
        raise PermanentError(
            f"{what} has {len(text)} characters, and Jira takes {LONGEST_TEXT}; shorten it, for example with the "
            "template filter truncate"
        )
    if found := _UNSTORABLE.search(text):
        raise PermanentError(
            f"{what} has the character U+{ord(found[0]):04X}, which Jira can't store; take it out of the value"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def adf(text: str, *, link: str = "") -> dict[str, JsonValue]:
    """Atlassian Document Format: a paragraph for each block, a hard break for each line. `link` is made clickable."""
    paragraphs: list[JsonValue] = [_paragraph(block, link) for block in text.split("\n\n")]
    return {"version": 1, "type": "doc", "content": paragraphs}


def text_of_adf(node: JsonValue) -> str:
    """The plain text of a document that was made by `adf`, to recognise it again."""
    if not isinstance(node, dict):
        return ""
    content = node.get("content")
    parts = [text_of_adf(part) for part in content] if isinstance(content, list) else []
    match node.get("type"):
        case "doc":
            return "\n\n".join(parts)
        case "hardBreak":
            return "\n"
        case "text":
            return str(node.get("text", ""))
    return "".join(parts)


def _paragraph(block: str, link: str) -> dict[str, JsonValue]:
    content: list[JsonValue] = []
    for number, line in enumerate(block.split("\n")):
        if number:
            content.append({"type": "hardBreak"})
        content.extend(_line(line, link))
    return {"type": "paragraph", "content": content}


def _line(line: str, link: str) -> Iterator[JsonValue]:
    for number, part in enumerate(line.split(link) if link else [line]):
        if number:
            yield {"type": "text", "text": link, "marks": [{"type": "link", "attrs": {"href": link}}]}
        if part:
            yield {"type": "text", "text": part}


_ENTITY = re.compile(r"&(?=#?\w+;)")
_BLOCK_START = re.compile(r"^(\s*(?:h[1-6]|bq))\.", re.MULTILINE)
_SMILEY = re.compile(r":(?=[DP](?![0-9A-Za-z]))")
_ALWAYS = frozenset("{}[]|")
_AT_BOUNDARIES = frozenset("*_-+^~")
"""Marks that mean something only where they do not stand inside a word."""
_EMOTICON = re.compile(r"\((?:[!?/+*xyni-]|\*[rgby]|on|off|flag|flagoff)\)")


def wiki(text: str) -> str:
    r"""Jira's wiki text in which nothing is markup.

    The renderer takes a backslash before `-#*_+?^~|%{}[]()!@` as an escape (BackslashEscapeRendererComponent), but
    not before a backslash, where it means a line break: that one, and what has no escape, is written as an entity.
    """
    text = _ENTITY.sub("&amp;", text).replace("\\", "&#92;")
    text = _SMILEY.sub("&#58;", _BLOCK_START.sub(r"\1&#46;", text))
    return "".join(f"\\{character}" if _is_markup(text, place) else character for place, character in enumerate(text))


def _is_markup(text: str, place: int) -> bool:
    character = text[place]
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if character in _AT_BOUNDARIES:
        return not (before.isalnum() and after.isalnum())
    smiles = before in (":", ";")
    meanings = {
        "!": bool(after) and not after.isspace(),
        "?": "?" in (before, after),
        "#": before != "&" and not text[:place].rpartition("\n")[2].strip(" \t*#-"),
        "(": smiles or bool(_EMOTICON.match(text, place)),
        ")": smiles,
    }
    return character in _ALWAYS or meanings.get(character, False)
