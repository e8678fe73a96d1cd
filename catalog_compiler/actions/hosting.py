"""What the host of an action has for it while it runs; each host brings its own, and so do tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue


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
