"""The page of the action types, made from the registry, their models and what they say about themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml

from catalog_compiler.actions import ActionType, Host, action_types
from catalog_compiler.starting_file import example_config
from pao_docs.tables import key_table, sections, table

_HOSTS: Mapping[Host, str] = {"triggerer": "in the triggerer", "worker": "on a worker"}
_PLACES: Mapping[Host, str] = {
    "triggerer": "in the triggerer, where waiting takes no worker slot",
    "worker": "on a worker, since it needs a process and a disk",
}
_ALL = "everything that may pass"
_SURE = "only what surely never arrived"


def action_page() -> str:
    """The whole page, in Markdown."""
    types = action_types()
    parts = [_opening(types), _text("every_action"), *map(_type, types.values()), _text("extending")]
    return "\n".join(line for part in parts for line in part) + "\n"


def summary_table(types: Mapping[str, type[ActionType[Any]]], page: str = "") -> list[str]:
    """Every type with its summary, and a link to its section on `page`."""
    return table(
        ["type", "what it does"], [[f"[`{name}`]({page}#{name})", kind.summary] for name, kind in types.items()]
    )


def retried(kind: type[ActionType[Any]]) -> str:
    """What is tried again where the item says no `retry`, in words that follow 'tried again is'."""
    config = yaml.safe_load(example_config(kind))
    for key, values in _choices(kind):
        answers = {value: kind.repeatable({**config, key: value}) for value in values}
        if len(set(answers.values())) > 1:
            repeated = ", ".join(f"`{value}`" for value, repeatable in answers.items() if repeatable)
            return f"{_ALL} where `{key}` is {repeated}; otherwise {_SURE}"
    return _ALL if kind.repeatable(config) else _SURE


def runs(kind: type[ActionType[Any]], places: Mapping[Host, str]) -> str:
    """Where it runs, and where else for which value of a key; `places` says it in words."""
    config = yaml.safe_load(example_config(kind))
    usual = kind.runs_on(config)
    for key, values in _choices(kind):
        elsewhere = {value: host for value in values if (host := kind.runs_on({**config, key: value})) != usual}
        if elsewhere:
            others = "; ".join(f"{places[host]} where `{key}` is `{value}`" for value, host in elsewhere.items())
            return f"{places[usual]}; {others}"
    return places[usual]


def _choices(kind: type[ActionType[Any]]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The keys that take one of a few values, with these."""
    for name, field in kind.Config.model_fields.items():
        if get_origin(field.annotation) is Literal:
            yield field.alias or name, get_args(field.annotation)


def _opening(types: Mapping[str, type[ActionType[Any]]]) -> Iterator[str]:
    yield "# Actions"
    yield ""
    yield "What each action type does, every key that it takes, what it gives to later actions, and how it fails."
    yield "`make docs` writes this page from the code; [catalog.md](catalog.md) is the guide to the format, and"
    yield "[catalog-reference.md](catalog-reference.md) has the rest of it."
    yield ""
    rows = [
        [
            f"[`{name}`](#{name})",
            kind.summary,
            runs(kind, _HOSTS),
            "the request fails" if kind.on_error == "fail" else "it goes on, with a warning",
            retried(kind),
        ]
        for name, kind in types.items()
    ]
    yield from table(
        ["type", "what it does", "runs", "if it fails", "tried again where the item says no `retry`"], rows
    )
    yield ""


def _text(name: str) -> list[str]:
    return (Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8").rstrip().splitlines()


def _type(kind: type[ActionType[Any]]) -> Iterator[str]:
    yield from ["", f"## `{kind.name}`", "", kind.summary, ""]
    outcome = "the request fails" if kind.on_error == "fail" else "the request goes on, with a warning"
    yield f"- Runs {runs(kind, _PLACES)}."
    yield f"- If it fails, {outcome}, unless `on_error` says otherwise."
    yield f"- Tried again, where the item says no `retry`: {retried(kind)}."
    yield from ["", "```yaml", f"type: {kind.name}", *_indented(example_config(kind)), "```"]
    found = sections(kind.Config)
    places = {section.model.__name__: section.path for section in found}
    for section in found:
        yield from ["", f"**Keys of `{section.path or 'config'}`**", "", *key_table(section, places)]
    yield from ["", "**Outputs**", ""]
    yield from table(["output", "what it is"], [[f"`{name}`", text] for name, text in kind.outputs_help.items()])
    if kind.notes:
        yield from ["", kind.notes.strip()]
    yield ""


def _indented(config: str) -> Iterator[str]:
    yield "config:"
    for line in config.rstrip().splitlines():
        yield f"  {line}".rstrip()
