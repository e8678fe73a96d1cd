"""The item as a model: frozen, keyword-only, exactly the keys of the format.

Built by `Item.model_validate` from a parsed document. Cross-field rules are checks (`catalog_compiler.checks`), not
validators, so that every problem of a file is reported at once and with its own code.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints
from pydantic_core import PydanticKnownError

ITEM_ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
FIELD_ID = r"^[a-z][a-z0-9_]*$"
ACTION_NAME = r"^[a-z][a-z0-9_-]*$"

Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
"""A text that says something."""

FieldTypeName = Literal[
    "string",
    "text",
    "integer",
    "number",
    "boolean",
    "selection",
    "multi-selection",
    "date",
    "datetime",
    "email",
    "url",
    "password",
    "file",
    "json",
    "yaml",
]
Operator = Literal["eq", "ne", "gt", "lt", "gte", "lte", "in", "not_in"]

_MOST_ENTRIES = 1_000
_MOST_CHOICES = 10_000


def _limited(most: int) -> BeforeValidator:
    """At most so many entries, counted before any is looked at: a list of a million mistakes costs nothing."""

    def count(value: Any) -> Any:
        if isinstance(value, list | tuple | dict) and len(value) > most:
            given = {"field_type": "List", "max_length": most, "actual_length": len(value)}
            raise PydanticKnownError("too_long", given)
        return value

    return BeforeValidator(count)


_T = TypeVar("_T")
Entries = Annotated[tuple[_T, ...], Field(strict=False), _limited(_MOST_ENTRIES)]
"""A list of the format."""
Entered = Annotated[dict[str, _T], _limited(_MOST_ENTRIES)]
"""A mapping whose keys are the author's."""
Choices = Annotated[tuple[_T, ...], Field(strict=False), _limited(_MOST_CHOICES)]
"""A list of what people choose from."""

_DATA_KEYS = frozenset({"attributes", "config", "default", "schema", "value"})
"""Keys whose values are data, not parts of the format: an `x-` key in them has its own meaning, as in a header."""


class FormatModel(BaseModel):
    """Base of all parts of an item: frozen, strict types, unknown keys refused but for `x-` keys, which are dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Sla(FormatModel):
    """What the owner promises: `provisioning_time` as `30 minutes`, `4 hours`, `2 days` or an ISO 8601 duration."""

    provisioning_time: Text | None = None
    """How long it takes: `30 minutes`, `4 hours`, `2 days`, or ISO 8601 such as `PT4H`."""
    support_level: Literal["tier-1", "tier-2", "tier-3"] | None = None
    """How well it is looked after."""


class Access(FormatModel):
    """Who may see and request the item; an empty list admits nobody by that kind."""

    roles: Entries[Text] = ()
    """Roles that may see and request the item."""
    teams: Entries[Text] = ()
    """Teams that may see and request the item."""


class Header(FormatModel):
    """What the catalog shows of an item."""

    id: Annotated[str, StringConstraints(pattern=ITEM_ID, max_length=100)]
    """Unique in the catalog and for ever: requests and links name it."""
    name: Text
    """What the catalog calls it."""
    description: Text
    """What one gets, in a sentence."""
    version: Text
    """Semantic version; raise it with every change."""
    category: Text
    """One of the format's categories, or of those in `.pao.yaml`."""
    owner: Text
    """The team that answers for it."""
    tags: Entries[Text] = ()
    """Words to find it by; each once."""
    sla: Sla | None = None
    """What the owner promises."""
    access: Access | None = None
    """Who may see and request the item; absent: every signed-in user."""


class Option(FormatModel):
    """One choice of a selection, with words for people."""

    value: str | int | float | bool
    """What is submitted."""
    label: Text | None = None
    """What people read instead of the value."""
    description: str | None = None
    """What choosing it means."""


class PatternRule(FormatModel):
    """A pattern with the sentence to show where a value does not match."""

    pattern: str
    """A regular expression (RE2) that the value must match somewhere."""
    message: Text | None = None
    """What to show where it does not match."""


class Validation(FormatModel):
    """Limits of a field; what `min` and `max` count depends on the field's type."""

    min: int | float | str | None = None
    """The least: a value, a length, a number of choices, a size in bytes or a date, by the type of the field."""
    max: int | float | str | None = None
    """The most, as `min`."""
    pattern: str | None = None
    """A regular expression (RE2) that the text must match somewhere; anchor it to match the whole."""
    patterns: Entries[str | PatternRule] = ()
    """Several of them; all must match."""
    enum: Choices[str | int | float | bool] | None = None
    """The values to choose from."""
    schemes: Entries[Text] | None = None
    """Schemes that a URL may have; by default `http` and `https`."""
    content_types: Entries[Text] | None = None
    """Types that a file may have, such as `text/csv`."""
    json_schema: dict[str, Any] | bool | None = Field(default=None, alias="schema")
    """A JSON Schema (2020-12) for the value."""


class Condition(FormatModel):
    """A comparison of a field, or `all`, `any`, `not` of conditions: exactly one of the forms."""

    field: str | None = None
    """The field that is compared."""
    operator: Operator | None = None
    """How it is compared; which ones fit depends on the type of the field."""
    value: JsonValue = None
    """What it is compared with; a list for `in` and `not_in`."""
    all: Entries[Condition] | None = None
    """Conditions that must all be true."""
    any: Entries[Condition] | None = None
    """Conditions of which one must be true."""
    negated: Condition | None = Field(default=None, alias="not")
    """A condition that must be false."""


class FormField(FormatModel):
    """One input of the form."""

    id: Annotated[str, StringConstraints(pattern=FIELD_ID, max_length=100)]
    """Unique in the item; templates say `fields.<id>`."""
    name: Text
    """The label in the form."""
    type: FieldTypeName
    """What kind of input it is."""
    order: Annotated[int, Field(ge=1)]
    """Its place in the group, from 1; unique there."""
    description: str | None = None
    """Help below the input."""
    required: bool = False
    """Whether a value must be given while the field is visible."""
    default: JsonValue = None
    """The value where none is given."""
    validation: Validation = Validation()
    """Limits of the value."""
    conditional: Condition | None = None
    """When the field is shown; hidden it is empty, and a value for it is refused."""
    placeholder: str | None = None
    """What an empty input shows."""
    sensitive: bool = False
    """Whether the value is encrypted when stored and never shown; always so for `password`."""
    immutable: bool = False
    """Whether the value stays as it is when what was provisioned is changed later."""
    options: Choices[Option] | None = None
    """The values to choose from, with words for people; instead of `validation.enum`."""

    @property
    def choices(self) -> tuple[Option, ...]:
        """The options, or the `enum` as options without words."""
        if self.options is not None:
            return self.options
        return tuple(Option(value=value) for value in self.validation.enum or ())

    @property
    def secret(self) -> bool:
        """Whether its value is encrypted when stored and never shown."""
        return self.sensitive or self.type == "password"


class Group(FormatModel):
    """Fields that are shown together."""

    id: Annotated[str, StringConstraints(pattern=FIELD_ID, max_length=100)]
    """Unique among the groups."""
    name: Text
    """The heading."""
    order: Annotated[int, Field(ge=1)]
    """Its place in the form, from 1; unique."""
    description: str | None = None
    """A sentence below the heading."""
    collapsible: bool = False
    """Whether people can fold it up."""
    fields: Entries[FormField] = ()
    """The inputs."""


class Presentation(FormatModel):
    """The form."""

    groups: Annotated[Entries[Group], Field(min_length=1)]
    """Parts of the form; at least one with a field."""


class Retry(FormatModel):
    """`attempts` retries after the first try; exponential from `delay` seconds, at most `max_delay`, with jitter."""

    attempts: Annotated[int, Field(ge=0, le=10)]
    """Retries after the first try, 0 to 10."""
    delay: Annotated[float, Field(ge=0, le=86_400)] = 5.0
    """Seconds before the first retry; it doubles with each, with jitter."""
    max_delay: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    """The longest wait in seconds."""


class Rollback(FormatModel):
    """The action that undoes another one."""

    type: Text
    """The type of the action that undoes."""
    config: dict[str, Any] = Field(default_factory=dict)
    """What it does; `response.<own name>` is available here."""
    retry: Retry | None = None
    """How often to try again."""


class Resource(FormatModel):
    """Something that an action provisions: how it is recorded once its request has ended."""

    type: Annotated[str, StringConstraints(pattern=ITEM_ID, max_length=100)]
    """What kind of thing it is, such as `postgresql-database`: a word of your own, the same wherever you mean it."""
    id: Text
    """What tells it from others of its type, such as `{{response.database.id}}`."""
    name: Text | None = None
    """What people call it; by default its id."""
    attributes: Entered[JsonValue] = Field(default_factory=dict)
    """What is worth knowing of it; strings may hold templates. What is secret in them is shown as `***`."""


class Action(FormatModel):
    """One step of a fulfillment, as written.

    The plan fills in names, dependencies and defaults.
    """

    type: Text
    """A registered action type."""
    config: dict[str, Any] = Field(default_factory=dict)
    """What it does; strings may hold templates."""
    name: Annotated[str, StringConstraints(pattern=ACTION_NAME, max_length=100)] | None = None
    """Unique in its list; by default the type, then `<type>-2` and so on."""
    description: str | None = None
    """What the requester reads about it."""
    retry: Retry | None = None
    """How often to try again after a temporary failure."""
    on_error: Literal["fail", "continue"] | None = None
    """What its failure means for the request: it fails too, or it goes on with a warning."""
    rollback: Rollback | None = None
    """What undoes it."""
    resources: Entries[Resource] = ()
    """What it provisions: recorded when the request has ended, released when the action is undone."""
    depends_on: Entries[str] | None = None
    """Names of the actions it waits for; `[]` starts at once. By default the one before."""
    when: Condition | None = None
    """A condition over the fields; where it is false, the action is skipped."""
    timeout: Annotated[float, Field(gt=0, le=604_800)] | None = None
    """Seconds for one attempt."""


class Fulfillment(FormatModel):
    """One way to fulfill a request; `timeout` is in seconds."""

    description: str | None = None
    """What happens, for the requester."""
    actions: Annotated[Entries[Action], Field(min_length=1)]
    """The steps, at least one."""
    on_failure: Literal["rollback", "hold", "escalate"] = "rollback"
    """What happens where an action fails: undo what was done, wait for a person, or run the manual way."""
    timeout: Annotated[float, Field(gt=0, le=2_592_000)] | None = None
    """Seconds from the first action's start."""


class Fulfillments(FormatModel):
    """The manual way, which every item has, and the automatic one."""

    manual: Fulfillment
    """How people do it; every item has this."""
    automatic: Fulfillment | None = None
    """How it is done without people."""


class Item(FormatModel):
    """One service of the catalog."""

    header: Header
    """What the catalog shows."""
    presentation: Presentation
    """The form."""
    fulfillment: Fulfillments
    """What a request does."""

    @property
    def fields(self) -> tuple[FormField, ...]:
        """All fields, in the order in which the form shows them."""
        groups = sorted(self.presentation.groups, key=lambda group: group.order)
        return tuple(field for group in groups for field in sorted(group.fields, key=lambda field: field.order))

    def field(self, field_id: str) -> FormField | None:
        """The field of that id, or None."""
        return next((field for field in self.fields if field.id == field_id), None)


def named_actions(actions: tuple[Action, ...]) -> tuple[tuple[str, Action], ...]:
    """Give each action its name: its own, or its type; a second one without a name of that type gets `-2`, and so on.

    Names may still collide where an action's own name is what another one is given; a check reports that.
    """
    seen: dict[str, int] = {}
    named = []
    for action in actions:
        if action.name is not None:
            named.append((action.name, action))
            continue
        seen[action.type] = count = seen.get(action.type, 0) + 1
        base = re.sub(r"[^a-z0-9_-]", "-", action.type.lower())
        named.append((base if count == 1 else f"{base}-{count}", action))
    return tuple(named)


def drop_free_keys(value: Any) -> Any:
    """A copy without the keys that start with `x-`, which are the user's own; values that are data stay as they are."""
    if isinstance(value, dict):
        return {
            key: part if key in _DATA_KEYS else drop_free_keys(part)
            for key, part in value.items()
            if not key.startswith("x-")
        }
    if isinstance(value, list):
        return [drop_free_keys(part) for part in value]
    return value
