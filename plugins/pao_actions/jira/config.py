"""What an item says of a ticket, once its templates are filled in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

DECLINED = (
    "Abandoned",
    "Canceled",
    "Cancelled",
    "Cannot Reproduce",
    "Declined",
    "Duplicate",
    "Incomplete",
    "Invalid",
    "Obsolete",
    "Rejected",
    "Withdrawn",
    "Won't Do",
    "Won't Fix",
)
"""Statuses and resolutions by which people usually say that they did not do it."""


def _names(given: object) -> object:
    """A list of texts: lists in it are opened, numbers become text, absent values fall out."""
    if given is None:
        return ()
    if isinstance(given, str):
        return (given,) if given.strip() else ()
    if not isinstance(given, list | tuple):
        return given
    opened: list[object] = []
    for entry in given:
        inner = _names(entry) if isinstance(entry, list | tuple | str | None) else _text(entry)
        opened.extend(inner) if isinstance(inner, list | tuple) else opened.append(inner)
    return tuple(opened)


def _text(given: object) -> object:
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given


def _some_text(given: object) -> object:
    """Nothing, where a template gave nothing."""
    return None if isinstance(given, str) and not given.strip() else _text(given)


Names = Annotated[tuple[str, ...], BeforeValidator(_names, json_schema_input_type=list[str] | str)]
"""A list of names; a template may give one, several or none."""
OptionalText = Annotated[str | None, BeforeValidator(_some_text, json_schema_input_type=str | None)]


class TicketLink(BaseModel):
    """A link to another ticket."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    """The other ticket."""
    type: str = "Relates"
    """The link's name, or one of its two phrases: with `blocks`, the new ticket blocks the other."""


def _links(given: object) -> Any:
    match given:
        case None | "":
            return ()
        case str():
            return ({"key": given},)
        case {}:
            return (given,)
        case [*entries]:
            return tuple({"key": entry} if isinstance(entry, str) else entry for entry in entries if entry)
    return given


Links = Annotated[
    tuple[TicketLink, ...],
    BeforeValidator(_links, json_schema_input_type=str | TicketLink | list[str | TicketLink]),
]


class JiraTicketConfig(BaseModel):
    """A ticket; in a rollback with `key`, what becomes of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: str = "jira_default"
    """An Airflow connection to Jira."""
    project: Annotated[str, Field(min_length=1)]
    """The project's key."""
    issue_type: Annotated[str, Field(min_length=1)]
    """The issue type's name."""
    summary_template: str
    """The summary: one line, at most 255 characters."""
    description_template: str = ""
    """The description: plain text of several lines, shown as it stands."""
    assignee: OptionalText = None
    """An account id, an email, a user name, or a team of `.pao.yaml`; where it is none, nobody is assigned."""
    labels: Names = ()
    """Labels, without spaces."""
    components: Names = ()
    """Components by name."""
    priority: OptionalText = None
    """A priority by name."""
    parent: OptionalText = None
    """The key of the ticket that this one belongs to."""
    link_to: Links = ()
    """Tickets to link to: keys, or `{key, type}`; the type is `Relates` by default."""
    custom_fields: dict[str, JsonValue] = Field(default_factory=dict)
    """Other fields of the create screen, by name (`business_justification` is "Business Justification") or id."""
    wait: bool | None = None
    """Whether to wait until the ticket is resolved; by default in `manual`, and not in `automatic`."""
    done_statuses: tuple[str, ...] = ()
    """Statuses that mean success; by default every status of the category Done."""
    failed_statuses: tuple[str, ...] = DECLINED
    """Statuses and resolutions that mean that it was not done."""
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds to wait for people; without it, as long as it takes."""
    key: OptionalText = None
    """In a rollback: the ticket to close; by default the one that the action made."""
    transition: OptionalText = None
    """In a rollback: the transition, or the status it leads to; by default one that closes the ticket."""
    comment_template: OptionalText = None
    """In a rollback: the comment that tells why; by default a sentence with a link to the request."""

    @property
    def closes(self) -> bool:
        """Whether this is about a ticket that is there."""
        return "key" in self.model_fields_set
