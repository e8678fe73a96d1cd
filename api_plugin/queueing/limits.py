"""How many requests may run at once, and what each of them counts against. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from catalog_compiler.setting_lists import NamedLimits
from catalog_compiler.settings import PaoSettings

Kind = Literal["platform", "user", "item", "action_type"]


class Counted(NamedTuple):
    """What requests are counted by: all of them, or those of one user, item or action type."""

    kind: Kind
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A request, as far as limits see it. Equal ones may take each other's place."""

    user_id: str
    catalog: str
    item_id: str
    action_types: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What is configured; nothing limits anything where all is empty."""

    platform: int | None = None
    user: NamedLimits = field(default_factory=NamedLimits)
    item: NamedLimits = field(default_factory=NamedLimits)
    action_type: Mapping[str, int] = field(default_factory=dict)
    priorities: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_settings(cls, settings: PaoSettings) -> Limits:
        """Those of `[pao]`."""
        return cls(
            platform=settings.max_requests,
            user=settings.max_requests_per_user,
            item=settings.max_requests_per_item,
            action_type=settings.max_requests_per_action_type,
            priorities=settings.queue_priorities,
        )

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self.platform or self.user.any or self.item.any or self.action_type)

    def on(self, work: Work) -> dict[Counted, int]:
        """The limits that hold for a request."""
        found: dict[Counted, int | None] = {
            Counted("platform", ""): self.platform,
            Counted("user", work.user_id): self.user.of(work.user_id),
            Counted("item", f"{work.catalog}.{work.item_id}"): self.item.of(
                f"{work.catalog}.{work.item_id}", work.item_id
            ),
        }
        found |= {Counted("action_type", name): self.action_type.get(name) for name in work.action_types}
        return {counted: limit for counted, limit in found.items() if limit is not None}

    def priority(self, roles: Iterable[str]) -> int:
        """The highest of the roles'; 0 for a requester whose roles have none."""
        return max((self.priorities[role] for role in roles if role in self.priorities), default=0)


class Slots:
    """What is taken of the limits, while it is being decided who is next."""

    def __init__(self, limits: Limits, running: Iterable[tuple[Work, int]]) -> None:
        """Count what runs: so many requests of each kind of work."""
        self._limits = limits
        self._known: dict[Work, dict[Counted, int]] = {}
        self._used: Counter[Counted] = Counter()
        self._of_user: Counter[tuple[str, Counted]] = Counter()
        for work, count in running:
            self.take(work, count)

    def take(self, work: Work, count: int = 1) -> None:
        """Let so many more run."""
        for counted in self._on(work):
            self._used[counted] += count
            self._of_user[work.user_id, counted] += count

    def full(self, work: Work) -> list[Counted]:
        """The limits that let no more of it run."""
        return [counted for counted, limit in self._on(work).items() if self._used[counted] >= limit]

    def used_by(self, user_id: str, counted: Counted) -> int:
        """How many of a user's requests take a place under a limit."""
        return self._of_user[user_id, counted]

    def share(self, work: Work) -> float:
        """How much its user has of the scarcest thing that it needs: the largest part of any limit."""
        taken = (self.used_by(work.user_id, counted) / limit for counted, limit in self._on(work).items())
        return max(taken, default=0.0)

    def _on(self, work: Work) -> dict[Counted, int]:
        """The limits that hold for it: asked for very often."""
        found = self._known.get(work)
        if found is None:
            found = self._known[work] = self._limits.on(work)
        return found
