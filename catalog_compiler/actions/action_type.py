"""What an action type is, and the registry of those installed.

The compiler knows action types only through the entry point group `pao.actions`: a new type, of ours or of another
package, is one module and one entry. Checks ask a type about its config; the hosts (triggerer, worker) run it.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, JsonValue

from catalog_compiler.address_rules import AddressRules
from catalog_compiler.encoding import Encoding
from catalog_compiler.plan import Host as Host  # noqa: PLC0414 - types name it from here
from catalog_compiler.plan import Mode
from catalog_compiler.problems import Path

OnError = Literal["fail", "continue"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigProblem:
    """A problem in an action's config that its type found; `path` counts from the config's root."""

    path: Path
    message: str
    hint: str | None = None
    code: Literal["invalid-action-config", "suspicious-secret"] = "invalid-action-config"
    """`suspicious-secret` is a warning: a credential that everyone who can read the catalog sees."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFacts:
    """What a type may know of the item while it checks a config."""

    field_types: Mapping[str, str]
    """The item's fields: id to field type (`string`, `selection`, ...)."""
    mode: Mode = "automatic"
    """The way of fulfillment that the action belongs to."""
    undoing: bool = False
    """True where the config is a rollback's."""


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


class Clock(Protocol):
    """Now, waiting, and a number from 0 up to 1; tests have one of their own, so that they need no time."""

    def now(self) -> dt.datetime:
        """The present time in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait; zero and less return at once."""

    def random(self) -> float:
        """A number of the interval [0, 1)."""


class Progress(Protocol):
    """Tells whoever watches the request where its action is, while it runs."""

    async def waiting(self, *, url: str | None = None) -> None:
        """The action waits for something outside: its status is `waiting`, its link `url`. Stored before returning.

        It holds until the action ends. Calling it again with the same link costs nothing.
        """


class Signals(Protocol):
    """News from outside that an action waits for: a webhook of GitHub or Jira that arrived at the API.

    An accelerator, never the only way: signals can be lost, so whoever waits also looks from time to time.
    """

    async def wait(self, name: str, seconds: float) -> bool:
        """Wait so many seconds at most; True as soon as the signal of that name arrives, False otherwise."""
        ...


class Passage(Protocol):
    """One call on its way through a gate."""

    def ill(self) -> None:
        """The target is ill: it could not be reached, gave no answer in time, or answered 5xx."""


class Gate(Protocol):
    """Stands before every call to a target: its breaker, and the limit of calls that the type may make at once."""

    def call(self, target: str) -> AbstractAsyncContextManager[Passage]:
        """Enter before a call to `target` (`host:port`), leave after it; one not told to be ill counts as well.

        One that is cancelled says nothing, unless it is told. Waiting for a turn stops the attempt's time.

        Raises:
            pao_actions.exceptions.TemporaryError: not arrived, where the breaker is open.
        """
        ...


class Teams(Protocol):
    """What the catalog's `.pao.yaml` says of teams."""

    async def account(self, team: str) -> str | None:
        """The Jira account of a team: an account id, an email or a user name; None where it has none."""
        ...


class Secrets(Protocol):
    """Texts that must not be seen."""

    def add(self, *texts: str) -> None:
        """Mask these texts from now on, in the action's log, errors and outputs: a token that was fetched, say."""

    def text(self, text: str) -> str:
        """A text with its secrets masked: for one that is to be cut, since half a secret is not found any more."""
        ...


class Vault(Protocol):
    """Encrypts what an action stores and nobody may read there: a link with a signature in it, say."""

    def seal(self, value: JsonValue) -> JsonValue:
        """The value in a form that can be stored."""

    def open(self, value: JsonValue) -> JsonValue:
        """The value that was sealed; raises `catalog_compiler.sealing.SealError` where its key is gone."""


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
    reach: AddressRules
    """Which addresses outgoing requests may reach."""
    clock: Clock
    progress: Progress
    signals: Signals
    gate: Gate
    teams: Teams
    secrets: Secrets
    vault: Vault
    mode: Mode
    """The way in which the request is fulfilled."""
    request_url: str
    """A link to the request, for people who meet what the action made outside."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The deployment's options for this type, those that are set: `binary` is `[pao] terraform_binary`, say."""
    failure: str | None = None
    """Why the automatic fulfillment failed, where people go on with its request: for them to read, without a secret."""
    undone: Mapping[str, JsonValue] = field(default_factory=dict)
    """While undoing: what the action that is undone stored last as its state, however it ended."""
    overdue: Callable[[], bool] = lambda: False
    """Whether the attempt's time is over, so that what is cancelled now was not stopped by a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionResult:
    """What a completed action gives to those after it and to the requester."""

    outputs: Mapping[str, JsonValue]
    sensitive: frozenset[str] = frozenset()
    """Names of outputs that must be stored encrypted and shown masked.

    `outputs.password` is the key `password` of the output `outputs`, which is an object.
    """
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
    """Where it runs, unless `runs_on` says otherwise for a config."""
    waits_for_people: ClassVar[bool] = False
    """Whether it is people that it waits for. While a request waits for them alone, it takes no place in the queue."""
    on_error: ClassVar[OnError] = "fail"
    """The default of `on_error` for actions of this type."""
    example: ClassVar[str] = ""
    """A valid config as YAML with comments, for `pao new` and the documentation.

    It may use the fields `name` and `environment`. Without one, it is made from the required keys of `Config`.
    """
    outputs_help: ClassVar[Mapping[str, str]] = {}
    """Output name to what it is, in a phrase, for the documentation."""
    notes: ClassVar[str] = ""
    """Markdown for the documentation, below the keys: the connection's form, what the effects rest on, permissions."""
    shown_while_waiting: ClassVar[frozenset[str]] = frozenset()
    """Names of outputs that `made` knows before the end, and that requesters see meanwhile; never secret ones."""

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

    @classmethod
    def resumes(cls, state: Mapping[str, JsonValue]) -> bool:  # noqa: ARG003 - as above
        """Whether an attempt with this stored state, though begun before, can be gone on with, with no second effect.

        For types that are not repeatable as such, but whose call was answered, and what it began is only followed.
        """
        return False

    @classmethod
    def made(cls, state: Mapping[str, JsonValue]) -> ActionResult | None:  # noqa: ARG003 - as above
        """What an action with this stored state has made outside, as far as the state tells; None where it has nothing.

        Used where an action was stopped, or died with its host, and so left no result: for whoever looks, and for its
        undo, which finds the outputs as `response.<own name>`. Must take states that an older version stored.
        """
        return None

    @classmethod
    def runs_on(cls, config: Mapping[str, Any]) -> Host:  # noqa: ARG003 - as above
        """Where an action with this raw config runs."""
        return cls.host

    @classmethod
    def undo_config(cls, config: Mapping[str, Any], undone: Mapping[str, Any] | None) -> Mapping[str, Any]:  # noqa: ARG003 - as above
        """The raw config of a rollback of this type, from what the item says and from the raw config that it undoes.

        `undone` is that of the action, where that is of the same type, otherwise None. By default what the item says.
        """
        return config

    @abstractmethod
    async def run(self, config: ConfigT, context: ActionContext) -> ActionResult:
        """Do it once. Raises `pao_actions.exceptions.ActionError`s; their types say whether a retry makes sense."""

    async def undo(self, config: ConfigT, context: ActionContext) -> ActionResult:
        """Do it once as the rollback of another action; by default the same as `run`."""
        return await self.run(config, context)

    async def cancel(self, config: ConfigT, context: ActionContext) -> None:
        """Stop what it began outside, because a person stopped the action; its state is what it stored last.

        Called beside or after a `run` that was cancelled, at most once a stop, and limited to some seconds.
        """


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
