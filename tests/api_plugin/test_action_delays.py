"""How long it took until actions began: what Prometheus reads of it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update

from api_plugin.action_delays import RECENT, delay_metrics
from api_plugin.clock import utc_now, utc_text
from api_plugin.projection import bring_up_to_date
from api_plugin.store.requests import Request
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"), action("b"))


@pytest.fixture
def had(world):
    """Lets a request have had actions: each its type, its start and its end, in seconds after the submission."""
    world.publish(ITEM)
    world.parse(ITEM)

    def had(*actions, submitted=dt.timedelta(minutes=2), clear_number=0, mode="automatic"):
        request = world.order(fields={"name": "orders"})
        at = utc_now() - submitted
        told = [
            {
                "type": type_,
                "mode": mode,
                "started_at": begun if begun is None else utc_text(at + dt.timedelta(seconds=begun)),
                "ended_at": ended if ended is None else utc_text(at + dt.timedelta(seconds=ended)),
            }
            for type_, begun, ended in actions
        ]
        state = {"actions": told, "seen": {"clear_number": clear_number}}
        world.session.execute(update(Request).where(Request.id == request.id).values(created_at=at, state=state))
        world.session.commit()
        return request

    return had


def delays(world):
    """The count, and the sum in milliseconds, by first or next and type; and each histogram's buckets."""
    counts, buckets = {}, {}
    for family in delay_metrics(world.session):
        which = family.name.removeprefix("pao_").partition("_")[0]
        for sample in family.samples:
            where = (which, sample.labels["type"])
            if sample.name.endswith("_gcount"):
                counts[where] = (sample.value, *counts.get(where, ()))
            elif sample.name.endswith("_gsum"):
                counts[where] = (*counts.get(where, ()), round(sample.value * 1000))
            else:
                buckets.setdefault(where, {})[sample.labels["le"]] = sample.value
    return counts, buckets


def test_the_first_counts_from_the_submission_and_the_next_from_the_end_before_it(world, had):
    """By the type of the one that began."""
    had(("rest-api", 0.04, 1.0), ("rest-api", 1.03, 60.0), ("terraform", 62.0, None))
    had(("rest-api", 0.2, 1.0), ("rest-api", 1.05, None))

    counts, buckets = delays(world)

    assert {("first", "rest-api"): (2, 240), ("next", "rest-api"): (2, 80), ("next", "terraform"): (1, 2000)} == counts
    assert [0, 1, 1, 2, 2] == [
        buckets["first", "rest-api"][limit] for limit in ("0.025", "0.05", "0.1", "0.25", "+Inf")
    ]
    assert [0, 2, 2] == [buckets["next", "rest-api"][limit] for limit in ("0.025", "0.05", "+Inf")]


@pytest.mark.parametrize(
    ("actions", "counted"),
    [
        ([("webhook", None, None)], {}),
        ([("webhook", 1.0, None), ("slack", None, None)], {("first", "webhook"): (1, 1000)}),
        ([("webhook", 1.0, 9.0), ("slack", 1.5, 2.0)], {("first", "webhook"): (1, 1000)}),
        ([("webhook", 1.0, None), ("slack", 1.5, 2.0)], {("first", "webhook"): (1, 1000)}),
        (
            [("slack", 3.0, None), ("webhook", 1.0, 2.0)],
            {("first", "webhook"): (1, 1000), ("next", "slack"): (1, 1000)},
        ),
        ([("webhook", -0.01, None)], {("first", "webhook"): (1, 0)}),
    ],
    ids=["pending", "one", "side by side", "beside one at work", "in another order", "before its submission"],
)
def test_only_what_waited_for_nothing_but_us_counts(world, had, actions, counted):
    """Not an action that began while another was at work; two machines' clocks may differ."""
    had(*actions)

    assert counted == delays(world)[0]


@pytest.mark.parametrize(
    "other",
    [{"submitted": RECENT + dt.timedelta(minutes=1)}, {"clear_number": 1}, {"mode": "manual"}],
    ids=["long ago", "tried again", "escalated"],
)
def test_what_is_old_or_waited_for_a_person_is_left_out(world, had, other):
    """Whoever tries again an hour later was not kept waiting by the platform."""
    had(("webhook", 1.0, 2.0), ("slack", 2.5, 3.0), **other)

    assert {} == delays(world)[0]


def test_what_requests_themselves_tell_is_understood(world):
    """A state as it is made, by the names and times that it has."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order(fields={"name": "orders"})
    world.run(request, "running")
    world.task(request, "a", "deferred")
    bring_up_to_date(world.session, [request.id])
    world.session.commit()

    assert {("first", "rest-api"): 1} == {which: count for which, (count, _) in delays(world)[0].items()}
