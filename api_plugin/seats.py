"""How many connections a process keeps open at once, and how many of them for one caller."""

from __future__ import annotations

from collections import Counter

from api_plugin.exceptions import ApiProblem


class NoSeatError(Exception):
    """There are as many connections as there may be: of this caller, or of the process."""

    def __init__(self, *, own: bool) -> None:
        """Say whether the caller itself has too many."""
        super().__init__()
        self.own = own


class Seats:
    """Counts what is open. For one event loop."""

    def __init__(self, total: int, each: int) -> None:
        """Allow so many in all, and so many of each caller."""
        self._total = total
        self._each = each
        self._taken: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many are taken."""
        return self._taken.total()

    def take(self, caller_id: str) -> Seat:
        """One for the caller, until it is left; raises NoSeatError."""
        if self._taken[caller_id] >= self._each:
            raise NoSeatError(own=True)
        if len(self) >= self._total:
            raise NoSeatError(own=False)
        self._taken[caller_id] += 1
        return Seat(self, caller_id)

    def leave(self, caller_id: str) -> None:
        """Give one back."""
        self._taken[caller_id] -= 1
        if not self._taken[caller_id]:
            del self._taken[caller_id]


class Seat:
    """One connection's."""

    def __init__(self, seats: Seats, caller_id: str) -> None:
        """For `Seats.take`."""
        self._seats: Seats | None = seats
        self._caller_id = caller_id

    def leave(self) -> None:
        """Give it back, once."""
        if self._seats is not None:
            self._seats.leave(self._caller_id)
            self._seats = None


def too_many(full: NoSeatError, what: str) -> ApiProblem:
    """429 where the caller has too many, 503 where the process has."""
    if full.own:
        return ApiProblem(
            429, "too-many-connections", "Too many connections",
            f"you have as many {what} open as one caller may; close some, or try again later",
            headers={"Retry-After": "10"},
        )  # fmt: skip
    return ApiProblem(
        503, "unavailable", "Not available now",
        f"this server has as many {what} open as it may; try again in a moment",
        headers={"Retry-After": "10"},
    )  # fmt: skip
