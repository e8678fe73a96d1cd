"""What an action type says of itself, and does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, JsonValue

from catalog_compiler.actions.config_checks import ConfigFacts, ConfigProblem
from catalog_compiler.actions.context import ActionContext
from catalog_compiler.encoding import Encoding
from catalog_compiler.plan import Host
from catalog_compiler.problems import Path

OnError = Literal["fail", "continue"]


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
