"""Reports: the same problems for people and for machines."""

from __future__ import annotations

import json
from typing import get_args

import jsonschema

from catalog_compiler.catalog import CompiledCatalog, compile_catalog
from catalog_compiler.code_help import CODE_HELP
from catalog_compiler.problems import Code
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


def test_github_shows_each_problem_at_its_line():
    """Workflow commands, with the hint in the text and the summary as a line of the log."""
    lines = render(report(), "github").splitlines()

    assert (
        "::error file=catalog/queue.yaml,line=14,col=62,title=unknown-field-reference"
        "::'fields.sise' is not a field of this item%0Ahint: did you mean 'fields.size'?"
    ) == lines[1]
    assert lines[0].startswith("::warning file=catalog/queue.yaml,line=3,col=9,title=ambiguous-text::2026 without")
    assert "invalid: 1 item, 1 error, 1 warning" == lines[2]


def test_nothing_in_a_file_can_start_a_workflow_command():
    """Percent signs and line breaks are escaped, in properties colons and commas as well."""
    content = ITEM.replace("id: queue", "id: '50%\n\n::set-env name=A::b'")
    name = "catalog/a,b:c%\n.yaml"

    (command, *others) = [
        line
        for line in render(compile_catalog([(name, content.encode())]), "github").splitlines()
        if "invalid-value" in line
    ]

    assert [] == others
    assert command.startswith("::error file=catalog/a%2Cb%3Ac%25%0A.yaml,line=2,col=7,title=invalid-value::")
    assert "50%25 ::set-env" in command


SARIF = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "additionalProperties": False,
                                "properties": {
                                    "name": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id"],
                                            "additionalProperties": False,
                                            "properties": {
                                                "id": {"type": "string"},
                                                "shortDescription": {"$ref": "#/definitions/text"},
                                                "help": {"$ref": "#/definitions/text"},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "originalUriBaseIds": {"type": "object"},
                    "results": {"type": "array", "items": {"$ref": "#/definitions/result"}},
                },
            },
        },
    },
    "definitions": {
        "text": {
            "type": "object",
            "additionalProperties": False,
            "required": ["text"],
            "properties": {"text": {"type": "string"}, "markdown": {"type": "string"}},
        },
        "result": {
            "additionalProperties": False,
            "required": ["message"],
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": {"enum": ["none", "note", "warning", "error"]},
                "message": {"$ref": "#/definitions/text"},
                "properties": {"type": "object"},
                "locations": {
                    "type": "array",
                    "items": {
                        "additionalProperties": False,
                        "properties": {
                            "physicalLocation": {
                                "additionalProperties": False,
                                "properties": {
                                    "artifactLocation": {
                                        "additionalProperties": False,
                                        "properties": {
                                            "uri": {"type": "string", "format": "uri-reference"},
                                            "uriBaseId": {"type": "string"},
                                        },
                                    },
                                    "region": {
                                        "additionalProperties": False,
                                        "properties": {
                                            "startLine": {"type": "integer", "minimum": 1},
                                            "startColumn": {"type": "integer", "minimum": 1},
                                        },
                                    },
                                },
                            }
                        },
                    },
                },
            },
        },
    },
}
"""The part of the OASIS schema for SARIF 2.1.0 that these reports use, with everything else refused."""


def test_sarif_is_what_code_scanning_reads():
    """Valid SARIF; each result at its place, 1-based, and with a rule that says what to do."""
    content = json.loads(render(report(), "sarif"))

    jsonschema.validate(content, SARIF, format_checker=jsonschema.FormatChecker())
    (run,) = content["runs"]
    result = run["results"][1]
    assert "unicodeCodePoints" == run["columnKind"]
    assert ("unknown-field-reference", "error") == (result["ruleId"], result["level"])
    assert "'fields.sise' is not a field of this item (hint: did you mean 'fields.size'?)" == result["message"]["text"]
    assert {
        "artifactLocation": {"uri": "catalog/queue.yaml", "uriBaseId": "ROOT"},
        "region": {"startLine": 14, "startColumn": 62},
    } == result["locations"][0]["physicalLocation"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert "unknown-field-reference" == rule["id"]
    assert rule["help"]["text"].endswith("Correct the name, or add the field.")


def test_every_code_has_a_rule():
    """A new code must say what it means, or its results would have no rule."""
    assert set(get_args(Code)) == set(CODE_HELP)


def test_an_empty_report_is_valid():
    """No items and no problems: nothing is wrong."""
    assert "valid: 0 items, 0 errors, 0 warnings" == render(compile_catalog([]), "text")
