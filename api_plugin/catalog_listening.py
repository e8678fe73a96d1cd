"""Listens for changes of the catalog, so that every API process serves them at once instead of within a TTL.

One thread a process waits on PostgreSQL's LISTEN. While items are getting ready it also looks once a TTL by itself, so
that they are served though nobody asks. Without it, every call still compares the counter once a TTL: a connection that
breaks, or a pooler that passes no notices on, costs the haste and nothing else.
"""

from __future__ import annotations

from airflow.utils.session import create_session

from api_plugin.catalog_cache import CatalogCache
from api_plugin.store.listener import CHECK_SECONDS, Line, Listener
from api_plugin.store.notices import CHANNEL


class CatalogListener(Listener):
    """The thread, with the cache that it refreshes."""

    channel = CHANNEL
    thread = "pao-catalog"
    lost = "catalog changes not listened to"
    again = (5.0,)

    def __init__(self, cache: CatalogCache, ttl: float) -> None:
        """Look every `ttl` seconds while items are getting ready."""
        super().__init__()
        self._cache = cache
        self._ttl = max(ttl, 0.1)

    def listen(self, line: Line) -> None:
        """Look when something is told, and while anything is pending."""
        self._refresh()
        self.is_at_work()
        while True:
            pending = self._cache.pending()
            if line.wait(self._ttl if pending else CHECK_SECONDS) or pending:
                self._refresh()

    def _refresh(self) -> None:
        with create_session(scoped=False) as session:
            self._cache.refresh(session)
