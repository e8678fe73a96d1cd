"""Listens for changes of the catalog, so that every API process serves them at once instead of within a TTL.

One thread a process waits on PostgreSQL's LISTEN. While items are getting ready it also looks once a TTL by itself, so
that they are served though nobody asks. Without it, every call still compares the counter once a TTL: a connection that
breaks, or a pooler that passes no notices on, costs the haste and nothing else.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import structlog
from airflow import settings as airflow_settings
from airflow.utils.session import create_session
from sqlalchemy.exc import SQLAlchemyError

from api_plugin.catalog_cache import CatalogCache
from api_plugin.store.notices import CHANNEL, listening, ready

log = structlog.get_logger(__name__)

CHECK_SECONDS = 30.0
"""After so long without a notice, the connection is tried: one that broke silently would wait for ever."""
AGAIN_SECONDS = 5.0
"""Between two tries to connect."""


class CatalogListener:
    """The thread, with the cache that it refreshes."""

    def __init__(self, cache: CatalogCache, ttl: float) -> None:
        """Look every `ttl` seconds while items are getting ready."""
        self._cache = cache
        self._ttl = max(ttl, 0.1)
        self._listening = threading.Event()

    @contextmanager
    def running(self) -> Iterator[CatalogListener]:
        """Listen while the block runs."""
        woken, wake = os.pipe()
        thread = threading.Thread(target=self._run, args=(woken,), name="pao-catalog", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            os.close(wake)
            thread.join()
            os.close(woken)

    def wait_until_listening(self, seconds: float) -> bool:
        """Whether it came to listen within that time."""
        return self._listening.wait(seconds)

    def _run(self, woken: int) -> None:
        """Listen until the other end of the pipe is closed."""
        while True:
            try:
                with listening(airflow_settings.get_engine(), CHANNEL) as connection:
                    if self._listen(connection, woken):
                        return
            except (SQLAlchemyError, psycopg2.Error, OSError) as error:
                log.warning("catalog changes not listened to", error=str(error).partition("\n")[0])
            except Exception:
                # Calls go on by themselves, a TTL at a time.
                log.exception("catalog changes not listened to")
            self._listening.clear()
            if ready(AGAIN_SECONDS, woken):
                return

    def _listen(self, connection: Any, woken: int) -> bool:
        """True once it is to end; raises where the connection breaks."""
        self._refresh()
        self._listening.set()
        while True:
            wait = self._ttl if self._cache.pending() else CHECK_SECONDS
            found = ready(wait, connection, woken)
            if woken in found:
                return True
            if connection in found:
                connection.poll()
                connection.notifies.clear()
            elif wait == CHECK_SECONDS:
                connection.cursor().execute("SELECT 1")
                continue
            self._refresh()

    def _refresh(self) -> None:
        with create_session(scoped=False) as session:
            self._cache.refresh(session)
