"""What the create screen of a project and an issue type asks for, and which field an item means by a name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import JsonValue

from pao_actions.exceptions import PermanentError
from pao_actions.jira.checks import field_letters
from pao_actions.jira.client import JiraClient
from pao_actions.jira.exceptions import InvalidRequestError, NotThereError
from pao_actions.jira.memory import LoopMemory

_KNOWN_FOR_SECONDS = 300.0
_PAGE = 100
_MOST_PAGES = 50
_OWN_KEYS = {
    "project": "project",
    "issuetype": "issue_type",
    "summary": "summary_template",
    "description": "description_template",
    "assignee": "assignee",
    "labels": "labels",
    "components": "components",
    "priority": "priority",
    "parent": "parent",
    "issuelinks": "link_to",
}
"""Fields that the config has a key of its own for."""
_SET_BY_JIRA = frozenset({"project", "issuetype", "reporter"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenField:
    """A field of the create screen."""

    id: str
    name: str
    required: bool
    """Jira refuses a ticket without it, and has no default for it."""
    type: str
    items: str | None
    """What the entries of an array are."""
    custom: str
    """The kind of a custom field, without its plugin: `select`, `textarea` ...; empty for Jira's own fields."""
    options: tuple[Mapping[str, JsonValue], ...] | None
    """The allowed values, where Jira lists them."""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ScreenField:
        """From Jira's own form; Cloud and Data Center agree on it."""
        schema = document.get("schema") or {}
        allowed = document.get("allowedValues")
        return cls(
            id=str(document.get("fieldId") or document.get("key")),
            name=str(document.get("name", "")),
            required=bool(document.get("required")) and not document.get("hasDefaultValue"),
            type=str(schema.get("type", "any")),
            items=schema.get("items"),
            custom=str(schema.get("custom") or "").rpartition(":")[2],
            options=tuple(allowed) if isinstance(allowed, list) else None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """The create screen."""

    project: str
    issue_type: str
    issue_type_id: str
    fields: Mapping[str, ScreenField]

    def field(self, name: str) -> ScreenField:
        """The field that an item means by a name or an id.

        Raises:
            PermanentError: if there is none, or more than one, or it has a key of its own in the config.
        """
        found = [self.fields[name]] if name in self.fields else self._named(name)
        if len(found) > 1:
            ids = ", ".join(sorted(field.id for field in found))
            raise PermanentError(
                f"{len(found)} fields of {self.place} are named like '{name}': {ids}; write the id of the one you mean"
            )
        if not found:
            raise PermanentError(
                f"{self.place} has no field '{name}' on its create screen; there are {self._choices()}"
            )
        (field,) = found
        if own := _OWN_KEYS.get(field.id):
            raise PermanentError(f"the field '{name}' is set by the config's '{own}', not among 'custom_fields'")
        return field

    def own_field(self, field_id: str, key: str) -> ScreenField:
        """The field that the config's `key` sets; raises PermanentError where the screen lacks it."""
        if field_id not in self.fields:
            raise PermanentError(
                f"{self.place} has no field for '{key}' on its create screen; take '{key}' out, or have a Jira "
                "administrator add it there"
            )
        return self.fields[field_id]

    def missing(self, given: Iterable[str]) -> list[str]:
        """Names of the required fields that are not among `given` ids."""
        present = _SET_BY_JIRA.union(given)
        return sorted(field.name for field in self.fields.values() if field.required and field.id not in present)

    @property
    def place(self) -> str:
        """How messages name it."""
        return f"{self.issue_type} in {self.project}"

    def _named(self, name: str) -> list[ScreenField]:
        for form in (_exact, field_letters):
            if found := [field for field in self.fields.values() if form(field.name) == form(name)]:
                return found
        return []

    def _choices(self) -> str:
        return ", ".join(sorted(field.name for field in self.fields.values() if field.id not in _OWN_KEYS)) or "none"


_screens: LoopMemory[Screen] = LoopMemory(_KNOWN_FOR_SECONDS)


async def create_screen(client: JiraClient, project: str, issue_type: str) -> Screen:
    """The create screen; remembered for some minutes.

    Raises:
        PermanentError: if there is no such project or issue type, or the user may not create tickets there.
    """
    name = f"{client.place} {project} {issue_type}"
    return await _screens.recall(name, client.context.clock, partial(_ask, client, project, issue_type))


def forget_screen(client: JiraClient, project: str, issue_type: str) -> None:
    """Ask anew the next time: Jira refused what the screen seemed to allow."""
    _screens.forget(f"{client.place} {project} {issue_type}")


async def _ask(client: JiraClient, project: str, issue_type: str) -> Screen:
    types = [entry async for entry in _issue_types(client, project)]
    chosen = next((entry for entry in types if _means(entry, issue_type)), None)
    if chosen is None:
        names = ", ".join(sorted(str(entry.get("name")) for entry in types))
        raise PermanentError(f"project {project} has no issue type '{issue_type}'; it has {names}")
    path = ("issue", "createmeta", project, "issuetypes", str(chosen["id"]))
    fields = [ScreenField.from_json(entry) async for entry in _pages(client, path, "fields")]
    return Screen(
        project=project,
        issue_type=str(chosen["name"]),
        issue_type_id=str(chosen["id"]),
        fields={field.id: field for field in fields},
    )


async def _issue_types(client: JiraClient, project: str) -> AsyncIterator[dict[str, Any]]:
    message = (
        f"project '{project}' is not there, or the user of connection '{client.connection.id}' may not create tickets "
        "in it"
    )
    found = False
    try:
        async for entry in _pages(client, ("issue", "createmeta", project, "issuetypes"), "issueTypes"):
            found = True
            yield entry
    except (NotThereError, InvalidRequestError) as error:
        raise PermanentError(f"{message} ({error})") from error
    if not found:
        raise PermanentError(message)


async def _pages(client: JiraClient, path: tuple[str, ...], cloud_key: str) -> AsyncIterator[dict[str, Any]]:
    """All entries: a page of Cloud has them under a name, one of Data Center under `values`."""
    start = 0
    for _ in range(_MOST_PAGES):
        page = await client.call("GET", *path, query={"startAt": start, "maxResults": _PAGE})
        entries = page.get(cloud_key, page.get("values")) if isinstance(page, dict) else None
        if not isinstance(entries, list):
            raise PermanentError(
                f"Jira at {client.base} does not tell what its create screens ask for, as Jira 8.4 and later do; "
                f"check the host of connection '{client.connection.id}'"
            )
        for entry in entries:
            yield entry
        start += len(entries)
        total = page.get("total")
        if not entries or page.get("isLast") or (isinstance(total, int) and start >= total):
            return


def _means(issue_type: Mapping[str, Any], name: str) -> bool:
    return str(issue_type.get("id")) == name or _exact(str(issue_type.get("name", ""))) == _exact(name)


def _exact(name: str) -> str:
    return name.strip().casefold()


def option_names(options: Iterable[Mapping[str, JsonValue]]) -> Iterator[str]:
    """What people call the allowed values of a field."""
    for option in options:
        yield str(option.get("value") or option.get("name") or option.get("key") or option.get("id"))
