"""Rows of several tables are inserted in one statement, as a session would have written them.

Those of Airflow's tables are compared with Airflow's own, column by column, in `test_run_rows` and `test_first_tasks`.
"""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from api_plugin.clock import utc_now
from api_plugin.store.access import Audit
from api_plugin.store.inserting import Rows
from api_plugin.store.notices import QUEUE, listening
from api_plugin.store.requests import Request, RequestEvent

FIELDS = {
    "text": 'it\'s "quoted" \\ {{x}} %s :name é\u202e😀',
    "large": 2**70,
    "ratio": 0.1,
    "none": None,
    "list": [1, {}],
}


def a_request():
    """One with every kind of column, awkward values included."""
    now = utc_now()
    return Request(
        id=uuid.uuid4(), catalog="default", item_id="queue", item_version="1.0.0", owner="team", revision="c0ffee",
        mode="automatic", dag_id="default.queue", run_id="run", fields=FIELDS, user_id="dev",
        user={"email": "dev@example.com"}, comment=None,
        correlation_id="'; DROP TABLE pao.request; --", parent_id=None, created_at=now, updated_at=now,
        ended_at=None, status="queued", state={}, event_seq=2,
    )  # fmt: skip


def events_of(request_id, count=2):
    """So many events of a request."""
    return [
        RequestEvent(request_id=request_id, seq=seq, at=utc_now(), type="status", data={"status": "queued"})
        for seq in range(1, count + 1)
    ]


def an_act():
    """One without its id, which the table makes."""
    return Audit(
        at=utc_now(), actor="dev", action="request.submit", target="x", outcome="accepted", address=None,
        correlation_id="c", detail={"item_id": "queue"},
    )  # fmt: skip


def insert(session, *rows):
    """In one statement."""
    together = Rows()
    together.add(*rows)
    together.insert(session)


def test_what_is_inserted_is_read_back_as_it_was(session):
    """Texts, numbers of any size, times, UUIDs, JSON and NULL; what was not set has its default."""
    request, events = a_request(), events_of(uuid.uuid4())
    for event in events:
        event.request_id = request.id

    insert(session, request, *events, an_act())
    session.commit()

    found = session.get(Request, request.id)
    assert FIELDS == found.fields
    names = ("created_at", "correlation_id", "comment", "parent_id", "ended_at", "event_seq", "status")
    assert [getattr(request, name) for name in names] == [getattr(found, name) for name in names]
    assert [(1, events[0].at), (2, events[1].at)] == [
        (event.seq, event.at) for event in session.scalars(select(RequestEvent).order_by(RequestEvent.seq))
    ]
    assert [{"item_id": "queue"}] == [act.detail for act in session.scalars(select(Audit)) if act.id]


def test_all_or_nothing(session):
    """An event of a request that is not there fails the whole statement."""
    request = a_request()

    with pytest.raises(IntegrityError):
        insert(session, request, *events_of(uuid.uuid4()))
    session.rollback()

    assert session.get(Request, request.id) is None


def test_who_listens_is_told_with_the_commit(session):
    """Of each thing once; not before there is something to see."""
    together = Rows()
    together.add(a_request())
    for payload in ("new", "new", "more"):
        together.tell(QUEUE, payload)
    with listening(session.get_bind(), QUEUE) as connection:
        together.insert(session)
        connection.poll()
        assert [] == connection.notifies
        session.commit()
        connection.poll()
        assert ["new", "more"] == [notice.payload for notice in connection.notifies]


def test_without_rows_nothing_is_done(session):
    """No statement, and no transaction."""
    Rows().insert(session)

    assert not session.in_transaction()
