"""Published revisions are served once their DAGs are ready, at a cost that a thousand waiting items do not raise."""

from __future__ import annotations

import json
import zlib

import pytest
from airflow.models.serialized_dag import SerializedDagModel
from airflow.utils.session import create_session
from sqlalchemy import event, func, select, text, update

from api_plugin.promoting import promote
from api_plugin.store.catalog import Catalog, CatalogChange, CatalogItem
from tests.items import action, compiled_item

V1 = compiled_item("queue", action("a"))
V2 = compiled_item("queue", action("a"), header={"version": "2.0.0"})
V3 = compiled_item("queue", action("a"), header={"version": "3.0.0"})
TOPIC = compiled_item("topic")


def served(world):
    """What each item is served at, as the tables have it."""
    world.session.rollback()
    return {row.item_id: row.served_revision for row in world.session.scalars(select(CatalogItem))}


def promoted(catalog="default"):
    with create_session(scoped=False) as session:
        return promote(session, catalog)


def test_what_becomes_ready_is_told_in_the_catalogs_sequence(world):
    """All that became ready together in one message."""
    world.publish(V1, TOPIC)
    world.parse(V1, TOPIC)

    assert (True, False) == (promoted(), promoted())

    changes = world.session.scalars(select(CatalogChange)).all()
    assert [("default", "served", "c0ffee", ["queue", "topic"])] == [
        (change.catalog, change.type, change.commit, change.items) for change in changes
    ]


def test_what_is_ready_does_not_wait_for_the_rest(world):
    """Of a large push, each item is served as soon as Airflow has parsed it."""
    world.publish(V1, TOPIC)
    world.parse(TOPIC)

    assert promoted()
    assert {"queue": None, "topic": TOPIC.revision} == served(world)


def test_what_was_published_in_between_is_served_while_it_alone_can_be_run(world):
    """Pushes may follow each other faster than Airflow parses: the item stays orderable."""
    world.publish(V1)
    world.parse(V1)
    promoted()
    world.publish(V2)
    world.publish(V3)
    world.parse(V2)

    assert (True, False) == (promoted(), promoted())
    assert {"queue": V2.revision} == served(world)
    world.parse(V3)
    assert promoted()
    assert {"queue": V3.revision} == served(world)


def test_tags_alone_prove_nothing(world):
    """Airflow writes them also where it keeps the serialized DAG that it has, and that one runs."""
    world.publish(V1)
    world.parse(V1)
    promoted()
    world.publish(V2)
    newer, older = (f"revision:{item.revision[:16]}" for item in (V2, V1))
    world.session.execute(text("UPDATE dag_tag SET name = :new WHERE name = :old"), {"new": newer, "old": older})
    world.session.commit()

    assert not promoted()
    assert {"queue": V1.revision} == served(world)


def test_compressed_dags_are_read_too(world):
    """As Airflow stores them with `[core] compress_serialized_dags`."""
    world.publish(V1)
    world.parse(V1)
    for row in world.session.scalars(select(SerializedDagModel)).all():
        values = {"data": None, "data_compressed": zlib.compress(json.dumps(row.data).encode())}
        table = SerializedDagModel.__table__
        world.session.execute(update(table).where(table.c.id == row.id).values(**values))
    world.session.commit()

    assert promoted()
    assert {"queue": V1.revision} == served(world)


@pytest.mark.parametrize("held", ["row", "promotion"])
def test_nobody_waits_for_whoever_is_at_it(world, held):
    """Neither for a publication nor for another process that promotes; the next look does what is left."""
    world.publish(V1)
    world.parse(V1)
    if held == "row":
        world.session.scalars(select(Catalog).with_for_update()).one()
    else:
        world.session.execute(select(func.pg_advisory_xact_lock(0x9A0, func.hashtext("default"))))

    assert not promoted()
    world.session.rollback()
    assert promoted()


def test_a_look_at_items_that_are_not_parsed_yet_reads_no_dag(world):
    """It happens every second for as long as Airflow parses a push of a thousand items."""
    world.publish(V1, TOPIC)
    world.parse(V1, TOPIC)
    promoted()
    world.publish(V2)
    asked = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    with create_session(scoped=False) as session:
        event.listen(session.get_bind(), "before_cursor_execute", note)
        try:
            assert not promote(session, "default")
        finally:
            event.remove(session.get_bind(), "before_cursor_execute", note)

    assert [] == [statement for statement in asked if "serialized_dag" in statement]
    assert len(asked) > 1
