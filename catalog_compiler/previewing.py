"""What a request would do, without doing it: each action's config with its templates filled in as far as is known.

Used by `pao preview` and by the API. Secret values are `***`; what only a request can tell, such as the response of an
action or the request's id, is a placeholder that names it: `<response.database.id>`. Filters are not applied to those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from catalog_compiler.actions import ActionType, action_type
from catalog_compiler.conditions import holds
from catalog_compiler.encoding import Encoding
from catalog_compiler.model import Condition, Item
from catalog_compiler.plan import ItemPlan, Mode, ResourcePlan
from catalog_compiler.problems import Path
from catalog_compiler.run_format import UserInfo
from catalog_compiler.sealing import MASK
from catalog_compiler.templates import (
    Expression,
    Scope,
    Template,
    TemplateError,
    field_value,
    has_template,
    parse,
    path_text,
    render,
)


class PreviewedStep(BaseModel):
    """A call that would be made. `error` says why it would fail before it is made; `config` then lacks that part."""

    model_config = ConfigDict(frozen=True)

    type: str
    config: dict[str, JsonValue]
    error: str | None = None


class PreviewedResource(BaseModel):
    """What would be on record as provisioned. `error` says what of it could not be told."""

    model_config = ConfigDict(frozen=True)

    type: str
    id: str | None
    name: str | None
    attributes: dict[str, JsonValue]
    error: str | None = None


class PreviewedAction(PreviewedStep):
    """An action as it would run. `skipped` is True where its `when` is false; it has no config then."""

    name: str
    description: str | None = None
    depends_on: tuple[str, ...] = ()
    skipped: bool = False
    rollback: PreviewedStep | None = None
    """What would undo it."""
    resources: tuple[PreviewedResource, ...] = ()
    """What it would provision."""


def preview(
    item: Item, plan: ItemPlan, values: Mapping[str, JsonValue], user: UserInfo | None, *, mode: Mode | None = None
) -> list[PreviewedAction]:
    """The actions that a request with these values would run, in the order of the item.

    Args:
        item: the valid item.
        plan: its plan.
        values: what `check_submission` made of the submitted fields.
        user: the requester; None where there is none yet, so that `request.user.*` becomes placeholders.
        mode: the way to fulfill the request; by default the one that a request would take.

    Raises:
        KeyError: if the item lacks that mode.
    """
    world = _World(
        fields={known.id: _seen(known.type, values.get(known.id)) for known in item.fields},
        secret_fields=frozenset(known.id for known in item.fields if known.secret),
        header=plan.header,
        user=None if user is None else user.model_dump(mode="json", include={"email", "name", "roles", "organization"}),
    )
    types = {known.id: known.type for known in item.fields}
    previewed: list[PreviewedAction] = []
    for action in plan.fulfillment(mode or plan.modes[0]).actions:
        told: dict[str, Any] = {"name": action.name, "type": action.type, "depends_on": action.depends_on}
        told["description"] = action.description
        if action.when is not None and not holds(Condition.model_validate(action.when), values, types):
            world.skipped.add(action.name)
            previewed.append(PreviewedAction(**told, config={}, skipped=True))
            continue
        config, error = _filled_in(action_type(action.type), action.config, world)
        undo = action.rollback
        if undo is not None:
            undo_config, undo_error = _filled_in(action_type(undo.type), undo.config, world)
            told["rollback"] = PreviewedStep(type=undo.type, config=undo_config, error=undo_error)
        told["resources"] = tuple(_resource(resource, world) for resource in action.resources)
        previewed.append(PreviewedAction(**told, config=config, error=error))
    return previewed


@dataclass(kw_only=True, slots=True)
class _World:
    """What is known before there is a request."""

    fields: Mapping[str, JsonValue]
    secret_fields: frozenset[str]
    header: Mapping[str, JsonValue]
    user: Mapping[str, JsonValue] | None
    skipped: set[str] = field(default_factory=set)

    def placeholder(self, expression: Expression) -> str | None:
        """What is shown for an expression, or None where its value is known and may be seen."""
        root, name = expression.reference[:2]
        known_user = name == "user" and self.user is not None
        match root:
            case "env":
                return MASK
            case "fields" if name in self.secret_fields:
                return MASK
            case "response" if name not in self.skipped:
                return f"<{expression.path}>"
            case "request" if not known_user:
                return f"<{expression.path}>"
        return None


def _seen(field_type: str, value: JsonValue) -> JsonValue:
    return None if value is None else field_value(field_type, value)


def _filled_in(
    kind: type[ActionType[Any]], config: Mapping[str, JsonValue], world: _World
) -> tuple[dict[str, JsonValue], str | None]:
    """The config, and the first reason why it could not be filled in."""
    filling = _Filling(world=world, encoding=lambda path: None if kind.literal(path) else kind.encoding(path, config))
    done = {key: filling.value(value, (key,)) for key, value in config.items()}
    return done, f"config.{filling.failures[0]}" if filling.failures else None


def _resource(plan: ResourcePlan, world: _World) -> PreviewedResource:
    line = _Filling(world=world, encoding=lambda _: Encoding.LINE)
    kept = _Filling(world=world, encoding=lambda _: Encoding.VALUE, failures=line.failures)
    identifier = line.value(plan.id, ("id",))
    name = identifier if plan.name is None else line.value(plan.name, ("name",))
    attributes = {key: kept.value(value, ("attributes", key)) for key, value in plan.attributes.items()}
    return PreviewedResource(
        type=plan.type,
        id=None if identifier is None else str(identifier),
        name=None if name is None else str(name),
        attributes=attributes,
        error=line.failures[0] if line.failures else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Filling:
    """Fills in what a structure's texts hold; what can't be is None, with the reason among the failures."""

    world: _World
    encoding: Callable[[Path], Encoding | None]
    """How a value is written at a place; None where no template is meant."""
    failures: list[str] = field(default_factory=list)

    def value(self, value: JsonValue, path: Path) -> JsonValue:
        match value:
            case {}:
                return {key: self.value(entry, (*path, key)) for key, entry in value.items()}
            case [*entries]:
                return [self.value(entry, (*path, position)) for position, entry in enumerate(entries)]
            case str() if has_template(value) and (encoding := self.encoding(path)) is not None:
                try:
                    return _StandIns(self.world).render(value, encoding)
                except TemplateError as error:
                    self.failures.append(f"{path_text(path)}: {error}")
                    return None
        return value


class _StandIns:
    """Renders one string with a random word for each unknown value, which no encoding changes, and shows it after.

    So the text around the values is encoded exactly as it would be, and placeholders stay readable.
    """

    def __init__(self, world: _World) -> None:
        self._world = world
        self._shown: dict[str, str] = {}

    def render(self, text: str, encoding: Encoding) -> JsonValue:
        template = parse(text)
        stood_in = replace(template, parts=tuple(self._parts(template)))
        return self._show(render(stood_in, self._scope(), encoding))

    def _parts(self, template: Template) -> Iterator[str | Expression]:
        for part in template.parts:
            shown = self._world.placeholder(part) if isinstance(part, Expression) else None
            if isinstance(part, str) or shown is None:
                yield part
                continue
            word = f"x{token_hex(16)}"
            self._shown[word] = shown
            # The root stays: it decides, for example, whether a URL takes the value as its host.
            root = part.reference[0]
            yield replace(part, reference=(root, word, word) if root == "response" else (root, word), filters=())

    def _scope(self) -> Scope:
        words = {word: word for word in self._shown}
        user = {} if self._world.user is None else {"user": dict(self._world.user)}
        return Scope(
            fields={**self._world.fields, **words},
            header=self._world.header,
            request={**user, **words},
            response={**dict.fromkeys(self._world.skipped), **{word: {word: word} for word in words}},
            env=words,
        )

    def _show(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            for word, shown in self._shown.items():
                value = value.replace(word, shown)
        return value
