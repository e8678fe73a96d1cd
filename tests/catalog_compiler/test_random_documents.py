"""Random documents, from noise to almost an item: never an exception, and what compiles would run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_compiler.catalog import compile_catalog
from catalog_compiler.catalog_settings import CatalogSettings, read_settings
from catalog_compiler.descriptions import models_of
from catalog_compiler.document import parse_document
from catalog_compiler.item import CompiledItem, compile_item
from catalog_compiler.model import Item
from catalog_compiler.model_problems import known_keys
from tests.catalog_compiler.mutations import CHANGES, changed, compiled, places
from tests.catalog_compiler.running import reasons
from tests.catalog_compiler.words import shortcomings

ROOT = Path(__file__).parents[2]
VALID = [ROOT / "tests/catalog/valid/everything.yaml", *sorted((ROOT / "examples/catalog/catalog").glob("**/*.yaml"))]
TEXTS = [json.dumps(parse_document(path.read_bytes(), path.name).document.data) for path in VALID]
"""Valid items as JSON."""
PLACES = [list(places(json.loads(text))) for text in TEXTS]

KEYS = sorted({key for model in [*models_of(Item).values(), CatalogSettings] for key in known_keys(model)})
CONFIG_KEYS = ["url", "method", "headers", "body", "body_template", "response_mapping", "success_codes", "timeout"]
WORDS = [
    *KEYS,
    *("string", "integer", "selection", "json", "rest-api", "webhook", "eq", "in", "compute", "1.0.0", "GET", "POST"),
    *("{{fields.id}}", "{{response.a.id}}", "{{env.X}}/a", "${SECRET}", "{{", "}}", "[a", "(", "^a+$", "today+3d"),
    *("https://a.example", "$.id", "2025-02-30", "a@b.example", "\u0000", "\ud7ff", "\U0001f600", ""),
]
SCALARS = st.one_of(
    st.sampled_from(WORDS),
    st.none(),
    st.booleans(),
    st.integers(-5, 2**53),
    st.floats(allow_nan=False),
    st.text(max_size=9),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*KEYS, *CONFIG_KEYS]) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=40,
)
YAML_PIECES = st.sampled_from(
    [
        "a",
        "b: ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        ": ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        '"',
        "|\n",
        ">-\n",
        "&x ",
        "*x",
        "!t ",
    ]
    + ["<<: ", "? ", "# c\n", "---\n", "...\n", "%YAML 1.2\n", "{{", "}}", "\t", "\r\n", "1e999", "0x1F", "~", "\ufeff"]
    + [f"{key}: " for key in KEYS]
)


def assert_sound(item: CompiledItem) -> None:
    """What holds for every file."""
    assert (item.plan is None) == any(problem.severity == "error" for problem in item.problems)
    for problem in item.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert [] == list(shortcomings(problem.message, problem.hint)), problem.message[:300]
    if item.plan is not None:
        assert [] == list(reasons(item))


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200) | st.lists(YAML_PIECES, max_size=60).map("".join).map(str.encode))
def test_noise_is_refused(content):
    """As an item, in a catalog, and as settings."""
    item = compile_item(content, "catalog/item.yaml")
    catalog = compile_catalog([(".pao.yaml", content), ("catalog/item.yaml", content), ("catalog/other.yml", content)])

    assert_sound(item)
    assert item.plan is None
    assert any(problem.code == "file-extension" or problem.file == ".pao.yaml" for problem in catalog.problems)
    assert read_settings(content).settings.categories


@settings(max_examples=400, deadline=None)
@given(TREES)
def test_trees_of_the_formats_own_words_are_compiled_or_reported(tree):
    """As a whole item, and as settings."""
    content = json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")

    assert_sound(compile_item(content, "catalog/item.yaml"))
    for problem in read_settings(content).problems:
        assert [] == list(shortcomings(problem.message, problem.hint)), problem.message[:300]


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_trees_in_the_place_of_a_part_are_compiled_or_reported(data):
    """What is around them is in order, so that every check meets them."""
    number = data.draw(st.integers(0, len(TEXTS) - 1))
    place = data.draw(st.sampled_from(PLACES[number]))
    document: Any = json.loads(TEXTS[number])
    parent = document
    for part in place[:-1]:
        parent = parent[part]
    parent[place[-1]] = data.draw(TREES)

    assert_sound(compiled(document))


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_several_mistakes_at_once_are_reported(data):
    """One must not hide what another one breaks."""
    number = data.draw(st.integers(0, len(TEXTS) - 1))
    change = st.tuples(st.sampled_from(PLACES[number]), st.sampled_from(CHANGES))
    changes = data.draw(st.lists(change, min_size=2, max_size=6))

    assert_sound(compiled(changed(TEXTS[number], changes)))


@pytest.mark.parametrize("text", TEXTS, ids=[path.stem for path in VALID])
def test_what_the_changes_start_from_is_valid(text):
    """Or the tests above would find nothing."""
    assert () == compiled(json.loads(text)).problems
