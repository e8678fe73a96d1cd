"""How many connections are kept open, and for whom."""

from __future__ import annotations

import pytest

from api_plugin.seats import NoSeatError, Seats, too_many


def test_a_caller_gets_its_share_and_all_get_no_more_than_there_is():
    """Which of the two was reached is told."""
    seats = Seats(total=3, each=2)
    first, _, _ = seats.take("a"), seats.take("a"), seats.take("b")

    with pytest.raises(NoSeatError) as own:
        seats.take("a")
    with pytest.raises(NoSeatError) as everyones:
        seats.take("b")
    assert (True, False) == (own.value.own, everyones.value.own)
    assert (429, 503) == (too_many(own.value, "logs").status, too_many(everyones.value, "logs").status)
    first.leave()
    first.leave()
    seats.take("c")
    assert 3 == len(seats)
