"""The item as a model: frozen, keyword-only, exactly the keys of the format.

Built by `Item.model_validate` from a parsed document. Cross-field rules are checks (`catalog_compiler.checks`), not
validators, so that every problem of a file is reported at once and with its own code.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

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

_DATA_KEYS = frozenset({"config", "default", "schema", "value"})
"""Keys whose values are data, not parts of the format: an `x-` key in them has its own meaning, as in a header."""


class FormatModel(BaseModel):
    """Base of all parts of an item: frozen, strict types, unknown keys refused but for `x-` keys, which are dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Sla(FormatModel):
    """What the owner promises: `provisioning_time` as `30 minutes`, `4 hours`, `2 days` or an ISO 8601 duration."""

    provisioning_time: Text | None = None
    support_level: Literal["tier-1", "tier-2", "tier-3"] | None = None


class Access(FormatModel):
    """Who may see and request the item; an empty list admits nobody by that kind."""

    roles: tuple[Text, ...] = Field(default=(), strict=False)
    teams: tuple[Text, ...] = Field(default=(), strict=False)


class Header(FormatModel):
    """What the catalog shows of an item."""

    id: Annotated[str, StringConstraints(pattern=ITEM_ID, max_length=100)]
    name: Text
    description: Text
    version: Text
    category: Text
    owner: Text
    tags: tuple[Text, ...] = Field(default=(), strict=False)
    sla: Sla | None = None
    access: Access | None = None


class Option(FormatModel):
    """One choice of a selection, with words for people."""

    value: str | int | float | bool
    label: Text | None = None
    description: str | None = None


class PatternRule(FormatModel):
    """A pattern with the sentence to show where a value does not match."""

    pattern: str
    message: Text | None = None


class Validation(FormatModel):
    """Limits of a field; what `min` and `max` count depends on the field's type."""

    min: int | float | str | None = None
    max: int | float | str | None = None
    pattern: str | None = None
    patterns: tuple[str | PatternRule, ...] = Field(default=(), strict=False)
    enum: tuple[str | int | float | bool, ...] | None = Field(default=None, strict=False)
    schemes: tuple[Text, ...] | None = Field(default=None, strict=False)
    content_types: tuple[Text, ...] | None = Field(default=None, strict=False)
    json_schema: dict[str, Any] | bool | None = Field(default=None, alias="schema")


class Condition(FormatModel):
    """A comparison of a field, or `all`, `any`, `not` of conditions: exactly one of the forms."""

    field: str | None = None
    operator: Operator | None = None
    value: JsonValue = None
    all: tuple[Condition, ...] | None = Field(default=None, strict=False)
    any: tuple[Condition, ...] | None = Field(default=None, strict=False)
    negated: Condition | None = Field(default=None, alias="not")


class FormField(FormatModel):
    """One input of the form."""

    id: Annotated[str, StringConstraints(pattern=FIELD_ID, max_length=100)]
    name: Text
    type: FieldTypeName
    order: Annotated[int, Field(ge=1)]
    description: str | None = None
    required: bool = False
    default: JsonValue = None
    validation: Validation = Validation()
    conditional: Condition | None = None
    placeholder: str | None = None
    sensitive: bool = False
    immutable: bool = False
    options: tuple[Option, ...] | None = Field(default=None, strict=False)

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
    name: Text
    order: Annotated[int, Field(ge=1)]
    description: str | None = None
    collapsible: bool = False
    fields: tuple[FormField, ...] = Field(default=(), strict=False)


class Presentation(FormatModel):
    """The form."""

    groups: Annotated[tuple[Group, ...], Field(min_length=1, strict=False)]


class Retry(FormatModel):
    """`attempts` retries after the first try; exponential from `delay` seconds, at most `max_delay`, with jitter."""

    attempts: Annotated[int, Field(ge=0, le=10)]
    delay: Annotated[float, Field(ge=0, le=86_400)] = 5.0
    max_delay: Annotated[float, Field(gt=0, le=86_400)] = 300.0


class Rollback(FormatModel):
    """The action that undoes another one."""

    type: Text
    config: dict[str, Any] = Field(default_factory=dict)
    retry: Retry | None = None


class Action(FormatModel):
    """One step of a fulfillment, as written; `plan` fills in names, dependencies and defaults."""

    type: Text
    config: dict[str, Any] = Field(default_factory=dict)
    name: Annotated[str, StringConstraints(pattern=ACTION_NAME, max_length=100)] | None = None
    description: str | None = None
    retry: Retry | None = None
    on_error: Literal["fail", "continue"] | None = None
    rollback: Rollback | None = None
    depends_on: tuple[str, ...] | None = Field(default=None, strict=False)
    when: Condition | None = None
    timeout: Annotated[float, Field(gt=0, le=604_800)] | None = None


class Fulfillment(FormatModel):
    """One way to fulfill a request; `timeout` is in seconds."""

    description: str | None = None
    actions: Annotated[tuple[Action, ...], Field(min_length=1, strict=False)]
    on_failure: Literal["rollback", "hold", "escalate"] = "rollback"
    timeout: Annotated[float, Field(gt=0, le=2_592_000)] | None = None


class Fulfillments(FormatModel):
    """The manual way, which every item has, and the automatic one."""

    manual: Fulfillment
    automatic: Fulfillment | None = None


class Item(FormatModel):
    """One service of the catalog."""

    header: Header
    presentation: Presentation
    fulfillment: Fulfillments

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
