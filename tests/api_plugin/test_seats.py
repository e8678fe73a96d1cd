"""How many connections are kept open, and for whom."""

from __future__ import annotations

import resource

import pytest

from api_plugin.seats import OTHER_FILES, NoSeatError, Seats, room_for, too_many


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


def test_there_is_room_for_no_more_than_may_be_opened():
    """The process takes what its user may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (OTHER_FILES + 100, hard))
        assert 300 == room_for(300)
        assert OTHER_FILES + 300 == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
