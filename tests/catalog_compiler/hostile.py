"""Files that were made to hurt: each is named, small to describe, and valid UTF-8 only where that is its point."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

MIB = 1024 * 1024


def _item(fields: Any = None, actions: Any = None, automatic: Any = None, **sections: Any) -> bytes:
    """An item as JSON, which is YAML, with other fields or actions."""
    field = {"id": "name", "name": "Name", "type": "string", "order": 1}
    action = {"type": "webhook", "config": {"url": "{{env.CHAT_URL}}"}}
    item: dict[str, Any] = {
        "header": {
            "id": "hostile",
            "name": "Hostile",
            "description": "Made to hurt.",
            "version": "1.0.0",
            "category": "other",
            "owner": "nobody",
        },
        "presentation": {"groups": [{"id": "all", "name": "All", "order": 1, "fields": fields or [field]}]},
        "fulfillment": {"manual": {"actions": actions or [action]}},
    }
    if automatic:
        item["fulfillment"]["automatic"] = automatic
    return json.dumps(item | sections, separators=(",", ":")).encode()


def _fields(number: int, **more: Any) -> list[dict[str, Any]]:
    """Text fields in a row; the texts of `more` may hold the number of the one before."""
    made = []
    for place in range(1, number + 1):
        text = json.dumps(more).replace("@before", str(place - 1))
        made.append({"id": f"f{place}", "name": "F", "type": "string", "order": place} | json.loads(text))
    return made


def _choices(values: list[Any], **more: Any) -> bytes:
    field = {"id": "c", "name": "C", "type": "selection", "order": 1, "validation": {"enum": values}}
    return _item([field | more])


def _templates(template: str, number: int) -> bytes:
    return _item(actions=[{"type": "webhook", "config": {"url": "{{env.X}}", "body": [template] * number}}])


def _follower(number: int) -> dict[str, Any]:
    """An action that uses the response of the one before."""
    path = f"{{{{response.a{number - 1}.status_code}}}}" if number else ""
    return {"type": "rest-api", "name": f"a{number}", "config": {"url": f"https://a.example/{path}"}}


def _header(*lines: str) -> bytes:
    return ("header:\n" + "\n".join(f"  {line}" for line in lines)).encode()


def _pattern(pattern: str) -> bytes:
    return _item(_fields(1, validation={"pattern": pattern}))


def _value_schema(schema: Any) -> bytes:
    return _item(_fields(1, type="json", validation={"schema": schema}, default={"a": "a" * 1000}))


def _nested(levels: int, inner: Any, wrap: Callable[[Any], Any]) -> Any:
    for _ in range(levels):
        inner = wrap(inner)
    return inner


BEFORE = {"field": "f@before", "operator": "eq", "value": "x"}

REFUSED: Mapping[str, Callable[[], bytes]] = {
    "alias bomb": lambda: b"a: &a [x, x]\n" + b"".join(b"b%d: [*a, *a, *a]\n" % n for n in range(10_000)),
    "billion laughs": lambda: (
        b"a0: &a0 [x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 99))
    ),
    "100 levels": lambda: b"a: " + b"[" * 100 + b"]" * 100,
    "100 levels of blocks": lambda: b"".join(b" " * n + b"a:\n" for n in range(100)),
    "a million levels": lambda: b"[" * MIB,
    "a million keys in keys": lambda: b"? " * (MIB // 2),
    "50 MB": lambda: b"# again and again\n" * (50 * MIB // 18),
    "50 MB on one line": lambda: b"a" * (50 * MIB),
    "NUL": lambda: b"a: \x00" * 1000,
    "a megabyte of NUL": lambda: b"\x00" * MIB,
    "invalid UTF-8": lambda: b"a: \xff\xfe",
    "invalid UTF-8 at the end": lambda: b"a: " + b"\xc3\xa9" * (MIB // 2 - 3) + b"\xff",
    "UTF-16": lambda: ("a: 1\n" * 100_000).encode("utf-16"),
    "a lone surrogate": lambda: b"a: \xed\xa0\x80",
    "a huge integer": lambda: b"a: " + b"9" * (MIB - 10),
    "a huge exponent": lambda: b"a: 1e" + b"9" * 400_000,
    "many huge numbers": lambda: b"a: [" + b"9999999999999999999," * 49_000 + b"]",
    "many huge hexadecimal numbers": lambda: b"a: [" + (b"0x" + b"f" * 390 + b",") * 2_500 + b"]",
    "a long anchor": lambda: b"a: &" + b"x" * 500_000,
    "quotes": lambda: b'"' * MIB,
    "directives": lambda: b"%TAG ! tag:example.com,2000:\n" * 30_000,
    "many documents": lambda: b"---\na: 1\n" * 100_000,
    "templates without quotes": lambda: b"".join(b"a%d: {{x}}\n" % n for n in range(60_000)),
    "some templates without quotes": lambda: b"".join(b"a%d: {{x}}\n" % n for n in range(150)),
    "one long template without quotes": lambda: b"a: " + b"{{x}}" * 200_000,
    "49,000 unknown keys": lambda: _header(*(f"x{n}: 1" for n in range(49_000))),
    "49,000 nearly known keys": lambda: _header(*(f"owner{n}: 1" for n in range(49_000))),
    "49,000 sections": lambda: b"".join(b"header%d: {}\n" % n for n in range(49_000)),
    "49,000 keys twice": lambda: _header(*["name: a"] * 49_000),
    "49,000 equal tags": lambda: _header("tags:", *["- same"] * 49_000),
    "49,000 numbers for texts": lambda: _header("tags:", *[f"- {n}" for n in range(49_000)]),
    "49,000 wrong fields": lambda: _item([1] * 49_000),
    "49,000 empty fields": lambda: _item([{}] * 49_000),
    "49,000 empty actions": lambda: _item(actions=[{}] * 49_000),
    "1,000 fields of one id": lambda: _item(_fields(1_000, id="same", order=1)),
    "fields that rest on one another": lambda: _item(
        [*_fields(1), *(field | {"id": f"g{n}"} for n, field in enumerate(_fields(990, conditional=BEFORE)))]
    ),
    "a chain of conditions": lambda: _item([*_fields(1), *_fields(999, conditional=BEFORE)[1:]]),
    "a circle of conditions": lambda: _item(
        [*_fields(999, conditional=BEFORE)[1:], *_fields(1, conditional=BEFORE | {"field": "f999"})]
    ),
    "conditions of 8,000 unknown fields": lambda: _item(
        _fields(8, conditional={"any": [{"field": f"g{n}", "operator": "eq", "value": "x"} for n in range(1_000)]})
    ),
    "8,000 wrong conditions": lambda: _item(
        _fields(8, conditional={"any": [{"field": "f1", "operator": "gt", "value": "x"}] * 1_000})
    ),
    "a condition over 10,000 values that can't be": lambda: _item(
        [
            *_fields(1, type="selection", validation={"enum": [f"v{n}" for n in range(10_000)]}),
            *_fields(2, conditional={"field": "f1", "operator": "in", "value": [f"w{n}" for n in range(10_000)]})[1:],
        ]
    ),
    "10,000 wrong templates": lambda: _templates("{{fields.nowhere}}", 10_000),
    "10,000 broken templates": lambda: _templates("{{fields.name | nothing('}}", 10_000),
    "10,000 unknown filters": lambda: _templates("{{fields.name | nothing}}", 10_000),
    "a text of 100,000 templates": lambda: _templates("{{fields.a}}" * 80_000, 1),
    "a text of 500,000 brackets": lambda: _templates("{{" * 500_000, 1),
    "an action's name of a megabyte": lambda: _templates("{{response." + "a" * 900_000 + ".b}}", 1),
    "a reference of 100,000 parts": lambda: _templates("{{fields.name" + ".a" * 100_000 + "}}", 1),
    "40,000 shell variables": lambda: _templates("${A}{{", 40_000),
    "100,000 choices": lambda: _choices([f"v{n}" for n in range(90_000)]),
    "10,000 choices twice": lambda: _choices([f"v{n // 2}" for n in range(10_000)]),
    "10,000 numbers twice": lambda: _choices([n // 2 for n in range(10_000)]),
    "10,000 choices of the wrong kind": lambda: _choices([[]] * 10_000),
    "10,000 choices and a strange default": lambda: _choices(list(range(10_000)), default="none"),
    "1,000 actions of one name": lambda: _item(
        actions=[{"type": "webhook", "name": "same", "config": {"url": "https://a.example"}}] * 1_000
    ),
    "1,000 actions that wait for each other": lambda: _item(
        actions=[{"type": "x", "name": f"a{n}", "depends_on": [f"a{(n + 1) % 1_000}"]} for n in range(1_000)]
    ),
    "40,000 dependencies on nobody": lambda: _item(
        actions=[{"type": "x", "depends_on": [f"a{n}" for n in range(1_000)]}] * 40
    ),
    "every action waits for all before": lambda: _item(
        actions=[{"type": "x", "name": f"a{n}", "depends_on": [f"a{k}" for k in range(n)]} for n in range(300)]
    ),
    "lookaround": lambda: _pattern("(?=a)b"),
    "back-reference": lambda: _pattern("(a)\\1"),
    "a pattern of nested counts": lambda: _pattern(_nested(6, "a", lambda inner: f"({inner}){{1000}}")),
    "a pattern of 30,000 groups": lambda: _pattern("(" * 30_000 + ")" * 30_000),
    "a pattern of a megabyte": lambda: _pattern("[a-z]?" * 160_000),
    "a value schema with a wild pattern": lambda: _value_schema({"pattern": "(a)\\1"}),
    "a value schema of itself": lambda: _value_schema({"$ref": "#"}),
    "a value schema of a chain of references": lambda: _value_schema(
        {"$ref": "#/$defs/a1", "$defs": {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(1, 20_000)}}
    ),
    "a thousand value schemas": lambda: _item(
        _fields(1_000, type="json", validation={"schema": {"allOf": [{"minLength": 1}] * 10}})
    ),
    "a value schema from elsewhere": lambda: _value_schema({"$ref": "https://example.com/schema.json"}),
    "a value schema that doubles": lambda: _value_schema(
        {
            "$ref": "#/$defs/a0",
            "$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(18)} | {"a18": {}},
        }
    ),
    "a default of a megabyte for json": lambda: _item(_fields(1, type="json", default="[" * 900_000)),
    "a default of a megabyte for yaml": lambda: _item(_fields(1, type="yaml", default="[" * 900_000)),
    "a data URL of a megabyte": lambda: _item(_fields(1, type="file", default="data:text/plain;" + ";" * 900_000)),
    "a version of a megabyte": lambda: _header("version: " + "1." * 500_000),
    "a duration of a megabyte": lambda: _header("sla: {provisioning_time: P" + "1" * 900_000 + "}"),
    "an id of a megabyte": lambda: _header("id: " + "a-" * 500_000),
}
"""Files that are no item, by what is wrong with them."""

LARGE: Mapping[str, Callable[[], bytes]] = {
    "1,000 fields": lambda: _item(_fields(1_000)),
    "1,000 fields with conditions": lambda: _item(
        [*_fields(1), *_fields(1_000, conditional={"field": "f1", "operator": "eq", "value": "x"})[1:]]
    ),
    "10,000 choices": lambda: _choices([f"v{n}" for n in range(10_000)], default="v9999"),
    "10,000 numbers to choose from": lambda: _choices(list(range(10_000)), default=9_999),
    "10,000 options": lambda: _item(
        _fields(1, type="multi-selection", options=[{"value": f"v{n}", "label": "V"} for n in range(10_000)])
    ),
    "a condition over 10,000 of 10,000 choices": lambda: _item(
        [
            *_fields(1, type="selection", validation={"enum": [f"v{n}" for n in range(10_000)]}),
            *_fields(2, conditional={"field": "f1", "operator": "in", "value": [f"v{n}" for n in range(10_000)]})[1:],
        ]
    ),
    "500 conditions over 10,000 choices": lambda: _item(
        [
            *_fields(1, type="selection", validation={"enum": [f"v{n}" for n in range(10_000)]}),
            *_fields(500, conditional={"field": "f1", "operator": "eq", "value": "v9999"})[1:],
        ]
    ),
    "a template of 100,000 filters": lambda: _templates("{{fields.name" + "|lower" * 100_000 + "}}", 1),
    "10,000 templates": lambda: _templates("{{fields.name | lower | trim}}", 10_000),
    "a text of 50,000 templates": lambda: _templates("{{fields.name}} " * 49_000, 1),
    "1,000 actions in a row": lambda: _item(actions=[_follower(n) for n in range(1_000)]),
    "a default of a megabyte": lambda: _item(_fields(1, type="text", default="a " * 450_000)),
    "deep data": lambda: _item(_fields(1, type="json", default=_nested(14, "a", lambda inner: [inner] * 2))),
    "49,000 free keys": lambda: _item(**{"x-notes": {f"k{n}": n for n in range(49_000)}}),
}
"""Large files that may well be an item; they are read like any other, and take their time only once."""

SETTINGS: Mapping[str, Callable[[], bytes]] = {
    "49,000 unknown keys": lambda: b"".join(b"k%d: 1\n" % n for n in range(49_000)),
    "49,000 nearly known keys": lambda: b"".join(b"folder%d: 1\n" % n for n in range(49_000)),
    "49,000 wrong owners": lambda: b"owners:\n" + b"".join(b"  o%d: {mail: x}\n" % n for n in range(49_000)),
    "100,000 reserved categories": lambda: b"categories:\n" + b"- items\n" * 100_000,
    "100,000 numbers as categories": lambda: b"categories:\n" + b"- 1\n" * 100_000,
    "a folder of a megabyte": lambda: b"folder: " + b"../" * 300_000,
    "alias bomb": REFUSED["alias bomb"],
    "a million levels": REFUSED["a million levels"],
    "50 MB": REFUSED["50 MB"],
    "NUL": REFUSED["NUL"],
    "invalid UTF-8": REFUSED["invalid UTF-8"],
}
"""Files called `.pao.yaml` that are refused."""
