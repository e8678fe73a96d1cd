"""How the catalog and an item's form look on a terminal. Every text in them is the API's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.padding import Padding
from rich.text import Text

from examples.client.tables import Page, page, quiet_table, shown

_WORDS = {
    "eq": "is",
    "ne": "is not",
    "gt": "is over",
    "lt": "is under",
    "gte": "is at least",
    "lte": "is at most",
    "in": "is",
    "not_in": "is not",
}


def catalog_page(items: Iterable[Mapping[str, Any]]) -> Page:
    """What can be ordered."""
    table = quiet_table("Item", "What it is", "Version", "Team", "Ready in")
    for item in sorted(items, key=lambda each: (each["category"], each["name"])):
        promised = (item["sla"] or {}).get("provisioning_time") or ""
        table.add_row(
            Text(item["id"], style="bold"), Text(item["description"]), item["version"], item["owner"], promised
        )
    return page(table)


def form_page(item: Mapping[str, Any]) -> Page:
    """What an item asks for."""
    groups = item["presentation"]["groups"]
    names = {field["id"]: field["name"] for group in groups for field in group["fields"]}
    table = quiet_table("Field", "Type", "Required", "Default", "Asked only if")
    for group in groups:
        table.add_row(Text(group["name"], style="bold"))
        for field in group["fields"]:
            table.add_row(
                Padding(Text(field["name"]), (0, 0, 0, 2)),
                field["type"],
                "yes" if field.get("required") else "",
                Text(shown(field.get("default"))),
                Text(condition_words(field.get("conditional"), names), style="dim"),
            )
    return page(table)


def condition_words(condition: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    """A condition as a sentence's end, such as `Environment is staging or production`; `names` are the fields'."""
    if not condition:
        return ""
    for key, word in (("all", " and "), ("any", " or ")):
        if condition.get(key):
            return word.join(_within(part, names) for part in condition[key])
    if condition.get("not"):
        return f"not ({condition_words(condition['not'], names)})"
    value = condition["value"]
    values = " or ".join(map(shown, value)) if isinstance(value, list) else shown(value)
    return f"{names.get(condition['field'], condition['field'])} {_WORDS[condition['operator']]} {values}"


def _within(condition: Mapping[str, Any], names: Mapping[str, str]) -> str:
    words = condition_words(condition, names)
    return f"({words})" if condition.get("all") or condition.get("any") else words
