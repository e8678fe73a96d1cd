"""The schema for editors: takes what is valid, refuses typical mistakes, and grows with what is registered."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import jsonschema
import pytest
from pydantic import BaseModel, ConfigDict, Field

from catalog_compiler.actions import ActionType, action_types
from catalog_compiler.cli import main
from catalog_compiler.descriptions import key_descriptions, models_of
from catalog_compiler.document import parse_document
from catalog_compiler.editor_schema import config_schema, item_schema
from catalog_compiler.item import compile_item
from catalog_compiler.model import Item

ROOT = Path(__file__).parents[2]
VALID = [
    *(ROOT / "tests" / "catalog" / "valid").glob("*.yaml"),
    *(ROOT / "examples" / "catalog").rglob("catalog/**/*.yaml"),
]
EVERYTHING = (ROOT / "tests" / "catalog" / "valid" / "everything.yaml").read_bytes()
VALIDATOR = jsonschema.Draft7Validator(item_schema())


def data(content: bytes) -> Any:
    return parse_document(content, "item.yaml").document.data


def mistakes(document: Any) -> list[str]:
    """Where the schema complains, most specific first."""
    found = [jsonschema.exceptions.best_match([error]) for error in VALIDATOR.iter_errors(document)]
    return ["/".join(map(str, error.absolute_path)) for error in found]


def test_it_is_a_draft_07_schema():
    """The newest draft that VS Code's YAML server reads in full."""
    schema = item_schema()

    assert "http://json-schema.org/draft-07/schema#" == schema["$schema"]
    jsonschema.Draft7Validator.check_schema(schema)
    assert "$defs" not in json.dumps(schema)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_what_validates_passes(path):
    """An editor must not complain about a valid file."""
    assert [] == mistakes(data(path.read_bytes()))


@pytest.mark.parametrize("kind", action_types())
def test_a_starting_file_of_every_type_passes(kind, capsys):
    """As does what `pao new` writes."""
    main(["new", "cache", "--type", kind])

    assert [] == mistakes(data(capsys.readouterr().out.encode()))


FIRST = "presentation/groups/0/fields/0"
CALL = "fulfillment/automatic/actions/0"


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("header/version", "1.0", "header/version"),
        ("header/category", "compte", "header/category"),
        ("header/id", "No Id", "header/id"),
        ("header/colour", "red", "header"),
        ("header/sla/support_level", "gold", "header/sla/support_level"),
        (f"{FIRST}/type", "dropdown", f"{FIRST}/type"),
        (f"{FIRST}/required", "yes", f"{FIRST}/required"),
        (f"{FIRST}/order", 0, f"{FIRST}/order"),
        (f"{FIRST}/validation", {"schemes": ["https"]}, f"{FIRST}/validation"),
        ("presentation/groups/1/fields/2/options", [{"value": 1}], "presentation/groups/1/fields/2"),
        (f"{FIRST}/conditional", {"field": "x", "operator": "is", "value": 1}, f"{FIRST}/conditional/operator"),
        (f"{FIRST}/conditional", {"field": "x"}, f"{FIRST}/conditional"),
        ("presentation/groups/1/fields/3/options", None, "presentation/groups/1/fields/3"),
        (f"{CALL}/type", "rest", f"{CALL}/type"),
        (f"{CALL}/config/methd", "GET", f"{CALL}/config"),
        (f"{CALL}/config/method", "FETCH", f"{CALL}/config/method"),
        (f"{CALL}/config/method", "{{fields.a_string}}", f"{CALL}/config/method"),
        (f"{CALL}/config/timeout", "soon", f"{CALL}/config/timeout"),
        (f"{CALL}/config/url", None, f"{CALL}/config"),
        (f"{CALL}/rollback/config/url", 5, f"{CALL}/rollback/config/url"),
        (f"{CALL}/retry/attempts", 11, f"{CALL}/retry/attempts"),
        ("fulfillment/automatic/on_failure", "retry", "fulfillment/automatic/on_failure"),
        ("fulfillment/manual", None, "fulfillment"),
    ],
)
def test_typical_mistakes_are_told_at_their_place(path, value, place):
    """And `pao validate` refuses each of them, too."""
    document = copy.deepcopy(data(EVERYTHING))
    *parents, last = path.split("/")
    parent = document
    for part in parents:
        parent = parent[int(part)] if isinstance(parent, list) else parent[part]
    if value is None:
        del parent[last]
    else:
        parent[last] = value

    assert compile_item(json.dumps(document).encode(), "item.yaml").plan is None
    deepest = [
        "/".join(map(str, error.absolute_path))
        for top in VALIDATOR.iter_errors(document)
        for error in [top, *_all_below(top)]
    ]
    assert place in deepest


def _all_below(error: jsonschema.ValidationError) -> list[jsonschema.ValidationError]:
    return [one for inner in error.context or () for one in [inner, *_all_below(inner)]]


@pytest.mark.parametrize("key", ["x-note", "x-"])
def test_the_authors_own_keys_pass(key):
    """Everywhere in the format."""
    document = copy.deepcopy(data(EVERYTHING))
    document[key] = document["header"][key] = document["presentation"]["groups"][0]["fields"][0][key] = {"any": 1}

    assert [] == mistakes(document)


def test_the_catalogs_own_categories_count(tmp_path, capsys):
    """`.pao.yaml` decides, and without one the format."""
    (tmp_path / ".pao.yaml").write_text("categories: [gpus]\n")

    assert 0 == main(["schema", "--catalog", str(tmp_path)])
    schema = json.loads(capsys.readouterr().out)
    assert ["gpus"] == schema["definitions"]["Header"]["properties"]["category"]["enum"]


def test_a_catalog_that_is_not_there_is_refused(tmp_path, capsys):
    """In a sentence."""
    assert 2 == main(["schema", "--catalog", str(tmp_path / "nowhere")])
    assert "pao schema: cannot read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "model",
    [
        *models_of(Item).values(),
        *(model for kind in action_types().values() for model in models_of(kind.Config).values()),
    ],
)
def test_every_key_is_described(model):
    """A key without a text below it would be bare in editors and in the reference."""
    keys = {field.alias or name for name, field in model.model_fields.items()}

    assert keys == key_descriptions(model).keys()


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int
    """How many."""
    mode: Literal["a", "b"] = "a"
    nested: list[_Step] = []
    """More of the same."""


class _Config(BaseModel):
    """A config with everything that is hard."""

    model_config = ConfigDict(extra="forbid")

    connection: Annotated[str, Field(pattern="^[a-z]+$")] = "default"
    text: str = ""
    step: _Step
    """The first step."""
    flags: dict[str, bool] = {}
    sizes: tuple[Annotated[int, Field(ge=1)], ...] = ()


class _Hard(ActionType[_Config]):
    name: ClassVar[str] = "hard"
    summary: ClassVar[str] = "Is hard."
    Config: ClassVar[type[BaseModel]] = _Config


@pytest.mark.parametrize(
    ("config", "valid"),
    [
        ({"step": {"count": 1}}, True),
        ({"step": {"count": "{{fields.x}}", "mode": "{{fields.y}}"}}, True),
        ({"step": "{{fields.x}}", "flags": "{{fields.x}}", "sizes": "{{fields.x}}"}, True),
        ({"step": {"count": 1}, "flags": {"a": "{{fields.x}}"}, "sizes": [1, "{{fields.x}}"]}, True),
        ({"step": {"count": "1"}}, False),
        ({"step": {"count": 1, "mode": "c"}}, False),
        ({"step": {"count": 1, "cuont": 1}}, False),
        ({"step": {"count": 1}, "sizes": [0]}, False),
        ({"step": {"count": 1}, "connection": "{{fields.x}}"}, False),
        ({}, False),
    ],
)
def test_templates_may_stand_where_the_type_lets_them(config, valid):
    """For numbers, booleans, choices and whole structures; never where the type wants a literal."""
    assert valid == jsonschema.Draft7Validator(config_schema(_Hard)).is_valid(config)


def test_descriptions_come_from_the_source():
    """Below the attributes, in the model or in one it is made from."""
    schema = config_schema(_Hard)

    assert "Is hard." == schema["description"]
    assert "The first step." == schema["properties"]["step"]["description"]
    assert {"count": "How many.", "nested": "More of the same."} == key_descriptions(_Step)


@pytest.mark.parametrize(
    "rollback", [{"type": "jira-ticket"}, {"type": "jira-ticket", "config": {"transition": "Cancel"}}]
)
def test_a_rollback_may_leave_out_what_its_type_completes(rollback):
    """As `pao validate` takes it; the action itself has to say all."""
    document = copy.deepcopy(data(EVERYTHING))
    ticket = {"project": "OPS", "issue_type": "Task", "summary_template": "x"}
    actions = document["fulfillment"]["manual"]["actions"]
    actions[:] = [{"type": "jira-ticket", "config": ticket, "rollback": rollback}]
    assert [] == mistakes(document)
    assert compile_item(json.dumps(document).encode(), "item.yaml").plan is not None

    del ticket["project"]

    assert mistakes(document)
