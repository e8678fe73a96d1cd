"""Reports: the same problems for people and for machines."""

from __future__ import annotations

import json

from catalog_compiler.catalog import CompiledCatalog, compile_catalog
from catalog_compiler.reporters import render

ITEM = """\
header:
  id: queue
  name: 2026
  description: A queue.
  version: 1.0.0
  category: messaging
  owner: team
presentation:
  groups:
    - {id: g, name: G, order: 1, fields: [{id: size, name: Größe, type: string, order: 1}]}
fulfillment:
  manual:
    actions:
      - {type: webhook, config: {url: "https://example.com/{{fields.sise}}"}}
"""


def report() -> CompiledCatalog:
    return compile_catalog([("catalog/queue.yaml", ITEM.encode())])


def test_the_text_is_one_line_a_problem_with_its_hint_below():
    """The place comes first, so that editors and terminals can jump to it."""
    sentence = "2026 without quotes is a number, and text is expected here; it is taken as '2026'"

    assert render(report(), "text").splitlines() == [
        f"catalog/queue.yaml:3:9: warning[ambiguous-text]: {sentence}",
        '  hint: write "2026"',
        "catalog/queue.yaml:14:62: error[unknown-field-reference]: 'fields.sise' is not a field of this item",
        "  hint: did you mean 'fields.size'?",
        "invalid: 1 item, 1 error, 1 warning",
    ]


def test_the_json_holds_every_problem_with_every_detail():
    """What a portal or a script needs to show a problem at its place."""
    content = json.loads(render(report(), "json"))

    assert ["valid", "items", "errors", "warnings"] == list(content)
    assert content["valid"] is False
    assert [{"id": "queue", "file": "catalog/queue.yaml", "valid": False}] == content["items"]
    assert ["ambiguous-text"] == [warning["code"] for warning in content["warnings"]]
    assert [
        {
            "code": "unknown-field-reference",
            "severity": "error",
            "message": "'fields.sise' is not a field of this item",
            "file": "catalog/queue.yaml",
            "line": 14,
            "column": 62,
            "pointer": "/fulfillment/manual/actions/0/config/url",
            "item_id": "queue",
            "hint": "did you mean 'fields.size'?",
        }
    ] == content["errors"]


def test_an_empty_report_is_valid():
    """No items and no problems: nothing is wrong."""
    assert "valid: 0 items, 0 errors, 0 warnings" == render(compile_catalog([]), "text")
