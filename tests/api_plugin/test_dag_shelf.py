"""Deserialized DAGs are kept while they are ordered, and only so many."""

from __future__ import annotations

from api_plugin.runs import DagShelf
from tests.items import action, compiled_item

ITEMS = [compiled_item(name, action("a")) for name in ("queue", "topic", "bucket")]


def test_the_one_unused_for_longest_makes_room(world):
    """A process must not grow by every item that was ever ordered."""
    world.publish(*ITEMS)
    world.parse(*ITEMS)
    shelf = DagShelf(size=2)

    queue = shelf.get(world.session, "default.queue").dag
    topic = shelf.get(world.session, "default.topic").dag
    assert queue is shelf.get(world.session, "default.queue").dag
    shelf.get(world.session, "default.bucket")

    assert 2 == len(shelf)
    assert queue is shelf.get(world.session, "default.queue").dag
    assert topic is not shelf.get(world.session, "default.topic").dag
