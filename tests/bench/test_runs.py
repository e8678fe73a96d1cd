"""A run has ended when the database and the API say so; what is submitted at once is counted from its beginning."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bench.calls import Account
from bench.runs import Begun, Burst, one
from bench.ways import RunFailedError

NOBODY = Account(host="localhost", port=1, token="")


class Scripted:
    """A way whose one run answers by a script."""

    account, dag_id = NOBODY, "scripted"

    def __init__(self, states: list[str], over: list[bool | Exception]) -> None:
        self._states, self._over = iter(states), iter(over)
        self.looks: list[str] = []

    def start(self, _caller: Any) -> tuple[str, float]:
        return "run-1", 0.0

    def is_over(self, _caller: Any, _run: str) -> bool:
        self.looks.append("api")
        found = next(self._over)
        if isinstance(found, Exception):
            raise found
        return found

    def ask(self, _query: str, *values: Any) -> list[tuple[Any, ...]]:
        self.looks.append("database")
        assert values == ("scripted", "run-1")
        return [(next(self._states),)]


@pytest.mark.parametrize(
    ("over", "expected"),
    [([True], ["database"] * 3 + ["api"]), ([False, False, True], ["database"] * 3 + ["api"] * 3)],
)
def test_the_api_is_asked_once_the_database_has_the_end(over, expected):
    """Asking it meanwhile would slow down what is measured; an end that it does not show is none yet."""
    way = Scripted(["queued", "running", "success"], over)

    with NOBODY.connected() as caller:
        one(way.ask, way, caller)

    assert expected == way.looks


def test_a_run_that_failed_is_no_fast_one():
    """Its time says nothing."""
    way = Scripted(["failed"], [RunFailedError("it failed")])

    with NOBODY.connected() as caller, pytest.raises(RunFailedError):
        one(way.ask, way, caller)


@pytest.mark.parametrize(("counts", "timeout", "expected"), [([(1, 0), (2, 1)], 60.0, (2, 1)), ([(1, 0)], 0.0, (1, 0))])
def test_runs_are_counted_until_all_have_ended_or_the_time_is_up(counts, timeout, expected):
    """Those that failed are not completed."""
    since = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    answers = iter([[(since,)], *([each] for each in counts)])

    def ask(query: str, *values: Any) -> list[tuple[Any, ...]]:
        assert values in {(), ("scripted", since)}
        return next(answers)

    found = Begun.now(ask).until_ended(ask, Scripted([], []), 3, timeout)

    assert Burst(runs=3, completed=expected[0], failed=expected[1], seconds=found.seconds) == found
