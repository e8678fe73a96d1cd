"""A ticket as Jira tells of it, what it means for whoever waits for it, and the outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import JsonValue

from catalog_compiler.actions import ActionResult
from pao_actions.exceptions import PermanentError

FIELDS = ("status", "resolution", "assignee")
"""The fields that are asked for."""

Verdict = Literal["open", "done", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """A ticket's present state. `id` stays the same when a ticket moves to another project, `key` does not."""

    id: str
    key: str
    status: str | None = None
    closed: bool = False
    """Whether the status is of the category Done."""
    resolution: str | None = None
    assignee: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Issue:
        """From Jira's own form, as far as that is given.

        Raises:
            PermanentError: if it does not say which ticket it is.
        """
        if not ("id" in document and "key" in document):
            raise PermanentError("Jira told of a ticket, and not which one it is", effect_possible=True)
        fields = _part(document, "fields")
        status, assignee = _part(fields, "status"), _part(fields, "assignee")
        return cls(
            id=str(document["id"]),
            key=str(document["key"]),
            status=status.get("name"),
            closed=_part(status, "statusCategory").get("key") == "done",
            resolution=_part(fields, "resolution").get("name"),
            assignee=assignee.get("displayName") or assignee.get("name"),
        )

    def verdict(self, done: Iterable[str], failed: Iterable[str]) -> Verdict:
        """What the ticket's state means, where `done` and `failed` are the names that the item lists.

        A status that is listed decides. Otherwise a ticket is done once its status is of the category Done, or, where
        `done` lists statuses, never; and one that would be done has failed where its resolution is listed as failed.
        """
        done_names, failed_names = _folded(done), _folded(failed)
        status, resolution = _fold(self.status), _fold(self.resolution)
        if status in failed_names and status not in done_names:
            return "failed"
        if status in done_names or (not done_names and self.closed):
            return "failed" if resolution in failed_names else "done"
        return "open"

    def result(self, url: str) -> ActionResult:
        """The outputs; `url` is the ticket's page."""
        outputs: dict[str, JsonValue] = {
            "key": self.key,
            "id": self.id,
            "url": url,
            "status": self.status,
            "resolution": self.resolution,
            "assignee": self.assignee,
        }
        return ActionResult(outputs=outputs, url=url)


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = document.get(key)
    return part if isinstance(part, Mapping) else {}


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_fold, names))


def _fold(name: str | None) -> str:
    """Without case, and with a plain apostrophe, which "Won't Do" is written with and without."""
    return (name or "").strip().replace("\u2019", "'").casefold()
