"""Who is next: decides which waiting requests may start, and where each of the others stands in the queue. Pure.

The highest priority goes first. Among equals, the user goes first who has the smallest share of what the request needs,
and among those the one who has not had a turn for longest; of a user's own requests the oldest goes first. So a user
with a thousand requests and one with a single request take turns. A request that a limit holds up holds up no other
one that it does not hold up as well: no place stays empty while anything that waits could take it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from api_plugin.queueing.limits import Counted, Limits, Slots, Work

Running = Iterable[tuple[Work, int]]
"""What runs: each kind of work with how many requests of it there are."""
Turns = Mapping[str, int]
"""For each user who had a turn, the number of their last one; later turns have higher numbers."""

_Age = tuple[dt.datetime, uuid.UUID]
_Rank = tuple[int, float, int, _Age]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A request that was not let start yet."""

    id: uuid.UUID
    work: Work
    since: dt.datetime
    priority: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a waiting request stands among those that wait for the same."""

    position: int
    """1 for the next one."""
    length: int
    """How many wait for it."""
    counted: Counted
    """What there are enough of at the moment."""


def next_ones(
    limits: Limits, running: Running, waiting: Iterable[Waiting], turns: Turns, at_most: int
) -> tuple[Waiting, ...]:
    """The requests that may start now, in the order of their turns."""
    slots = Slots(limits, running)
    lines: defaultdict[tuple[int, Work], deque[Waiting]] = defaultdict(deque)
    for each in sorted(waiting, key=_age):
        lines[each.priority, each.work].append(each)
    last = dict(turns)
    turn = max(last.values(), default=0)

    def rank(each: Waiting) -> _Rank:
        return -each.priority, slots.share(each.work), last.get(each.work.user_id, 0), _age(each)

    # While it is being decided, shares and turns only grow: who comes up with an old rank goes back with the new one.
    ranked = [(rank(line[0]), line) for line in lines.values()]
    heapify(ranked)
    chosen: list[Waiting] = []
    while ranked and len(chosen) < at_most:
        known, line = heappop(ranked)
        if slots.full(line[0].work):
            continue
        if known == rank(line[0]):
            chosen.append(line.popleft())
            work = chosen[-1].work
            slots.take(work)
            turn += 1
            last[work.user_id] = turn
        if line:
            heappush(ranked, (rank(line[0]), line))
    return tuple(chosen)


def places(limits: Limits, running: Running, waiting: Sequence[Waiting], turns: Turns) -> dict[uuid.UUID, Place]:
    """Where each request stands that a limit holds up; of several such limits, where most are before it."""
    slots = Slots(limits, running)
    lanes: defaultdict[Counted, list[Waiting]] = defaultdict(list)
    for each in sorted(waiting, key=lambda each: (-each.priority, _age(each))):
        for counted in slots.full(each.work):
            lanes[counted].append(each)
    found: dict[uuid.UUID, Place] = {}
    for counted, lane in lanes.items():
        for position, each in enumerate(_in_turn(slots, counted, lane, turns), start=1):
            before = found.get(each.id)
            if before is None or before.position < position:
                found[each.id] = Place(position=position, length=len(lane), counted=counted)
    return found


def _in_turn(slots: Slots, counted: Counted, lane: Iterable[Waiting], turns: Turns) -> list[Waiting]:
    """The requests in the order in which they would start if nothing but this limit held them up."""
    ahead: Counter[str] = Counter()
    keys = {}
    for each in lane:
        user = each.work.user_id
        keys[each.id] = (-each.priority, slots.used_by(user, counted) + ahead[user], turns.get(user, 0), _age(each))
        ahead[user] += 1
    return sorted(lane, key=lambda each: keys[each.id])


def _age(each: Waiting) -> _Age:
    return each.since, each.id
