"""Watches many tickets with few calls: whoever's turn it is looks for all who wait at the same Jira.

Nothing runs in the background. Each waiting action comes back after an interval of its own; the first one to come asks
for all tickets of the connection in one query, and those that come after it are given what it saw.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from catalog_compiler.actions import Clock
from pao_actions.exceptions import ActionError
from pao_actions.jira.client import JiraClient
from pao_actions.jira.issue import Issue
from pao_actions.jira.search import issues_by_id

Connect = Callable[[], Awaitable[JiraClient]]
"""Opens a client of the connection as it is now."""

NEVER = datetime.min.replace(tzinfo=UTC)
"""Before every look."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What was seen of a ticket, and when; `issue` is None where the query did not find it."""

    at: datetime
    issue: Issue | None


@dataclass(kw_only=True, slots=True)
class Watch:
    """The tickets of one connection that are waited for in this event loop."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    watched: Counter[str] = field(default_factory=Counter)
    sights: dict[str, Sight] = field(default_factory=dict)
    failed: tuple[datetime, ActionError] | None = None

    @contextmanager
    def waiting_for(self, issue_id: str) -> Iterator[None]:
        """Ask for this ticket too, as long as this lasts."""
        self.watched[issue_id] += 1
        try:
            yield
        finally:
            self.watched[issue_id] -= 1
            if not self.watched[issue_id]:
                del self.watched[issue_id]
                self.sights.pop(issue_id, None)

    async def look(self, issue_id: str, since: datetime, clock: Clock, connect: Connect) -> Sight:
        """What was seen of the ticket after `since`, by another one's look or by one of its own.

        Raises:
            ActionError: if that look failed, whoever's it was.
        """
        async with self.lock:
            if self.failed and self.failed[0] > since:
                raise self.failed[1].with_traceback(None)
            seen = self.sights.get(issue_id)
            if seen is None or seen.at <= since:
                await self._look_for_all(clock, connect)
                seen = self.sights[issue_id]
            return seen

    async def _look_for_all(self, clock: Clock, connect: Connect) -> None:
        ids = sorted(self.watched)
        try:
            found = await issues_by_id(await connect(), ids)
        except ActionError as error:
            self.failed = (clock.now(), error)
            raise
        self.failed = None
        now = clock.now()
        self.sights = {issue_id: Sight(at=now, issue=found.get(issue_id)) for issue_id in ids}


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Watch]] = WeakKeyDictionary()


def watch_of(place: str) -> Watch:
    """The running loop's watch of one Jira, which is named as `JiraClient.place` does."""
    return _watches.setdefault(asyncio.get_running_loop(), {}).setdefault(place, Watch())
