"""Whose turn it is: tables for what people would expect, and random queues for what must always hold."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, deque
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_plugin.queueing.deciding import Waiting, next_ones, places
from api_plugin.queueing.limits import Limits, Work
from catalog_compiler.setting_lists import NamedLimits

START = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)


def work(user: str, item: str = "db", *types: str) -> Work:
    return Work(user_id=user, catalog="default", item_id=item, action_types=frozenset(types))


def queue(*entries: str | tuple[str, int]) -> list[Waiting]:
    """`ada.db`, or `ada.db:terraform`: requests in the order in which they came, some with a priority."""
    found = []
    for number, entry in enumerate(entries):
        text, priority = entry if isinstance(entry, tuple) else (entry, 0)
        who, _, types = text.partition(":")
        user, _, item = who.partition(".")
        found.append(
            Waiting(
                id=uuid.UUID(int=number),
                work=work(user, item or "db", *filter(None, types.split("+"))),
                since=START + dt.timedelta(seconds=number),
                priority=priority,
            )
        )
    return found


def numbers(chosen) -> list[int]:
    """Which ones, by their place in the queue as it was given."""
    return [each.id.int for each in chosen]


def running(*entries: str) -> list[tuple[Work, int]]:
    return [(each.work, 1) for each in queue(*entries)]


@pytest.mark.parametrize(
    ("limits", "now", "waiting", "expected"),
    [
        pytest.param(Limits(), (), ("a", "a", "b"), [0, 2, 1], id="without limits all start"),
        pytest.param(Limits(platform=2), (), ("a", "a", "b"), [0, 2], id="one of each user before a second"),
        pytest.param(Limits(platform=2), ("a",), ("a", "b"), [1], id="who has less comes first"),
        pytest.param(Limits(platform=1), ("a",), ("b",), [], id="full"),
        pytest.param(Limits(platform=1), ("a", "a"), ("b",), [], id="over full, since somebody lowered the limit"),
        pytest.param(Limits(platform=3), (), ("a", ("b", 5), ("b", 5)), [1, 2, 0], id="a priority before others"),
        pytest.param(Limits(platform=2), (), (("a", -1), "b", "b"), [1, 2], id="a low priority after all"),
        pytest.param(Limits(user=NamedLimits(each=1)), (), ("a", "a", "b"), [0, 2], id="so many of each user"),
        pytest.param(
            Limits(user=NamedLimits(each=1, named={"ci": 2})), (), ("ci", "ci", "ci", "b", "b"),
            [0, 3, 1], id="a user of its own number",
        ),
        pytest.param(
            Limits(item=NamedLimits(each=1)), ("x.db",), ("a.db", "a.dns"), [1],
            id="what is held up holds up nothing else",
        ),
        pytest.param(
            Limits(item=NamedLimits(named={"db": 1})), (), ("a.db", "b.db", "b.dns", "b.dns"), [0, 2, 3],
            id="an item by its id",
        ),
        pytest.param(
            Limits(item=NamedLimits(named={"db": 5, "default.db": 1})), (), ("a.db", "b.db"), [0],
            id="an item by catalog and id",
        ),
        pytest.param(
            Limits(action_type={"terraform": 1}), (), ("a.db:terraform", "b.dns:terraform+rest-api", "b.dns:rest-api"),
            [0, 2], id="whatever item the action is in",
        ),
        pytest.param(
            Limits(platform=10, item=NamedLimits(named={"db": 2})), ("a.dns",) * 4 + ("b.db",),
            ("b.db", "a.db"), [1], id="the share of what is scarce counts, not that of what is plenty",
        ),
    ],
)  # fmt: skip
def test_who_starts(limits, now, waiting, expected):
    """In that order."""
    assert expected == numbers(next_ones(limits, running(*now), queue(*waiting), {}, 100))


def test_users_take_turns_though_nothing_is_left_of_what_they_had():
    """With a single place and short requests, the one whose last turn is longest ago comes first."""
    waiting = queue("a", "a", "b", "c")

    assert [3] == numbers(next_ones(Limits(platform=1), (), waiting, {"a": 7, "b": 5}, 100))
    assert [2] == numbers(next_ones(Limits(platform=1), (), waiting, {"a": 7, "b": 5, "c": 6}, 100))


def test_no_more_start_than_are_asked_for():
    """Those whose turn it is first."""
    assert [0, 2] == numbers(next_ones(Limits(), (), queue("a", "a", "b"), {}, 2))


@pytest.mark.parametrize(
    ("limits", "now", "waiting", "expected"),
    [
        pytest.param(
            Limits(platform=1), ("x",), ("a", "a", "a", "b"),
            [(1, 4, "platform"), (3, 4, "platform"), (4, 4, "platform"), (2, 4, "platform")],
            id="others come in between",
        ),
        pytest.param(
            Limits(platform=2), ("a", "x"), ("a", "b"), [(2, 2, "platform"), (1, 2, "platform")],
            id="who has something running stands further back",
        ),
        pytest.param(
            Limits(platform=1), ("x",), ("a", ("b", 1)), [(2, 2, "platform"), (1, 2, "platform")], id="a priority"
        ),
        pytest.param(
            Limits(item=NamedLimits(each=1)), ("x.db", "x.dns"), ("a.db", "a.dns", "b.db"),
            [(1, 2, "item"), (1, 1, "item"), (2, 2, "item")], id="those who wait for something else do not count",
        ),
        pytest.param(
            Limits(platform=1, user=NamedLimits(each=1)), ("a",), ("b", "a", "a"),
            [(1, 3, "platform"), (2, 3, "platform"), (3, 3, "platform")], id="the longest of the queues",
        ),
        pytest.param(
            Limits(action_type={"terraform": 1}), ("x.db:terraform",), ("a.dns:terraform",), [(1, 1, "action_type")],
            id="an action type",
        ),
        pytest.param(Limits(platform=2), ("x",), ("a",), [None], id="whose turn it is has no place any more"),
    ],
)  # fmt: skip
def test_where_each_one_stands(limits, now, waiting, expected):
    """Position, how many wait, and for what."""
    held = queue(*waiting)
    found = places(limits, running(*now), held, {})

    assert expected == [
        (place.position, place.length, place.counted.kind) if (place := found.get(each.id)) else None for each in held
    ]


USERS, ITEMS, TYPES = "abc", ("db", "dns"), ("terraform", "rest-api")
some = st.none() | st.integers(1, 4)
random_limits = st.builds(
    Limits,
    platform=some,
    user=st.builds(NamedLimits, each=some, named=st.dictionaries(st.sampled_from(USERS), st.integers(1, 3))),
    item=st.builds(NamedLimits, each=some, named=st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 3))),
    action_type=st.dictionaries(st.sampled_from(TYPES), st.integers(1, 3)),
)
random_work = st.builds(
    Work,
    user_id=st.sampled_from(USERS),
    catalog=st.just("default"),
    item_id=st.sampled_from(ITEMS),
    action_types=st.frozensets(st.sampled_from(TYPES)),
)


@st.composite
def random_waiting(draw: st.DrawFn) -> list[Waiting]:
    works = draw(st.lists(random_work, max_size=20))
    return [
        Waiting(
            id=uuid.UUID(int=number),
            work=each,
            since=START + dt.timedelta(seconds=number),
            priority=draw(st.integers(-1, 1)),
        )
        for number, each in enumerate(works)
    ]


def used(limits: Limits, works: Sequence[Work]) -> Counter:
    return Counter(counted for each in works for counted in limits.on(each))


def fits(limits: Limits, works: Sequence[Work], one: Work) -> bool:
    taken = used(limits, works)
    return all(taken[counted] < limit for counted, limit in limits.on(one).items())


random_turns = st.dictionaries(st.sampled_from(USERS), st.integers(0, 9))


@given(random_limits, random_waiting(), random_turns)
def test_no_limit_is_exceeded_and_no_place_stays_empty(limits, waiting, turns):
    """After every decision, of any queue."""
    chosen = next_ones(limits, (), waiting, turns, 100)
    works = [each.work for each in chosen]
    all_limits = {counted: limit for each in waiting for counted, limit in limits.on(each.work).items()}

    assert len(chosen) == len(set(chosen))
    assert all(count <= all_limits[counted] for counted, count in used(limits, works).items())
    assert not [each for each in waiting if each not in chosen and fits(limits, works, each.work)]


@given(random_limits, random_waiting(), random_turns)
def test_a_priority_is_never_passed_over(limits, waiting, turns):
    """Whoever starts, nobody of a higher priority could have started instead at that moment."""
    chosen = next_ones(limits, (), waiting, turns, 100)

    for number, each in enumerate(chosen):
        before = [one.work for one in chosen[:number]]
        left = [one for one in waiting if one not in chosen[:number] and one.priority > each.priority]
        assert not [one for one in left if fits(limits, before, one.work)]


@given(random_limits, random_waiting(), random_turns)
def test_everyone_who_waits_has_a_place(limits, waiting, turns):
    """From 1 to the number of those who wait, and what they wait for is full."""
    chosen = next_ones(limits, (), waiting, turns, 100)
    left = [each for each in waiting if each not in chosen]
    now = [(each.work, 1) for each in chosen]
    found = places(limits, now, left, turns)

    assert {each.id for each in left} == found.keys()
    assert all(1 <= place.position <= place.length <= len(left) for place in found.values())


@settings(deadline=None)
@given(st.integers(1, 3), st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(1, 4))
def test_nobody_starves(limit, durations, others):
    """However much one user asks for, another's one request starts after so many others as there are users and places.

    Each step one running request ends, in the order of how long each takes.
    """
    limits = Limits(platform=limit)
    flood = deque(queue(*(["a"] * 40)))
    lone = [
        Waiting(id=uuid.UUID(int=1000 + n), work=work(f"u{n}"), since=START + dt.timedelta(hours=1 + n))
        for n in range(others)
    ]
    runs: deque[tuple[int, Work]] = deque()
    turns: dict[str, int] = {}
    started: list[Waiting] = []
    waiting = [*flood]
    for step in range(60):
        if step == 5:
            waiting += lone
        for each in next_ones(limits, [(one, 1) for _, one in runs], waiting, turns, 100):
            waiting.remove(each)
            started.append(each)
            turns[each.work.user_id] = len(started)
            runs.append((step + durations[len(started) % len(durations)], each.work))
        runs = deque(sorted(runs, key=lambda run: run[0]))
        if runs:
            runs.popleft()

    before = len([each for each in started[: started.index(lone[0])] if each.work.user_id == "a"])
    assert all(each in started for each in lone)
    assert before <= 5 + limit + 1
