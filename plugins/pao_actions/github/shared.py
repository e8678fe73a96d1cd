"""What all `github-workflow` actions of one event loop have in common, to spare GitHub and tell runs apart."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from catalog_compiler.actions import Connection
from pao_actions.github.place import api_base

_CALLS_A_SECOND = 5.0
"""By all actions of an account that follow a run; GitHub's secondary limit is 15."""
_MOST_TAKEN = 10_000

Account = tuple[str, str]
"""An API's root and the connection that signs in there: what GitHub counts as one caller."""


def account(connection: Connection) -> Account:
    """The account of a connection."""
    return api_base(connection), connection.id


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallationToken:
    """What an installation of a GitHub App signs in with."""

    text: str = field(repr=False)
    expires_at: datetime


@dataclass(kw_only=True, slots=True)
class Shared:
    """One event loop's knowledge. It is only to be relied on as far as it goes: other processes have their own."""

    paused_until: dict[Account, datetime] = field(default_factory=dict)
    """Until when GitHub wants to hear nothing from an account."""
    tokens: dict[tuple[Account, str], InstallationToken] = field(default_factory=dict)
    """Tokens of App installations, by account and installation."""
    token_locks: defaultdict[Account, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """Held while a token is fetched, so that all who need it wait for one."""
    installations: dict[tuple[Account, str], str] = field(default_factory=dict)
    """The installation that a repository belongs to, where the connection names none."""
    logins: dict[Account, str | None] = field(default_factory=dict)
    """Who the account is, as runs name their actor; None where GitHub does not say."""
    tells_no_run: set[str] = field(default_factory=set)
    """API roots whose dispatch can't tell the run that it starts."""
    dispatching: defaultdict[tuple[str, ...], asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """Held from before a dispatch until its run is known, by root, repository, workflow and ref."""
    taken: dict[tuple[str, int], str] = field(default_factory=dict)
    """Runs that are known to belong to an action, by root and run."""
    waiting: Counter[Account] = field(default_factory=Counter)
    """How many actions follow a run."""

    def take(self, base: str, run_id: int, action: str) -> None:
        """Note whose a run is; only the latest matter, since a run is looked for soon after it was started."""
        self.taken[base, run_id] = action
        while len(self.taken) > _MOST_TAKEN:
            del self.taken[next(iter(self.taken))]

    def turn(self, place: Account) -> float:
        """Seconds from one call of an action that follows a run to its next, so that all together stay few."""
        return self.waiting[place] / _CALLS_A_SECOND


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Shared] = WeakKeyDictionary()


def shared() -> Shared:
    """That of the running event loop."""
    return _loops.setdefault(asyncio.get_running_loop(), Shared())
