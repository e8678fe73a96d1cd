"""Every process serves what changed at once, though its TTL is long."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest
from airflow.utils.session import create_session
from sqlalchemy import text

from api_plugin.catalog_cache import CatalogCache
from api_plugin.catalog_listening import CatalogListener
from api_plugin.store.notices import CHANNEL, notify
from tests.items import action, compiled_item

V1 = compiled_item("queue", action("a"))
V2 = compiled_item("queue", action("a"), header={"version": "2.0.0"})
LONG = 3600.0


class NoticedCache(CatalogCache):
    """Tells when it has looked."""

    def __init__(self):
        super().__init__(ttl=LONG)
        self.looked = threading.Condition()

    def refresh(self, session, *, wait=True):
        super().refresh(session, wait=wait)
        with self.looked:
            self.looked.notify_all()

    def shows(self, revision):
        """Wait until this is what it serves, without asking it to look."""

        def served():
            view = self._views.get("default")
            return bool(view and "queue" in view.items and view.items["queue"].revision == revision)

        with self.looked:
            return self.looked.wait_for(served, timeout=30)


@pytest.fixture
def caches(database, monkeypatch):
    """Those of two processes, each with its listener, which connects anew only where a test lets it."""
    monkeypatch.setattr(CatalogListener, "again", (LONG,))
    with ExitStack() as exits:
        made = [NoticedCache(), NoticedCache()]
        for cache in made:
            listener = exits.enter_context(CatalogListener(cache, ttl=0.1).running())
            assert listener.wait_until_at_work(30)
        yield made


def publish(world, item):
    notify(world.session, "default")
    world.publish(item)


def test_all_processes_serve_a_change_at_once(world, caches):
    """Though nobody calls them: also what becomes ready, which one of them finds out."""
    publish(world, V1)
    world.parse(V1)
    assert [True, True] == [cache.shows(V1.revision) for cache in caches]

    publish(world, V2)
    world.parse(V2)
    assert [True, True] == [cache.shows(V2.revision) for cache in caches]


def test_a_broken_connection_is_made_anew(world, caches, monkeypatch):
    """What happened meanwhile is looked up then."""
    monkeypatch.setattr(CatalogListener, "again", (0.05,))
    terminated = world.session.scalars(
        text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = :listen"),
        {"listen": f"LISTEN {CHANNEL}"},
    ).all()
    publish(world, V1)
    world.parse(V1)

    assert [True, True] == terminated
    assert [True, True] == [cache.shows(V1.revision) for cache in caches]


def test_listening_takes_no_place_in_the_pool(caches):
    """A process has as many connections for calls as before."""
    with create_session(scoped=False) as session:
        assert 0 == session.get_bind().pool.checkedout()
