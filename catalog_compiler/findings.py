"""What a check finds: a problem that knows its path in the item, and not yet its place in the file.

Checks know nothing of files; `item` turns findings into problems.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from heapq import nsmallest
from typing import TYPE_CHECKING

from catalog_compiler.problems import Code, Path, Problem, Severity, pointer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from catalog_compiler.document import Document

_WARNINGS: frozenset[Code] = frozenset({"suspicious-secret", "ambiguous-text", "version-not-raised", "breaking-change"})
_LONGEST_GUESS = 64
_MOST_GUESSES = 250
"""Among more known words than this none is looked for: a file full of mistakes would take minutes."""
_MOST_LISTED = 20
_MOST_FINDINGS = 500
"""So many errors, and as many warnings, of one file are told."""


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


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that was probably meant, or None."""
    if len(word) > _LONGEST_GUESS or len(known) > _MOST_GUESSES:
        return None
    close = get_close_matches(word, list(known), n=1)
    return close[0] if close else None


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """The hint that names the nearest known word, or lists the known ones where none is near."""
    close = nearest(word, known)
    if close is not None:
        return f"did you mean '{close}'?"
    return f"there are {listed(known)}" if known else None


def listed(words: Collection[str]) -> str:
    """The words in a row, the first ones by the alphabet where there are many."""
    shown = ", ".join(nsmallest(_MOST_LISTED, words))
    return shown if len(words) <= _MOST_LISTED else f"{shown} and {len(words) - _MOST_LISTED} more"


def circle(names: Sequence[str]) -> str:
    """Names that lead to one another, the first ones where there are many."""
    shown = names if len(names) <= _MOST_LISTED else [*names[: _MOST_LISTED - 2], "...", names[-1]]
    return " -> ".join(shown)


def as_many_as_help(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of one file, up to a number that nobody reads to its end; a warning never takes an error's place."""
    seen = {"error": 0, "warning": 0}
    for finding in findings:
        seen[finding.severity] += 1
        if seen[finding.severity] <= _MOST_FINDINGS:
            yield finding
        elif finding.severity == "error":
            return
