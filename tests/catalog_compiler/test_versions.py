"""Versions: which changes of an item call for a new version, and which for a new major one."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from catalog_compiler.item import compile_item
from catalog_compiler.model import FieldTypeName, Item
from catalog_compiler.versions import breaking_changes, version_findings
from tests.items import NAME_FIELD, item_file

LIMITS = {"id": "x", "name": "X", "order": 2}


def an_item(*fields: dict[str, Any], version: str = "1.2.3") -> Item:
    """An item with a field `name` and these."""
    compiled = compile_item(item_file(fields=[NAME_FIELD, *fields], header={"version": version}), "catalog/a.yaml")
    assert compiled.plan is not None, compiled.problems
    return compiled.item


def changes(before: dict[str, Any] | None, now: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What breaks, with the last part of its place."""
    old, new = (an_item(*([LIMITS | field] if field else [])) for field in (before, now))
    return [(str(path[-1]), change) for path, change in breaking_changes(old, new)]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({"type": "string"}, None, ("version", "the field 'x' is gone")),
        (None, {"type": "string", "required": True}, ("1", "the new field 'x' is required")),
        ({"type": "string"}, {"type": "string", "required": True}, ("required", "'x' must be given now")),
        ({"type": "integer"}, {"type": "string"}, ("type", "the type of 'x' was integer and is string")),
        (
            {"type": "selection", "validation": {"enum": ["a", "b"]}},
            {"type": "selection", "options": [{"value": "a", "label": "A"}]},
            ("options", "'x' can't be 'b' any more"),
        ),
        (
            {"type": "string"},
            {"type": "string", "validation": {"enum": ["a"]}},
            ("enum", "'x' took any value and takes only some now"),
        ),
        (
            {"type": "integer", "validation": {"min": 1}},
            {"type": "integer", "validation": {"min": 2}},
            ("min", "the min of 'x' was 1 and is 2"),
        ),
        ({"type": "text"}, {"type": "text", "validation": {"max": 5}}, ("max", "the max of 'x' was none and is 5")),
        (
            {"type": "date", "validation": {"max": "today+30d"}},
            {"type": "date", "validation": {"max": "today+7d"}},
            ("max", "the max of 'x' was today+30d and is today+7d"),
        ),
        (
            {"type": "datetime", "validation": {"min": "2026-01-01"}},
            {"type": "datetime", "validation": {"min": "2026-01-01T10:00:00Z"}},
            ("min", "the min of 'x' was 2026-01-01 and is 2026-01-01T10:00:00Z"),
        ),
        (
            {"type": "string", "required": True, "default": "a"},
            {"type": "string", "required": True},
            ("required", "'x' must be given now"),
        ),
    ],
)
def test_what_was_accepted_and_is_refused_now_breaks(before, now, expected):
    """Each is told at the part that changed, or at the version where that part is gone."""
    assert [expected] == changes(before, now)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (None, {"type": "string"}),
        (None, {"type": "string", "required": True, "default": "a"}),
        ({"type": "string", "required": True}, {"type": "string"}),
        ({"type": "text"}, {"type": "text", "validation": {"min": 0}}),
        ({"type": "integer", "validation": {"min": 2}}, {"type": "integer", "validation": {"min": 1}}),
        ({"type": "integer", "validation": {"max": 2}}, {"type": "integer"}),
        (
            {"type": "date", "validation": {"max": "2026-01-01"}},
            {"type": "date", "validation": {"max": "today"}},
        ),
        (
            {"type": "selection", "validation": {"enum": [1]}},
            {"type": "selection", "validation": {"enum": [1.0, 2]}},
        ),
    ],
)
def test_what_is_still_accepted_breaks_nothing(before, now):
    """New optional fields, wider limits, more choices, and what nobody can compare."""
    assert [] == changes(before, now)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("1.2.3", "1.2.3", ["version-not-raised", "breaking-change"]),
        ("1.2.3", "1.2.2", ["version-not-raised", "breaking-change"]),
        ("1.2.3", "1.3.0", ["breaking-change"]),
        ("1.2.3", "2.0.0", []),
        ("1.2.3", "2.0.0-rc.1", []),
        ("2.0.0", "1.0.0", ["version-not-raised", "breaking-change"]),
    ],
)
def test_a_new_major_version_may_break(old, new, expected):
    """Anything else must not, and every change raises the version."""
    before, now = an_item(LIMITS | {"type": "string"}, version=old), an_item(version=new)

    assert expected == [finding.code for finding in version_findings(before, now)]


def test_the_sentences_say_what_to_write():
    """The next versions are worked out for the author."""
    before, now = an_item(LIMITS | {"type": "string"}), an_item()

    raised, broken = version_findings(before, now)

    assert "the content of 'queue' changed, and its version is still 1.2.3; raise it" == raised.message
    assert "write 1.3.0, or 2.0.0 if what was accepted before is refused now" == raised.hint
    assert "the field 'x' is gone, which breaks what was accepted in 1.2.3" == broken.message
    assert "write version 2.0.0, or take the change back" == broken.hint


@pytest.mark.parametrize("kind", get_args(FieldTypeName))
def test_a_type_is_compared_with_itself_and_every_other(kind):
    """An unchanged field breaks nothing, another type does, whatever the two are."""
    validation = {"validation": {"enum": ["a"]}} if kind.endswith("selection") else {}

    assert [] == changes({"type": kind} | validation, {"type": kind} | validation)
    assert ["type"] == [
        place for place, _ in changes({"type": kind} | validation, {"type": "json" if kind != "json" else "yaml"})
    ]
