"""The served catalog: at most a TTL old, each item at the newest revision that is ready to run."""

from __future__ import annotations

import pytest
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from sqlalchemy import select, text, update

from api_plugin.catalog_cache import CatalogCache
from api_plugin.store.catalog import Catalog
from tests.items import action, compiled_item

V1 = compiled_item("queue", action("a"))
V2 = compiled_item("queue", action("a"), header={"version": "2.0.0"})
TOPIC = compiled_item("topic")


def served(world, cache=None):
    """The served revision of each item."""
    return {item_id: item.revision for item_id, item in world.view(cache=cache).items.items()}


def counter(world):
    return world.session.get(Catalog, "default", populate_existing=True).change_counter


def test_there_is_no_catalog_before_the_first(world):
    """Nor one that nobody published."""
    assert world.view() is None
    world.publish(V1)

    assert world.view() is not None
    assert world.view("staging") is None


def test_an_item_is_served_once_its_dags_are_ready(world):
    """Whoever notices tells everyone, by the counter."""
    world.publish(V1)
    assert {} == served(world)
    assert {"queue"} == world.view().pending
    before = counter(world)

    world.parse(V1)

    assert {"queue": V1.revision} == served(world)
    assert set() == world.view().pending
    assert before + 1 == counter(world)
    assert {"queue": V1.revision} == served(world, CatalogCache(ttl=0))
    assert before + 1 == counter(world)


def test_a_push_never_makes_an_item_unavailable(world):
    """The revision before is served until the new one is ready."""
    world.publish(V1)
    world.parse(V1)
    served(world)
    world.publish(V2)

    assert {"queue": V1.revision} == served(world)
    world.parse(V2)
    assert {"queue": V2.revision} == served(world)


@pytest.mark.parametrize("column", ["is_stale", "has_import_errors"])
def test_dags_that_would_not_run_are_not_ready(world, column):
    """Airflow leaves their runs alone for ever."""
    world.publish(V1)
    world.parse(V1)
    world.session.execute(update(DagModel).where(DagModel.dag_id == "default.queue").values(**{column: True}))
    world.session.commit()

    assert {} == served(world)


def test_a_catalog_that_is_being_published_is_left_alone(world):
    """Publishing locks the catalog's row before its items; to wait the other way round would be a deadlock."""
    world.publish(V1)
    world.parse(V1)
    world.session.scalars(select(Catalog).where(Catalog.name == "default").with_for_update()).one()

    with create_session(scoped=False) as session:
        session.execute(text("SET LOCAL lock_timeout = '1s'"))
        assert {} == world.cache.view(session, "default").items
    world.session.rollback()

    assert {"queue": V1.revision} == served(world)


def test_within_the_ttl_nothing_is_asked(world):
    """After it, the counter alone is compared."""
    lasting = CatalogCache(ttl=3600)
    world.publish(V1)
    world.parse(V1)
    assert {"queue": V1.revision} == served(world, lasting)
    world.publish(TOPIC)
    world.parse(TOPIC)

    assert {"queue": V1.revision} == served(world, lasting)
    with create_session(scoped=False) as session:
        lasting.refresh(session)
    assert {"queue": V1.revision, "topic": TOPIC.revision} == served(world, lasting)


def test_without_a_change_the_view_stays_the_same(world):
    """With its ETag."""
    world.publish(V1)
    world.parse(V1)
    first = world.view()

    assert first is world.view()


def test_what_did_not_change_is_not_parsed_anew(world):
    """A catalog of hundreds of items is rebuilt at the cost of what changed."""
    world.publish(V1, TOPIC)
    world.parse(V1, TOPIC)
    before = world.view()
    world.publish(V2)
    world.parse(V2)
    after = world.view()

    assert after.items["topic"] is before.items["topic"]
    assert after.items["queue"] is not before.items["queue"]
    assert before.change_counter < after.change_counter
    assert V1.revision == before.items["queue"].revision
