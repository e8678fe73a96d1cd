"""What is stored of a cancellation: Airflow knows the run as marked failed, and not who wanted what."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict

from api_plugin.status_views import CancellationView
from api_plugin.store.requests import Request
from catalog_compiler.plan import Mode

STOPS_WITHIN = dt.timedelta(seconds=45)
"""So long what a stopped action left is waited for: its host must hear of it, lets a call end for up to 10 seconds, and
has 20 to stop what it began outside."""


class Cancellation(BaseModel):
    """That a person cancelled one try of a request: the JSON of `Request.cancellation`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    clear_number: int
    """Of the run, then: one that a person clears later is cancelled no more."""
    at: dt.datetime
    by: str
    """The caller's id."""
    undo: bool
    """Whether what was done is to be undone."""
    stopped: tuple[tuple[Mode, str], ...] = ()
    """The actions that were at work: each by its way and its name."""
    rollback_run_id: str | None = None
    """Of the rollback that is a part of it, once that was started."""

    def view(self, now: dt.datetime) -> CancellationView:
        """What statuses need to know of it."""
        return CancellationView(
            at=self.at, undo=self.undo, stopped=frozenset(self.stopped), waits=now < self.at + STOPS_WITHIN
        )


def cancellation_of(request: Request, clear_number: int) -> Cancellation | None:
    """The cancellation of that try of a request; None where it was not cancelled."""
    if request.cancellation is None:
        return None
    found = Cancellation.model_validate(request.cancellation)
    return found if found.clear_number == clear_number else None
