"""Terraform's version constraints, as `required_version` has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Numbers = tuple[int, int, int]

_TERM = re.compile(r"\s*(>=|<=|!=|~>|=|>|<)?\s*v?([0-9]{1,9})(\.[0-9]{1,9})?(\.[0-9]{1,9})?(-[0-9A-Za-z.-]+)?\s*")
_COMPARE: dict[str, Callable[[Numbers, Numbers], bool]] = {
    ">=": lambda version, bound: version >= bound,
    "<=": lambda version, bound: version <= bound,
    "!=": lambda version, bound: version != bound,
    "=": lambda version, bound: version == bound,
    ">": lambda version, bound: version > bound,
    "<": lambda version, bound: version < bound,
}


class VersionError(ValueError):
    """A text that is no version constraint; the message names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One comparison of a constraint; `given` is how many numbers it has."""

    operator: str
    bound: Numbers
    given: int

    def allows(self, version: Numbers) -> bool:
        """Whether that version fits."""
        if self.operator != "~>":
            return _COMPARE[self.operator](version, self.bound)
        # The last number that is given may grow, those before it may not.
        kept = max(self.given - 1, 1)
        return version >= self.bound and version[:kept] == self.bound[:kept]


def parse_constraint(text: str) -> tuple[Term, ...]:
    """Read a constraint; raises VersionError."""
    return tuple(_term(part, text) for part in text.split(","))


def allows(constraint: str, version: str) -> bool:
    """Whether a version such as `1.11.4` fits; what is after a hyphen does not count. Raises VersionError."""
    numbers = version_numbers(version)
    return all(term.allows(numbers) for term in parse_constraint(constraint))


def version_numbers(version: str) -> Numbers:
    """The three numbers of a version; raises VersionError."""
    return _term(version, version).bound


def _term(part: str, whole: str) -> Term:
    match = _TERM.fullmatch(part)
    if match is None:
        raise VersionError(f"'{whole}' is no version constraint")
    numbers = [int(match[2]), *(int(group[1:]) for group in (match[3], match[4]) if group)]
    major, minor, patch = (*numbers, 0, 0)[:3]
    return Term(operator=match[1] or "=", bound=(major, minor, patch), given=len(numbers))
