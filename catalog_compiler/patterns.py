r"""Patterns that mean the same in a browser and on the server.

The schema hands an author's pattern to browsers, which read it as ECMAScript with the `u` flag; the server runs it on
RE2, in linear time whatever the value. `compile_pattern` takes only syntax that both know, and translates the few
signs that they read differently (`.` and `\s`) so that RE2 finds what a browser finds. Only on the category of the
newest characters of Unicode may the two differ, as browsers do among themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import re2  # type: ignore[import-untyped]

_SPACES = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)
r"""What `\s` matches in ECMAScript; in RE2 it knows five ASCII characters only."""

_CATEGORIES = re.compile("L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?|C[cfo]")
"""The general categories of Unicode that RE2 and ECMAScript define alike."""

_SPLIT_HINT = "write several patterns under 'validation.patterns'; all of them must match"

_TOKENS = re.compile(
    r"""
    (?P<space>\\s) | (?P<not_space>\\S)
    | (?P<set>\\[dDwW])
    | (?P<property>\\[pP]\{(?P<category>[^}]*)\})
    | (?P<point>\\u\{(?P<braced>[0-9A-Fa-f]{1,8})\}|\\u(?P<four>[0-9A-Fa-f]{4})|\\x(?P<two>[0-9A-Fa-f]{2}))
    | (?P<escaped>\\[tnvfr^$\\.*+?()\[\]{}|/])
    | (?P<escaped_hyphen>\\-)
    | (?P<boundary>\\[bB])
    | (?P<back_reference>\\[1-9k])
    | (?P<unknown_escape>\\.?)
    | (?P<look>\(\?<?[=!])
    | (?P<plain_group>\(\?:)
    | (?P<named_group>\(\?P?<)
    | (?P<flags>\(\?)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<quantifier>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)
    | (?P<anchor>[\^$])
    | (?P<dot>\.)
    | (?P<either>\|)
    | (?P<class>\[\^?)
    | (?P<stray>[\]{}])
    | (?P<literal>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_REFUSED = {
    "back_reference": ("uses a back-reference, which can't be matched in linear time", _SPLIT_HINT),
    "look": ("uses a lookahead or lookbehind, which can't be matched in linear time", _SPLIT_HINT),
    "named_group": ("names a group, which a pattern has no use for", "write '(?:...)'"),
    "flags": ("sets flags, which browsers do not know", "write both cases out, for example '[Aa]'"),
    "unknown_escape": (
        "escapes a character that needs no escape or has no such meaning in browsers",
        "write it plainly",
    ),
    "escaped_hyphen": ("escapes a hyphen outside brackets", "write it plainly: '-'"),
    "stray": ("has an unescaped ']', '{' or '}'", "put a backslash before it"),
}


class PatternError(ValueError):
    """A pattern that can't be used; the message continues "the pattern ...", `hint` says what to write instead."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


_LONGEST = 5_000
"""Characters of a pattern; what is longer takes browsers and RE2 seconds to read."""


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> object | None:
        """Anything but None where the pattern occurs in the text. The text holds no lone surrogates."""


@lru_cache(maxsize=2048)
def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern with the meaning that browsers give it.

    Raises:
        PatternError: if it is no pattern, or not one that means the same in ECMAScript (`u`) and RE2.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    try:
        compiled: Pattern = re2.compile(_Translator(pattern).translate(), options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise PatternError(
            f"is not a pattern: {reason}", "correct or simplify it; the server runs it on RE2"
        ) from error
    except UnicodeEncodeError as error:
        raise PatternError("holds half of a surrogate pair", "write the character as '\\u{...}'") from error
    return compiled


def author_pattern(pattern: str) -> Pattern:
    """Compile a pattern of a catalog's author, which has a limit: it is compiled again by every form that shows it.

    Raises:
        PatternError: as `compile_pattern`, and if it is too long.
    """
    if len(pattern) > _LONGEST:
        raise PatternError(f"has {len(pattern)} characters, and {_LONGEST} are allowed", _SPLIT_HINT)
    return compile_pattern(pattern)


@dataclass
class _Translator:
    """Reads a pattern from left to right and writes it for RE2."""

    pattern: str
    position: int = 0
    repeatable: bool = False

    def translate(self) -> str:
        """The pattern in RE2's syntax."""
        parts = []
        while self.position < len(self.pattern):
            kind, match = self._next()
            parts.append(self._outside_class(kind, match))
            self.repeatable = kind not in {"open", "plain_group", "quantifier", "anchor", "boundary", "either"}
        return "".join(parts)

    def _next(self) -> tuple[str, re.Match[str]]:
        match = _TOKENS.match(self.pattern, self.position)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            raise PatternError("is not a pattern")
        self.position = match.end()
        return kind, match

    def _outside_class(self, kind: str, match: re.Match[str]) -> str:
        if kind in _REFUSED:
            raise PatternError(*_REFUSED[kind])
        if kind == "quantifier" and not self.repeatable:
            raise PatternError(f"repeats nothing at '{match[0]}'", "put a backslash before it to mean the character")
        if kind == "class":
            return self._class(match[0])
        if kind == "dot":
            return r"[^\n\r\x{2028}\x{2029}]"
        if kind in {"space", "not_space"}:
            return f"[{_member(kind, match)}]"
        return _member(kind, match)

    def _class(self, opening: str) -> str:
        """A class in brackets, its opening bracket already read."""
        parts, sets = [], []
        while True:
            if self.position >= len(self.pattern):
                raise PatternError("has a '[' without its ']'", "close it, or write '\\[' to mean the character")
            if self.pattern[self.position] == "]":
                break
            kind, match = self._next_in_class()
            parts.append(_member(kind, match))
            sets.append(kind in {"space", "not_space", "set", "property"})
        self.position += 1
        if not parts:
            raise PatternError("has empty brackets", "write '\\[\\]' to mean the characters")
        for place in range(1, len(parts) - 1):
            if parts[place] == "-" and (sets[place - 1] or sets[place + 1]):
                raise PatternError(
                    "has a set such as '\\w' as the end of a range", "put the hyphen last in the brackets"
                )
        return opening + "".join(parts) + "]"

    def _next_in_class(self) -> tuple[str, re.Match[str]]:
        kind, match = self._next()
        if kind in {"back_reference", "unknown_escape", "boundary"}:
            raise PatternError(*_REFUSED["unknown_escape"])
        if kind == "class":
            raise PatternError("has an unescaped '[' inside brackets", "write '\\['")
        if len(match[0]) > 1 and not match[0].startswith("\\"):
            # Inside brackets these signs are single characters: take the first and read on behind it.
            self.position = match.start() + 1
            match = re.compile(".", re.DOTALL).match(self.pattern, match.start()) or match
        return kind, match


def _member(kind: str, match: re.Match[str]) -> str:
    """One token for RE2, as it may stand inside brackets."""
    if kind == "space":
        return _ranges(_SPACES)
    if kind == "not_space":
        return _ranges(_complement(_SPACES))
    if kind == "point":
        return _code_point(int(match["braced"] or match["four"] or match["two"], 16))
    if kind == "property" and not _CATEGORIES.fullmatch(match["category"]):
        raise PatternError(
            f"names the character property '{match['category'][:40]}', which browsers and the server read differently",
            "use a general category such as '\\p{L}' or '\\p{Lu}'",
        )
    return match[0]


def _code_point(value: int) -> str:
    if 0xD800 <= value <= 0xDFFF or value > 0x10FFFF:  # noqa: PLR2004 - the surrogates and the end of Unicode
        raise PatternError("holds half of a surrogate pair or no character", "write the character as '\\u{...}'")
    return f"\\x{{{value:x}}}"


def _ranges(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in ranges)


def _complement(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    ends = [-1, *(high for _, high in ranges)]
    starts = [*(low for low, _ in ranges), 0x110000]
    return tuple((end + 1, start - 1) for end, start in zip(ends, starts, strict=True) if end + 1 < start)
