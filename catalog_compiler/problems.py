"""What validation reports: problems as data, collected over all files and rendered once, at the edge.

Every stage of the compiler returns `Problem`s; `reporters` renders them and the API publishes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

Code = Literal[
    "yaml-syntax",
    "yaml-subset",
    "duplicate-key",
    "file-extension",
    "file-too-large",
    "missing-section",
    "missing-key",
    "unknown-key",
    "wrong-type",
    "invalid-value",
    "duplicate-id",
    "duplicate-order",
    "invalid-pattern",
    "invalid-range",
    "invalid-default",
    "missing-enum",
    "unknown-field-type",
    "unknown-condition-field",
    "invalid-condition",
    "condition-cycle",
    "unknown-action-type",
    "invalid-action-config",
    "duplicate-action-name",
    "unknown-dependency",
    "dependency-cycle",
    "template-syntax",
    "unknown-reference",
    "unknown-field-reference",
    "unknown-header-reference",
    "unknown-response-reference",
    "response-not-available",
    "unknown-filter",
    "suspicious-secret",
    "ambiguous-text",
    "version-not-raised",
    "breaking-change",
]

Path = tuple[str | int, ...]
"""Where a value stands in a document: its keys and list positions from the root, for example `("header", "id")`."""


def pointer(path: Path) -> str:
    """Write a path as a JSON pointer (RFC 6901); the root is the empty string."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing wrong with a catalog file, with its place and what to do.

    `line` and `column` count from 1; `pointer` is a JSON pointer (RFC 6901) into the document.
    """

    code: Code
    severity: Severity
    message: str
    file: str
    line: int
    column: int
    pointer: str
    item_id: str | None = None
    hint: str | None = None

    def sort_key(self) -> tuple[str, int, int, str]:
        """Order of a report: by file, then by place."""
        return self.file, self.line, self.column, self.code


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Only the problems that keep an item from being served."""
    return tuple(problem for problem in problems if problem.severity == "error")
