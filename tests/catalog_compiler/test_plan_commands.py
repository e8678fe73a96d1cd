"""`pao compile` and `pao preview`: what an item becomes, and what a request for it would do."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from catalog_compiler.cli import main
from catalog_compiler.plan import ItemPlan
from catalog_compiler.plan_text import condition_text, plan_text
from tests.items import action, item_file, item_plan

EXAMPLES = Path(__file__).parents[2] / "examples" / "catalog"
UNDO = {"type": "rest-api", "config": {"method": "DELETE", "url": "https://example.com/things/1"}}
NEEDED = [{"id": "name", "name": "Name", "type": "string", "order": 1, "required": True}]


@pytest.fixture
def catalog(tmp_path):
    """A repository with two items."""
    (tmp_path / "catalog").mkdir()
    put = action("make", config={"method": "PUT", "url": "https://example.com/{{fields.name}}"})
    (tmp_path / "catalog" / "queue.yaml").write_bytes(item_file("queue", put, fields=NEEDED))
    (tmp_path / "catalog" / "topic.yaml").write_bytes(item_file("topic"))
    return tmp_path


@pytest.fixture
def fields(tmp_path):
    """Writes values to a file and gives its name."""

    def write(values: object) -> str:
        file = tmp_path / "fields.json"
        file.write_text(values if isinstance(values, str) else json.dumps(values))
        return str(file)

    return write


def test_the_text_tells_order_retries_and_undo():
    """Everything that decides how the item runs, and nothing that does not."""
    when = {
        "all": [
            {"field": "name", "operator": "eq", "value": "a"},
            {"not": {"field": "name", "operator": "in", "value": ["b"]}},
        ]
    }
    plan = item_plan(
        "queue",
        action("first", description="Makes it.", rollback=UNDO, retry={"attempts": 2, "delay": 1}, timeout=60),
        action("second", depends_on=[], when=when, retry={"attempts": 0}),
        action("third", type="webhook", config={"url": "https://example.com"}, depends_on=["first", "second"]),
        on_failure="hold",
        timeout=3600,
    )

    assert f"""\
queue 1.0.0 (revision {plan.revision[:12]})
  automatic:
    on failure: wait for a person; at most 3600 s
    1. first (rest-api)
      Makes it.
      retry: 2 times, waiting 1 s at first and 300 s at most
      timeout: 60 s an attempt
      undone by: rest-api DELETE https://example.com/things/1
    2. second (rest-api)
      starts at once, beside the others
      only when: (name eq "a" and not name in ["b"])
      retry: never
    3. third (webhook)
      after: first, second
      retry: by default, where the call surely never arrived
      if it fails: the request goes on, with a warning
  manual: By hand.
    on failure: undo what was done
    1. ticket (rest-api)
      retry: by default""" == plan_text(plan)


def test_an_or_of_conditions_is_written_as_one():
    """With brackets, so that no precedence must be known."""
    parts = [{"field": "a", "operator": "gt", "value": 1}, {"field": "b", "operator": "eq", "value": True}]

    assert "(a gt 1 or b eq true)" == condition_text({"any": parts})


def test_compile_shows_all_items_or_one(catalog, capsys):
    """As text, or as the plans that will run."""
    assert 0 == main(["compile", str(catalog)])
    assert ["queue", "topic"] == [
        line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:1].isalpha()
    ]

    assert 0 == main(["compile", str(catalog), "--format", "json"])
    assert ["queue", "topic"] == [plan["item_id"] for plan in json.loads(capsys.readouterr().out)]

    assert 0 == main(["compile", str(catalog), "topic", "--format", "json"])
    assert "topic" == ItemPlan.model_validate_json(capsys.readouterr().out).item_id


def test_compile_tells_what_is_wrong_and_shows_the_rest(catalog, capsys):
    """The valid items on standard output, the problems beside."""
    (catalog / "catalog" / "broken.yaml").write_text("header: []")

    assert 1 == main(["compile", str(catalog)])

    output = capsys.readouterr()
    assert "queue 1.0.0" in output.out
    assert "catalog/broken.yaml:1:9: error[wrong-type]" in output.err


@pytest.mark.parametrize("arguments", [["compile", ".", "quene"], ["preview", "quene"]])
def test_an_unknown_item_is_told_with_the_nearest(catalog, capsys, monkeypatch, arguments):
    """Ids are typed by hand."""
    monkeypatch.chdir(catalog)

    assert 2 == main(arguments)
    assert f"pao {arguments[0]}: no item here has the id 'quene'; did you mean 'queue'?\n" == capsys.readouterr().err


def test_preview_shows_the_calls(catalog, fields, capsys):
    """With the submitted values in them."""
    assert 0 == main(["preview", "queue", "--fields", fields({"name": "orders"}), "--catalog", str(catalog)])
    assert ("1. make (rest-api)\n  method: PUT\n  url: https://example.com/orders\n") == capsys.readouterr().out


def test_preview_gives_machines_json(catalog, fields, capsys, monkeypatch):
    """The same, and values may come by standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "orders"}'))

    assert 0 == main(["preview", "queue", "--fields", "-", "--catalog", str(catalog), "--format", "json"])

    (only,) = json.loads(capsys.readouterr().out)["actions"]
    assert ("make", {"method": "PUT", "url": "https://example.com/orders"}) == (only["name"], only["config"])


def test_preview_judges_fields_as_the_api_does(catalog, fields, capsys):
    """Every error at once, with the pointer that the API would give."""
    arguments = ["preview", "queue", "--fields", fields({"nam": 1}), "--catalog", str(catalog)]

    assert 1 == main(arguments)
    assert (
        "/fields/name: error[required]: Name is required; give a value.\n"
        "/fields/nam: error[unknown-field]: 'nam' is not a field of this item; did you mean 'name'?\n"
    ) == capsys.readouterr().out

    assert 1 == main([*arguments, "--format", "json"])
    assert ["required", "unknown-field"] == [error["code"] for error in json.loads(capsys.readouterr().out)["errors"]]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("[1]", "must hold an object"),
        ("{", "is not JSON"),
        ('{"name": NaN}', "NaN is not a number of JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_preview_refuses_what_holds_no_values(catalog, fields, capsys, values, sentence):
    """In one sentence."""
    assert 2 == main(["preview", "queue", "--fields", fields(values), "--catalog", str(catalog)])
    assert sentence in capsys.readouterr().err


def test_preview_of_an_invalid_item_tells_its_problems(catalog, capsys):
    """There is nothing that it would do."""
    (catalog / "catalog" / "queue.yaml").write_text("header: {id: queue}")

    assert 1 == main(["preview", "queue", "--catalog", str(catalog)])
    assert "error[missing-section]" in capsys.readouterr().err


def test_preview_of_a_mode_that_is_not_there_is_refused(catalog, capsys):
    """With what to do instead."""
    assert 2 == main(["preview", "topic", "--mode", "automatic", "--catalog", str(catalog)])
    assert "'topic' has no automatic fulfillment; leave --mode out" in capsys.readouterr().err


def test_the_example_catalog_compiles(capsys):
    """Every example becomes a plan that can be told."""
    assert 0 == main(["compile", str(EXAMPLES)])
    assert "database-postgresql" in capsys.readouterr().out
