"""The report for people: one line a problem, its hint below, a summary at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from catalog_compiler.problems import Problem, errors

if TYPE_CHECKING:
    from catalog_compiler.catalog import CompiledCatalog


def text_report(report: CompiledCatalog) -> str:
    """Every problem and the summary."""
    return "\n".join(filter(None, [problems_text(report.problems), summary(report)]))


def problems_text(problems: Iterable[Problem]) -> str:
    """Problems for people, one after the other."""
    return "\n".join(line for problem in problems for line in _lines(problem))


def summary(report: CompiledCatalog) -> str:
    """Whether the catalog is valid, and how much was found, in one line."""
    wrong = len(errors(report.problems))
    counts = (
        _count(len(report.items), "item"),
        _count(wrong, "error"),
        _count(len(report.problems) - wrong, "warning"),
    )
    return f"{'invalid' if wrong else 'valid'}: {', '.join(counts)}"


def _lines(problem: Problem) -> Iterable[str]:
    place = f"{problem.file}:{problem.line}:{problem.column}"
    yield f"{place}: {problem.severity}[{problem.code}]: {problem.message}"
    if problem.hint is not None:
        yield f"  hint: {problem.hint}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
