"""The report as SARIF 2.1.0 (OASIS), which code scanning services and editors read.

Columns count from 1 in Unicode code points, as everywhere in PAO; the run says so by its `columnKind`. Braces in
messages are not doubled, as SARIF 3.11.5 asks for: what shows SARIF shows texts without arguments as they are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog_compiler.code_help import CODE_HELP
from catalog_compiler.problems import Code, Problem

if TYPE_CHECKING:
    from catalog_compiler.catalog import CompiledCatalog

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "ROOT"
"""What paths count from: the root of the catalog repository."""
_RULES = tuple(CODE_HELP)


def sarif_report(report: CompiledCatalog) -> str:
    """One run with all codes as its rules and a result a problem."""
    driver = {"name": "pao validate", "rules": [_rule(code) for code in _RULES]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the catalog repository."}}},
        "results": [_result(problem) for problem in report.problems],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: Code) -> dict[str, Any]:
    meaning, remedy = CODE_HELP[code]
    return {
        "id": code,
        "shortDescription": {"text": meaning},
        "help": {"text": f"{meaning} {remedy}", "markdown": f"{meaning}\n\n**What to do:** {remedy}"},
    }


def _result(problem: Problem) -> dict[str, Any]:
    hint = f" (hint: {problem.hint})" if problem.hint is not None else ""
    return {
        "ruleId": problem.code,
        "ruleIndex": _RULES.index(problem.code),
        "level": problem.severity,
        "message": {"text": f"{problem.message}{hint}"},
        "locations": [_location(problem)],
        "properties": {"pointer": problem.pointer} | ({"item_id": problem.item_id} if problem.item_id else {}),
    }


def _location(problem: Problem) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(problem.file), "uriBaseId": _ROOT},
            "region": {"startLine": problem.line, "startColumn": problem.column},
        }
    }
