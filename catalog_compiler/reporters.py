"""Renders what validation found, for people or for machines. The only place where problems become text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from catalog_compiler.problems import Problem, errors

if TYPE_CHECKING:
    from catalog_compiler.catalog import CompiledCatalog

Format = Literal["text", "json"]


def render(report: CompiledCatalog, format: Format) -> str:  # noqa: A002 - the name that the command line gives it
    """The report as text, without a line break at its end."""
    return _REPORTERS[format](report)


def problems_text(problems: Iterable[Problem]) -> str:
    """Problems for people, one after the other."""
    return "\n".join(line for problem in problems for line in _lines(problem))


def _text(report: CompiledCatalog) -> str:
    return "\n".join(filter(None, [problems_text(report.problems), _summary(report)]))


def _lines(problem: Problem) -> Iterable[str]:
    place = f"{problem.file}:{problem.line}:{problem.column}"
    yield f"{place}: {problem.severity}[{problem.code}]: {problem.message}"
    if problem.hint is not None:
        yield f"  hint: {problem.hint}"


def _summary(report: CompiledCatalog) -> str:
    wrong = len(errors(report.problems))
    counts = (
        _count(len(report.items), "item"),
        _count(wrong, "error"),
        _count(len(report.problems) - wrong, "warning"),
    )
    return f"{'invalid' if wrong else 'valid'}: {', '.join(counts)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _json(report: CompiledCatalog) -> str:
    entries = [_entry(problem) for problem in report.problems]
    wrong = [entry for entry in entries if entry["severity"] == "error"]
    content = {
        "valid": not wrong,
        "items": [{"id": item.item_id, "file": item.file, "valid": item.revision is not None} for item in report.items],
        "errors": wrong,
        "warnings": [entry for entry in entries if entry["severity"] == "warning"],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _entry(problem: Problem) -> dict[str, Any]:
    return asdict(problem)


_REPORTERS: Mapping[Format, Callable[[CompiledCatalog], str]] = {"text": _text, "json": _json}
