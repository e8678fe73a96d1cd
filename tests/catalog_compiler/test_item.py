"""Items: one file through all stages, whatever is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog_compiler.document import parse_document
from catalog_compiler.item import CompiledItem, compile_item
from catalog_compiler.revision import revision_of

CATALOG = Path(__file__).parents[1] / "catalog"
EVERYTHING = (CATALOG / "valid" / "everything.yaml").read_bytes()
DATA = json.dumps(parse_document(EVERYTHING, "everything.yaml").document.data)
"""An item with every key of the format, as JSON, to be changed."""
MINIMAL = (CATALOG / "valid" / "minimal.yaml").read_text()


def compiled(data: Any) -> CompiledItem:
    """JSON is YAML, so a changed document needs no YAML writer."""
    return compile_item(json.dumps(data).encode(), "item.yaml")


def codes(item: CompiledItem) -> list[str]:
    return [problem.code for problem in item.problems]


def test_a_valid_item_has_a_revision_and_a_plan():
    """What the later stages need is there, and nothing is reported."""
    item = compile_item(MINIMAL.encode(), "catalog/gpu.yaml")

    assert () == item.problems
    assert "gpu-hours" == item.item_id
    assert revision_of(item.data) == item.revision
    assert item.plan is not None
    assert item.plan.revision == item.revision


def test_an_item_with_errors_has_neither_revision_nor_plan():
    """Its id is told nevertheless, so that the catalog can say whose errors these are."""
    item = compile_item(MINIMAL.replace("order: 1", "order: 0", 1).encode(), "catalog/gpu.yaml")

    assert ["invalid-value"] == codes(item)
    assert ("gpu-hours", None, None) == (item.item_id, item.revision, item.plan)
    assert ["gpu-hours"] == [problem.item_id for problem in item.problems]


def test_the_revision_is_of_the_document_not_of_its_layout():
    """Comments and order change nothing; a value does."""
    item = compile_item(MINIMAL.encode(), "item.yaml")
    data = parse_document(MINIMAL.encode(), "item.yaml").document.data

    assert item.revision == compiled(dict(reversed(data.items()))).revision
    assert item.revision != compile_item(MINIMAL.replace("0.1.0", "0.1.1").encode(), "item.yaml").revision
    assert 64 == len(item.revision)


def test_a_warning_keeps_nothing_from_being_served():
    """A number where text is expected keeps its text, and the plan holds it."""
    item = compile_item(MINIMAL.replace("name: GPU hours", "name: 13.10").encode(), "item.yaml")

    assert ["ambiguous-text"] == codes(item)
    assert "13.10" == item.plan.header["name"]
    assert "13.10" == item.data["header"]["name"]


def test_the_id_of_a_file_that_is_not_yaml_is_read_as_far_as_it_goes():
    """A syntax error further down does not hide whose file it is."""
    item = compile_item(b"header:\n  id: gpu-hours\n  name: a: b\n", "item.yaml")

    assert ["yaml-syntax"] == codes(item)
    assert "gpu-hours" == item.item_id


def test_wrong_keys_do_not_hide_wrong_references():
    """Problems of the model and of templates are reported in one run."""
    text = MINIMAL.replace("owner:", "ownr:").replace("{{env.CHAT_URL}}", "{{env.CHAT_URL}}/{{fields.hour}}")

    assert ["unknown-key", "unknown-field-reference"] == codes(compile_item(text.encode(), "item.yaml"))


def test_what_is_unreadable_causes_no_problems_elsewhere():
    """A field without id may be the one that a template names, so that is not told before the id is there."""
    text = MINIMAL.replace("{id: hours, ", "{").replace("{{env.CHAT_URL}}", "{{env.CHAT_URL}}/{{fields.hours}}")

    assert ["missing-key"] == codes(compile_item(text.encode(), "item.yaml"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id: hours, name: Hours", "id: hours, name: *name", ["yaml-subset"]),
        ("id: hours, ", "id: *id, ", ["yaml-subset"]),
        ("  id: gpu-hours", "  <<: {id: gpu-hours}", ["yaml-subset"]),
        ("  owner: platform-compute", "  1: platform-compute", ["yaml-subset", "missing-key"]),
        ('url: "{{env.CHAT_URL}}"', "url: {{env.CHAT_URL}}", ["yaml-subset"]),
        ('url: "{{env.CHAT_URL}}"', "<<: {a: b}", ["yaml-subset"]),
        ("type: integer, order: 1", "type: integer, order: 1e999", ["yaml-subset"]),
        ("        - {id: hours", "        - *field\n        - {id: days", ["yaml-subset"]),
    ],
)
def test_a_part_that_cannot_be_read_does_not_hide_the_rest(old, new, expected):
    """All else is reported in the same run, and nothing that may only follow from the hole."""
    text = MINIMAL.replace("version: 0.1.0", "version: one") + "        depends_on: [nothing]\n"
    assert old in text

    item = compile_item(text.replace(old, new).encode(), "item.yaml")

    assert sorted([*expected, "invalid-value", "unknown-dependency"]) == sorted(codes(item))
    assert item.plan is None


def test_free_keys_are_ignored_in_the_format_and_kept_in_configs():
    """`x-` keys are the author's own; in a config they are what the action's type makes of them."""
    data = json.loads(DATA)
    data["x-note"] = data["header"]["x-note"] = {"any": ["thing"]}
    data["fulfillment"]["automatic"]["actions"][0]["config"]["headers"] = {"x-trace": "1"}

    item = compiled(data)

    assert () == item.problems
    assert {"x-trace": "1"} == item.plan.automatic.actions[0].config["headers"]
    assert "x-note" not in item.plan.header


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"[]", b"text", b"5", b"null", b"header: []", b"- - -"])
def test_a_file_that_is_no_item_is_invalid(content):
    """Empty files, lists and lone values are refused like any other wrong item."""
    item = compile_item(content, "item.yaml")

    assert item.problems
    assert item.plan is None
