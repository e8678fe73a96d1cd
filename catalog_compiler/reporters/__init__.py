"""Renders what validation found, for people or for machines. The only place where problems become text.

One module a format; a new one is a module and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from catalog_compiler.reporters.github_report import github_report
from catalog_compiler.reporters.json_report import json_report
from catalog_compiler.reporters.sarif_report import sarif_report
from catalog_compiler.reporters.text_report import problems_text, text_report

if TYPE_CHECKING:
    from catalog_compiler.catalog import CompiledCatalog

__all__ = ["FORMATS", "Format", "problems_text", "render"]

Format = Literal["text", "json", "sarif", "github"]

FORMATS: tuple[Format, ...] = get_args(Format)


def render(report: CompiledCatalog, format: Format) -> str:  # noqa: A002 - the name that the command line gives it
    """The report as text, without a line break at its end."""
    return _REPORTERS[format](report)


_REPORTERS: Mapping[Format, Callable[[CompiledCatalog], str]] = {
    "text": text_report,
    "json": json_report,
    "sarif": sarif_report,
    "github": github_report,
}
