"""`pao new`: a starting file for every action type, valid as it is."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field

from catalog_compiler.actions import ActionType, action_types
from catalog_compiler.cli import main
from catalog_compiler.item import compile_item
from catalog_compiler.starting_file import example_config


def written(capsys, *arguments: str) -> str:
    assert 0 == main(["new", *arguments])
    return capsys.readouterr().out


@pytest.mark.parametrize("kind", [*action_types(), None])
def test_a_starting_file_is_valid_for_every_type(capsys, kind):
    """A new action type must come with an example, or with required keys that can be guessed."""
    text = written(capsys, "cache-redis", *(["--type", kind, "--type", kind] if kind else []))

    item = compile_item(text.encode(), "catalog/cache.yaml")

    assert () == item.problems
    assert "cache-redis" == item.item_id
    assert ([kind, f"{kind}-2"] if kind else None) == (
        [action.name for action in item.plan.automatic.actions] if item.plan.automatic else None
    )


@pytest.mark.parametrize("item_id", ["null", "true", "a1", "a-b-c", "x" * 100])
def test_every_id_is_written_so_that_it_is_read_as_itself(capsys, item_id):
    """Some words need quotes in YAML."""
    assert item_id == compile_item(written(capsys, item_id).encode(), "x.yaml").plan.item_id


def test_the_category_is_written(capsys):
    """Also one of the catalog's own, whatever is in its name."""
    text = written(capsys, "cache", "--category", "gpus: big")

    assert () == compile_item(text.encode(), "x.yaml", ["gpus: big"]).problems


def test_a_file_is_written_and_never_over_another(tmp_path, capsys):
    """Without being told to."""
    file = tmp_path / "catalog" / "databases" / "cache.yaml"

    assert 0 == main(["new", "cache", "--output", str(file)])
    assert f"wrote {file}; check it with: pao validate {file}\n" == capsys.readouterr().out
    assert 0 == main(["validate", str(file)])

    file.write_text("mine")
    assert 2 == main(["new", "cache", "--output", str(file)])
    assert "is there already" in capsys.readouterr().err
    assert "mine" == file.read_text()

    assert 0 == main(["new", "cache", "--output", str(file), "--force"])
    assert "mine" != file.read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Cache"], "'Cache' can't be an id"),
        (["x" * 101], "at most 100 characters"),
        (["cache", "--type", "rest"], "action type 'rest' is not installed; installed are"),
        (["cache", "--output", "cache.yml"], "choose a name that ends with .yaml"),
        (["cache", "--output", "/proc/nowhere/cache.yaml"], "cannot write"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_sentence(capsys, arguments, sentence):
    """With what to do."""
    assert 2 == main(["new", *arguments])
    assert sentence in capsys.readouterr().err


class _Inner(BaseModel):
    host: str
    port: int = 1


class _Config(BaseModel):
    project: Annotated[str, Field(min_length=1)]
    kind: Literal["a", "b"]
    inner: _Inner
    count: Annotated[int, Field(ge=1)] | None
    labels: tuple[str, ...]
    schema_: dict[str, Any] = Field(alias="schema")
    other: str = ""


class _Bare(ActionType[_Config]):
    name: ClassVar[str] = "bare"
    summary: ClassVar[str] = "Has no example."
    Config: ClassVar[type[BaseModel]] = _Config


def test_a_type_without_an_example_gets_its_required_keys():
    """Each with something of the right kind."""
    assert (
        'project: "change-me"\nkind: "a"\ninner: {"host": "change-me"}\ncount: 1\nlabels: []\nschema: {}\n'
    ) == example_config(_Bare)
