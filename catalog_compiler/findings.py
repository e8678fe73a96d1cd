"""What a check finds: a problem that knows its path in the item, and not yet its place in the file.

Checks know nothing of files; `item` turns findings into problems.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from catalog_compiler.problems import Code, Path, Problem, Severity, pointer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog_compiler.document import Document

_WARNINGS: frozenset[Code] = frozenset({"suspicious-secret", "ambiguous-text", "version-not-raised", "breaking-change"})
_LONGEST_GUESS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing wrong at `path`: at its value, at its key, or at the character `offset` of its text."""

    path: Path
    code: Code
    message: str
    hint: str | None = None
    at_key: bool = False
    offset: int | None = None
    wants_text: bool = False
    """True for a number where text is expected: `item` takes it as it is written, and warns."""
    unless_written: str | None = None
    """How the value must not be written in the file for the finding to count."""

    @property
    def severity(self) -> Severity:
        """A warning keeps nothing from being served."""
        return "warning" if self.code in _WARNINGS else "error"


def locate(finding: Finding, document: Document) -> Problem:
    """The finding as a problem of the document's file."""
    if finding.offset is not None:
        place = document.place_in(finding.path, finding.offset)
    else:
        place = document.place(finding.path, key=finding.at_key)
    return Problem(
        code=finding.code,
        severity=finding.severity,
        message=finding.message,
        file=document.file,
        line=place.line,
        column=place.column,
        pointer=pointer(finding.path),
        hint=finding.hint,
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    if len(word) > _LONGEST_GUESS:
        return None
    close = get_close_matches(word, list(known), n=1)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The hint that names the nearest known word, or lists the known ones where none is near."""
    words = sorted(known)
    close = nearest(word, words)
    if close is not None:
        return f"did you mean '{close}'?"
    return f"there are {', '.join(words)}" if words else None
