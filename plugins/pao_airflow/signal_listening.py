"""Hears the news that the API tells, and hands its names on: used by the triggerer's supervisor, which has a database.

One thread waits on PostgreSQL's LISTEN. A connection that breaks is made anew, and what was told meanwhile is lost:
whoever waits for news also looks from time to time.
"""

from __future__ import annotations

from collections.abc import Callable

from api_plugin.store.listener import CHECK_SECONDS, Line, Listener
from api_plugin.store.notices import SIGNALS
from pao_airflow.dead_triggerers import hold


class SignalListener(Listener):
    """The thread, and what takes the names that it hears."""

    channel = SIGNALS
    thread = "pao-signals"
    lost = "signals not listened to"
    again = (0.5, 1.0, 2.0, 5.0, 10.0)

    def __init__(self, take: Callable[[str], None], *, triggerer: int) -> None:
        """`take` is called in the thread; an `OSError` of it ends the listening: nobody is left to tell.

        `triggerer` is whose: the others know by this connection that it lives (`dead_triggerers`).
        """
        super().__init__()
        self._take = take
        self._triggerer = triggerer

    def listen(self, line: Line) -> None:
        """Hand on what is heard; a wave of news of one thing wakes once."""
        hold(line.connection, self._triggerer)
        self.is_at_work()
        while True:
            names = line.wait(CHECK_SECONDS)
            try:
                for name in names:
                    self._take(name)
            except OSError:
                return
