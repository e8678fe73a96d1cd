"""What an author sees in VS Code: `pao schema` in the server of the YAML extension, set up as the guide says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_compiler.actions import action_types
from catalog_compiler.cli import main
from catalog_compiler.item import compile_item
from tests.browser.yaml_server import YamlServer

ROOT = Path(__file__).parents[2]
VALID = [
    *(ROOT / "tests" / "catalog" / "valid").glob("*.yaml"),
    *(ROOT / "examples" / "catalog").rglob("catalog/**/*.yaml"),
]
ITEM = """\
header:
  id: cache
  name: Cache
  description: A cache of your own.
  version: 1.0.0
  category: databases
  owner: platform
presentation:
  groups:
    - id: basics
      name: Basics
      order: 1
      fields:
        - id: size
          name: Size
          type: integer
          order: 1
          required: true
          validation: {min: 1, max: 9}
          conditional: {field: kind, operator: eq, value: small}
        - id: kind
          name: Kind
          type: selection
          order: 2
          options: [{value: small}, {value: large}]
fulfillment:
  manual:
    actions:
      - type: webhook
        config:
          url: "{{env.CHAT_URL}}"
  automatic:
    on_failure: hold
    actions:
      - name: make
        type: rest-api
        retry: {attempts: 2}
        config:
          method: POST
          url: https://example.com/caches
          timeout: 30
          response_mapping: {id: $.id}
        rollback:
          type: rest-api
          config: {method: DELETE, url: "https://example.com/{{response.make.id}}"}
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory) -> Iterator[YamlServer]:
    """An editor with a catalog open, with the schema and the settings of the guide."""
    folder = tmp_path_factory.mktemp("catalog")
    guide = (ROOT / "docs" / "catalog.md").read_text(encoding="utf-8")
    settings = re.search(r"```json \.vscode/settings\.json\n(.+?)```", guide, re.DOTALL)
    with pytest.MonkeyPatch.context() as patch, (folder / ".pao-schema.json").open("w", encoding="utf-8") as file:
        patch.setattr("sys.stdout", file)
        assert 0 == main(["schema"])
    with YamlServer.started(folder, json.loads(settings[1])) as server:
        yield server


def changed(old: str, new: str) -> str:
    """The item with its first `old` replaced."""
    assert old in ITEM
    return ITEM.replace(old, new, 1)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_nothing_is_underlined_in_a_valid_file(editor, path):
    """Of the example catalog, and of the tests."""
    assert [] == editor.problems(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", action_types())
def test_nothing_is_underlined_in_a_starting_file(editor, kind, capsys):
    """As `pao new` writes it."""
    main(["new", "cache", "--type", kind])

    assert [] == editor.problems(capsys.readouterr().out)


ACTIONS = ", ".join(f'"{name}"' for name in sorted(action_types()))
METHODS = '"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"'
OPERATORS = '"eq", "ne", "gt", "lt", "gte", "lte", "in", "not_in"'
CATEGORIES = '"compute", "databases", "messaging", "networking", "storage", "security", "monitoring", "other"'
TYPES = (
    '"string", "text", "integer", "number", "boolean", "selection", "multi-selection", "date", "datetime", "email", '
    '"url", "password", "file", "json", "yaml"'
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  owner: platform", "  owner: platform\n  colour: red", {8: ["Property colour is not allowed."]}),
        (
            "  name: Cache",
            "  nmae: Cache",
            {1: ['Missing property "name".'], 3: ["Property nmae is not allowed."]},
        ),
        ("  owner: platform\n", "", {1: ['Missing property "owner".']}),
        ("  name: Cache", "  name: 5", {3: ['Incorrect type. Expected "string".']}),
        ("databases", "database", {6: [f"Value is not accepted. Valid values: {CATEGORIES}."]}),
        ("1.0.0", "1.0", {5: ["Must be a semantic version such as 1.4.0."]}),
        ("1.0.0", "v1", {5: ["Must be a semantic version such as 1.4.0."]}),
        (
            "id: cache",
            "id: My Cache",
            {2: ["Must be lower-case letters and digits in words joined by single hyphens, a letter first."]},
        ),
        ("id: size", "id: the-size", {14: ["Must be lower-case letters, digits and underscores, a letter first."]}),
        ("type: integer", "type: int", {16: [f"Value is not accepted. Valid values: {TYPES}."]}),
        (
            "type: integer",
            "typ: integer",
            {14: ['Missing property "type".'], 16: ["Property typ is not allowed."]},
        ),
        ("required: true", "required: maybe", {18: ['Incorrect type. Expected "boolean".']}),
        ("order: 2", "order: 0", {24: ["Value is below the minimum of 1."]}),
        ("{min: 1, max: 9}", "{min: 1, schemes: [a]}", {19: ["Property schemes is not allowed."]}),
        ("operator: eq", "operator: is", {20: [f"Value is not accepted. Valid values: {OPERATORS}."]}),
        ("operator: eq, ", "", {20: ['Missing property "operator".']}),
        ("          options: [{value: small}, {value: large}]\n", "", {21: ['Missing property "options".']}),
        ("{value: large}]", "{label: large}]", {25: ['Missing property "value".']}),
        ("type: rest-api", "type: rest", {36: [f"Value is not accepted. Valid values: {ACTIONS}."]}),
        ("        type: rest-api\n", "", {35: ['Missing property "type".']}),
        ("type: rest-api", "type: webhook", {42: ["Property response_mapping is not allowed."]}),
        ("method: POST", "methd: POST", {39: ["Property methd is not allowed."]}),
        ("method: POST", "method: FETCH", {39: [f"Value is not accepted. Valid values: {METHODS}."]}),
        ("timeout: 30", "timeout: soon", {41: ['Incorrect type. Expected "number".']}),
        ("          url: https://example.com/caches\n", "", {38: ['Missing property "url".']}),
        ("attempts: 2", "attempts: 11", {37: ["Value is above the maximum of 10."]}),
        ("hold", "retry", {33: ['Value is not accepted. Valid values: "rollback", "hold", "escalate".']}),
        ("{method: DELETE", "{metod: DELETE", {45: ["Property metod is not allowed."]}),
    ],
    ids=lambda part: part.strip() if isinstance(part, str) else "",
)
def test_a_mistake_is_underlined_at_its_line(editor, old, new, expected: dict[int, list[str]]):
    """In words that say what is wrong there, and at no line where nothing is; `pao validate` points there, too."""
    text = changed(old, new)
    told = compile_item(text.encode(), "item.yaml").problems

    assert [(line, words) for line, all_words in expected.items() for words in all_words] == editor.problems(text)
    assert {problem.line for problem in told if not problem.code.startswith("unknown-response")} <= expected.keys()
    assert told


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  owner: platform\n", "  owner: platform\n  ¦\n", {"tags": "tags:\n  - ${1}", "sla": "sla: "}),
        ("          required: true\n", "          ¦\n", {"required": "required: ${1:false}", "default": "default: "}),
        ("          validation: {min: 1, max: 9}\n", "          ¦\n", {"validation": "validation:\n  "}),
        ("        retry: {attempts: 2}\n", "        ¦\n", {"retry": "retry: ", "depends_on": "depends_on: "}),
        ("          timeout: 30\n", "          ¦\n", {"timeout": "timeout: ${1:30}", "query": "query: "}),
        ("          method: POST\n          url: https://example.com/caches\n", "          ¦\n", {"url": "url: "}),
        ('          url: "{{env.CHAT_URL}}"\n', "          ¦\n", {"signature": "signature: "}),
        ("type: integer", "type: ¦", {kind: kind for kind in json.loads(f"[{TYPES}]")}),
        ("type: rest-api", "type: ¦", {"rest-api": "rest-api", "webhook": "webhook"}),
        ("databases", "¦", {category: category for category in json.loads(f"[{CATEGORIES}]")}),
        ("method: POST", "method: ¦", {method: method for method in json.loads(f"[{METHODS}]")}),
        ("hold", "¦", {"rollback": "rollback", "hold": "hold", "escalate": "escalate"}),
    ],
    ids=lambda part: part.strip() if isinstance(part, str) else "",
)
def test_what_fits_is_proposed(editor, old, new, expected: dict[str, str]):
    """Keys with a colon and what their value begins with, and all values of a closed set."""
    proposed = editor.completions(changed(old, new))

    assert expected == {label: proposed.get(label) for label in expected}


def test_a_new_file_is_begun_with_all_that_must_be_there(editor):
    """From nothing: the sections, and the keys that each of them needs."""
    assert {
        "header": ["id", "name", "description", "version", "category", "owner"],
        "presentation": ["groups", "id", "name", "order"],
        "fulfillment": ["manual", "actions", "type"],
    } == {
        label: [key for key in re.findall(r"([a-z_]+):(?: \$\d|\n|$)", text) if key != label]
        for label, text in editor.completions("¦").items()
        if label in {"header", "presentation", "fulfillment"}
    }


@pytest.mark.parametrize(
    ("old", "new", "absent"),
    [
        ("  owner: platform\n", "  owner: platform\n  ¦\n", "name"),
        ('          url: "{{env.CHAT_URL}}"\n', "          ¦\n", "response_mapping"),
    ],
)
def test_what_does_not_fit_is_not_proposed(editor, old, new, absent):
    """A key that is there already, or another action type's."""
    proposed = editor.completions(changed(old, new))

    assert proposed
    assert absent not in proposed


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("owner", "own¦er", "The team that answers for it."),
        ("required", "req¦uired", "Whether a value must be given while the field is visible."),
        ("validation", "valid¦ation", "Limits of the value."),
        ("header", "hea¦der", "What the catalog shows."),
        ("timeout: 30", "time¦out: 30", "Seconds for the whole call."),
        ("on_failure", "on_f¦ailure", "What happens where an action fails"),
    ],
)
def test_a_key_tells_what_it_is_for(editor, old, new, expected):
    """By its own description, not by that of its value's model."""
    assert editor.hover(changed(old, new)).startswith(expected)
