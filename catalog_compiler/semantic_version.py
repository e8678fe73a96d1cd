"""Semantic versions (semver.org, 2.0.0): read and compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

PATTERN = (
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
"""From semver.org; it is not anchored."""
_VERSION = re.compile(PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True)
class SemanticVersion:
    """A version without its build, which has no precedence."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> SemanticVersion | None:
        """Read a version; None where the text is not one."""
        match = _VERSION.fullmatch(text)
        if match is None:
            return None
        major, minor, patch, prerelease = match.groups()
        return cls(_number(major), _number(minor), _number(patch), tuple(prerelease.split(".")) if prerelease else ())

    def is_after(self, other: SemanticVersion) -> bool:
        """Whether it has a higher precedence."""
        return self._rank() > other._rank()

    def _rank(self) -> tuple[object, ...]:
        """A release comes after its pre-releases; numbers before words, and longer lists after their beginnings."""
        parts = tuple((0, _number(part), "") if part.isdigit() else (1, 0, part) for part in self.prerelease)
        return self.major, self.minor, self.patch, not self.prerelease, parts


def _number(digits: str) -> int:
    """Digits as a number; beyond what versions have, all count the same, since Python refuses to read endless ones."""
    return int(digits[:100])
