"""The report for scripts and portals: one JSON document with every detail of every problem."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog_compiler.catalog import CompiledCatalog


def json_report(report: CompiledCatalog) -> str:
    """`{"valid", "items", "errors", "warnings"}`."""
    entries = [asdict(problem) for problem in report.problems]
    wrong = [entry for entry in entries if entry["severity"] == "error"]
    content = {
        "valid": not wrong,
        "items": [{"id": item.item_id, "file": item.file, "valid": item.revision is not None} for item in report.items],
        "errors": wrong,
        "warnings": [entry for entry in entries if entry["severity"] == "warning"],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)
