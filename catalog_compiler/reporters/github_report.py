"""The report as workflow commands, which GitHub Actions shows at their lines of a pull request.

A percent sign and line breaks are escaped everywhere, colons and commas in properties too (GitHub's own toolkit does
the same in `command.ts`), so that nothing in a file can start another command.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from catalog_compiler.problems import Problem
from catalog_compiler.reporters.text_report import summary

if TYPE_CHECKING:
    from catalog_compiler.catalog import CompiledCatalog


def github_report(report: CompiledCatalog) -> str:
    """A command a problem, and the summary as a plain line of the log."""
    return "\n".join([*map(_command, report.problems), summary(report)])


def _command(problem: Problem) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(problem))
    return f"::{problem.severity} {properties}::{_data(_message(problem))}"


def _properties(problem: Problem) -> Iterator[tuple[str, str]]:
    yield "file", problem.file
    yield "line", str(problem.line)
    yield "col", str(problem.column)
    yield "title", problem.code


def _message(problem: Problem) -> str:
    return problem.message if problem.hint is None else f"{problem.message}\nhint: {problem.hint}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
