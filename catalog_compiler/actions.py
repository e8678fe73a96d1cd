"""What an action type is, and the registry of those installed.

The compiler knows action types only through the entry point group `pao.actions`: a new type, of ours or of another
package, is one module and one entry. Checks ask a type about its config; the hosts (triggerer, worker) run it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, JsonValue

from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path

Host = Literal["triggerer", "worker"]
OnError = Literal["fail", "continue"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigProblem:
    """A problem in an action's config that its type found; `path` counts from the config's root."""

    path: Path
    message: str
    hint: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFacts:
    """What a type may know of the item while it checks a config."""

    field_types: Mapping[str, str]
    """The item's fields: id to field type (`string`, `selection`, ...)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """Where and as whom to call a system: the part of an Airflow connection that actions use."""

    id: str
    type: str
    host: str | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    extra: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)


class ActionLog(Protocol):
    """The action's log: an event with fields, no sentence; the host masks secrets in it."""

    def info(self, event: str, **fields: JsonValue) -> None:
        """Tell of progress."""

    def warning(self, event: str, **fields: JsonValue) -> None:
        """Tell of what went wrong and is being mended."""

    def error(self, event: str, **fields: JsonValue) -> None:
        """Tell of what failed."""


class Connections(Protocol):
    """Looks up Airflow connections; raises `LookupError` with a sentence where there is none of that id."""

    async def get(self, connection_id: str) -> Connection:
        """The connection of that id."""
        ...


class StateStore(Protocol):
    """The action's own memory, kept over restarts of its host and forgotten when a person starts a new try."""

    async def load(self) -> dict[str, JsonValue]:
        """What was saved last; empty where nothing was."""
        ...

    async def save(self, state: Mapping[str, JsonValue]) -> None:
        """Store it before going on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionContext:
    """What a running action is handed by its host."""

    request_id: str
    action: str
    attempt: int
    """1 for the first try; counted by the attempt loop."""
    undoing: bool
    """True while this runs as a rollback."""
    correlation_id: str
    idempotency_key: str
    """Stable over automatic retries, new for a person's retry."""
    log: ActionLog
    connections: Connections
    state: StateStore
    allow_private_addresses: bool
    """Whether outgoing requests may reach private and loopback addresses (a local start allows them)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionResult:
    """What a completed action gives to those after it and to the requester."""

    outputs: Mapping[str, JsonValue]
    sensitive: frozenset[str] = frozenset()
    """Names of outputs that must be stored encrypted and shown masked."""
    url: str | None = None
    """A link for people to the outside thing, where there is one."""


ConfigT = TypeVar("ConfigT", bound=BaseModel)


class ActionType(ABC, Generic[ConfigT]):
    """One kind of action. Stateless: the attempt loop makes one and calls `run` for each attempt."""

    name: ClassVar[str]
    """What `type:` says in YAML."""
    summary: ClassVar[str]
    """One sentence for the documentation."""
    Config: ClassVar[type[BaseModel]]
    """The config after templates are resolved; unknown keys forbidden."""
    host: ClassVar[Host] = "triggerer"
    on_error: ClassVar[OnError] = "fail"
    """The default of `on_error` for actions of this type."""
    example: ClassVar[str] = ""
    """A valid config as YAML with comments, for `pao new` and the documentation.

    It may use the fields `name` and `environment`. Without one, it is made from the required keys of `Config`.
    """

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:  # noqa: ARG003 - for types that override it
        """How templates in the string at `path` of the raw config are written; by default by value."""
        return Encoding.VALUE

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:  # noqa: ARG003 - as above
        """Problems of a raw config beyond what its model says. Strings may hold templates."""
        return ()

    @classmethod
    def literal(cls, path: Path) -> bool:
        """Whether the string at `path` must not hold templates (names of connections and secrets)."""
        return path in {("connection",), ("secret_ref",)}

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str] | None:  # noqa: ARG003 - as above
        """Names of the outputs that a raw config gives, or None where only a run can tell."""
        return None

    @classmethod
    def repeatable(cls, config: Mapping[str, Any]) -> bool:  # noqa: ARG003 - as above
        """Whether a try can be repeated without a second effect, so that it is retried where the item says nothing."""
        return False

    @abstractmethod
    async def run(self, config: ConfigT, context: ActionContext) -> ActionResult:
        """Do it once. Raises `pao_actions.exceptions.ActionError`s; their types say whether a retry makes sense."""

    async def undo(self, config: ConfigT, context: ActionContext) -> ActionResult:
        """Do it once as the rollback of another action; by default the same as `run`."""
        return await self.run(config, context)


class UnknownActionTypeError(LookupError):
    """No installed package registers this action type; install the one that does, or correct `type`."""


@cache
def action_types() -> Mapping[str, type[ActionType[Any]]]:
    """All registered action types by name, from the entry point group `pao.actions`."""
    return {entry.name: entry.load() for entry in sorted(entry_points(group="pao.actions"))}


def action_type(name: str) -> type[ActionType[Any]]:
    """The registered type of that name.

    Raises:
        UnknownActionTypeError: if none is registered.
    """
    try:
        return action_types()[name]
    except KeyError:
        known = ", ".join(action_types())
        raise UnknownActionTypeError(f"action type '{name}' is not installed; installed are {known}") from None
