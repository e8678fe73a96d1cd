"""Deals with any number of events and runs on the fast path, a portion in each transaction, two of them at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from airflow.triggers.base import TriggerEvent
from sqlalchemy.exc import DBAPIError

from pao_airflow.fast_path import FastPath, RunKey, Taken
from pao_airflow.outage import is_away

log = structlog.get_logger(__name__)

AT_ONCE = 25
"""Events that are dealt with in one transaction, so that no run is locked for long."""
HANDS = 2
"""Such transactions at the same time: while one waits for the database, the other computes."""


class EventHands:
    """The threads with their fast path."""

    def __init__(self, fast_path: FastPath) -> None:
        """Threads begin with the first events that are more than a portion."""
        self._fast_path = fast_path
        self._threads = ThreadPoolExecutor(HANDS, thread_name_prefix="pao-events")

    def take(self, events: Mapping[int, TriggerEvent], runs: Sequence[RunKey], *, room: int) -> Taken:
        """Take these events on, and these runs besides; `room` is for how many new triggers there is a place."""
        ids, starts = list(events), range(0, max(len(events), len(runs)), AT_ONCE)
        some = [{id_: events[id_] for id_ in ids[start : start + AT_ONCE]} for start in starts]
        others = [runs[start : start + AT_ONCE] for start in starts]
        each = self._threads.map if len(starts) > 1 else map
        return Taken.together(list(each(partial(self._try, room=room // max(len(starts), 1)), some, others)))

    def _try(self, events: Mapping[int, TriggerEvent], runs: Sequence[RunKey], *, room: int) -> Taken:
        """Take them; where they can't be taken together, those that can, so that one keeps none of the others."""
        try:
            return self._fast_path.take(events, runs, room=room)
        except Exception as error:
            if isinstance(error, DBAPIError) and is_away(error):
                # Nor could one alone be taken.
                return Taken()
            if len(events) + len(runs) == 1:
                log.exception("left to Airflow's own way", triggers=list(events), runs=list(runs))
                return Taken()
        each: list[Taken] = []
        for some, others in [*(({id_: event}, ()) for id_, event in events.items()), *(({}, (run,)) for run in runs)]:
            each.append(self._try(some, others, room=room - sum(len(taken.started) for taken in each)))
        return Taken.together(each)
