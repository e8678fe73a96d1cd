"""The reference of the catalog format, made from the models, the registries and the filters themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from catalog_compiler.actions import action_types
from catalog_compiler.code_help import CODE_HELP
from catalog_compiler.document import MAX_BYTES
from catalog_compiler.encoding import Encoding
from catalog_compiler.field_types import FIELD_TYPES
from catalog_compiler.findings import Finding
from catalog_compiler.item import DEFAULT_CATEGORIES
from catalog_compiler.model import Item
from catalog_compiler.server_rules import SERVER_RULES
from catalog_compiler.templates import FILTERS, Scope, render
from pao_docs.action_types import summary_table
from pao_docs.tables import Section, key_table, sections, table

_VALUES = Scope(
    fields={
        "name": " Orders DB ",
        "size": 20,
        "ratio": "0.5",
        "zones": ["a", "b", "c"],
        "day": "2026-03-31",
        "nothing": None,
    }
)
FILTER_EXAMPLES = {
    "default": "{{ fields.nothing | default('none') }}",
    "lower": "{{ fields.name | lower }}",
    "upper": "{{ fields.name | upper }}",
    "trim": "{{ fields.name | trim }}",
    "replace": "{{ fields.name | replace('DB', 'database') }}",
    "slug": "{{ fields.name | slug }}",
    "truncate": "{{ fields.name | trim | truncate(3) }}",
    "join": "{{ fields.zones | join(', ') }}",
    "first": "{{ fields.zones | first }}",
    "last": "{{ fields.zones | last }}",
    "length": "{{ fields.zones | length }}",
    "json": "{{ fields.zones | json }}",
    "base64": "{{ fields.size | base64 }}",
    "int": "{{ fields.ratio | int }}",
    "number": "{{ fields.ratio | number }}",
    "string": "{{ fields.size | string }}",
    "date": "{{ fields.day | date('%d %B %Y') }}",
}
"""A template for each filter; what it gives is worked out when the reference is written."""


def reference() -> str:
    """The whole page, in Markdown."""
    parts = [_opening(), _format(), _field_types(), _server_rules(), _filters(), _actions(), _codes()]
    return "\n".join(line for part in parts for line in part) + "\n"


def _opening() -> Iterator[str]:
    yield "# Catalog reference"
    yield ""
    yield "Every key, field type, filter and message of the catalog format. `make docs` writes this page from the code;"
    yield "[catalog.md](catalog.md) is the guide, and [actions.md](actions.md) has the action types."
    yield ""
    yield f"A file is UTF-8, ends with `.yaml` and has at most {MAX_BYTES // 1024} KiB. The categories, unless"
    yield f"`.pao.yaml` lists others, are {', '.join(f'`{category}`' for category in DEFAULT_CATEGORIES)}."


def _format() -> Iterator[str]:
    found = sections(Item)
    places = {section.model.__name__: section.path for section in found}
    yield from ["", "## Keys", ""]
    yield "A list is written `[]`. Keys that start with `x-` are yours anywhere in the format."
    for section in found:
        if section.path:
            yield from ["", f"### `{section.path}`", "", *_section(section, places)]


def _section(section: Section, places: dict[str, str]) -> Iterator[str]:
    if section.about:
        yield from [section.about, ""]
    yield from key_table(section, places)


def _field_types() -> Iterator[str]:
    yield from ["", "## Field types", ""]
    rows = [
        [
            f"`{name}`",
            (inspect.getdoc(type(kind)) or "").partition("\n\n")[0],
            ", ".join(f"`{key}`" for key in sorted(kind.validation_keys)),
            ", ".join(f"`{operator}`" for operator in sorted(kind.operators)),
        ]
        for name, kind in FIELD_TYPES.items()
    ]
    yield from table(["type", "", "keys of `validation`", "operators of conditions"], rows)


def _server_rules() -> Iterator[str]:
    yield from ["", "## Rules that only the server checks", ""]
    yield "A form's schema says everything else, so a browser finds it while one types."
    yield ""
    yield from (f"- {rule}" for rule in SERVER_RULES.values())


def _filters() -> Iterator[str]:
    yield from ["", "## Filters", ""]
    shown = ", ".join(f"`{name}` is `{value!r}`" for name, value in _VALUES.fields.items() if value is not None)
    yield f"In these examples {shown}, and `nothing` has no value."
    yield ""
    rows = [[f"`{name}`", f"`{FILTER_EXAMPLES[name]}`", f"`{_result(name)!r}`"] for name in FILTERS]
    yield from table(["filter", "template", "gives"], rows)


def _result(name: str) -> object:
    return render(FILTER_EXAMPLES[name], _VALUES, Encoding.VALUE)


def _actions() -> Iterator[str]:
    yield from ["", "## Action types", ""]
    yield "Keys, outputs and examples are in [actions.md](actions.md)."
    yield ""
    yield from summary_table(action_types(), "actions.md")


def _codes() -> Iterator[str]:
    yield from ["", "## Messages", ""]
    rows = [
        [f"`{code}`", Finding(path=(), code=code, message="").severity, text.meaning, text.remedy]
        for code, text in CODE_HELP.items()
    ]
    yield from table(["code", "", "meaning", "what to do"], rows)
