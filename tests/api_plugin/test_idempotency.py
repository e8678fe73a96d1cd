"""Equal calls under one `Idempotency-Key` make one thing, one after the other and all at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import json

import httpx
import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from api_plugin import idempotency
from api_plugin.app import rest_app
from api_plugin.clock import utc_now
from api_plugin.idempotency import IdempotentCall, Reply, body_digests, delete_old_answers, forget_answers, once
from api_plugin.outages import may_pass
from api_plugin.permissions import Permission
from api_plugin.state import ApiState
from api_plugin.store.access import Audit
from api_plugin.store.idempotency import IdempotentAnswer
from api_plugin.store.requests import Request
from tests.api_plugin.conftest import SignedIn, a_caller
from tests.items import action, compiled_item

QUEUE = compiled_item("queue", action("a"))
DEV = a_caller(Permission.REQUEST_CREATE, Permission.REQUEST_READ)
COLLEAGUE = a_caller(Permission.REQUEST_CREATE, name="colleague")
BODY = {"item_id": "queue", "fields": {"name": "a"}}
TABLES = (Request, DagRun, Audit)


@pytest.fixture
def order(world, portal):
    """Orders an item that anybody may order."""
    world.publish(QUEUE)
    world.parse(QUEUE)

    def ordering(key, body=BODY, caller=DEV):
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
        return portal("POST", "/requests", caller, content=content, headers=headers)

    return ordering


def counts(session):
    """Rows of each table that an order writes to."""
    session.rollback()
    return tuple(session.scalar(select(func.count()).select_from(table)) for table in TABLES)


def test_the_first_answer_is_given_again(order, session):
    """Word by word, with what headers it had, and a header that says so."""
    first, again = order("k"), order("k")

    assert (202, None) == (first.status_code, first.headers.get("Idempotency-Replayed"))
    assert (202, "true") == (again.status_code, again.headers["Idempotency-Replayed"])
    assert (first.content, first.headers["Location"]) == (again.content, again.headers["Location"])
    assert (1, 1, 1) == counts(session)


def test_without_a_key_each_order_is_one(order, session):
    """Nobody is held to have meant the same."""
    assert order(None).json()["id"] != order(None).json()["id"]
    assert (2, 2, 2) == counts(session)


def test_bodies_are_compared_as_json(order):
    """Order of keys, white space and escapes say nothing."""
    first = order("k")

    assert first.json() == order("k", '{ "fields":{"name":"\\u0061"},\n"item_id":"queue" }').json()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": "1"}, {"a": 1}, False),
        (None, {}, False),
        ({"a": {"b": 2, "c": 1}}, {"a": {"c": 1.0, "b": 2}}, True),
    ],
)
def test_what_json_means_alike(one, other, same):
    """A number is one number, however it is written; nothing else is taken for something else."""
    assert same is (body_digests(one, "key") == body_digests(other, "key"))


def test_a_key_with_another_body_is_refused(order, session):
    """Also where that body would be refused anyway: the caller mixed up its keys, and must learn that."""
    order("k")
    for other in ({**BODY, "fields": {"name": "b"}}, {**BODY, "colour": 1}):
        answer = order("k", other)

        assert (409, "idempotency-key-reused") == (answer.status_code, answer.json()["code"])
        assert "send a new key" in answer.json()["detail"]
    assert (1, 1, 1) == counts(session)


def test_keys_belong_to_their_caller(order, session):
    """Two people may choose the same one."""
    assert order("k").json()["id"] != order("k", caller=COLLEAGUE).json()["id"]
    assert (2, 2, 2) == counts(session)


def test_a_refusal_is_not_kept(order):
    """Who corrects the body may send it under the same key."""
    assert 422 == order("k", {**BODY, "colour": 1}).status_code
    assert 404 == order("k", {**BODY, "item_id": "none"}).status_code
    assert 202 == order("k").status_code


def test_a_key_that_is_none_is_refused(order, session):
    """Before anything is made."""
    for key in ("", " ", "a b", "ä", "a\tb", "x" * 256):
        answer = order(key.encode())

        assert (400, "invalid-idempotency-key") == (answer.status_code, answer.json()["code"])
        assert "1 to 255 visible ASCII characters" in answer.json()["detail"]
    assert (0, 0, 0) == counts(session)


def test_a_key_is_any_visible_text(order):
    """As the caller makes it."""
    for key in ("a", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "!~'--;DROP"):
        assert order(key).json() == order(key).json()


def test_a_hundred_at_once_make_one_request(order, world, session):
    """All are answered with it, and one of them is not a replay."""
    app = rest_app()
    app.state.sign_ins = SignedIn(DEV)
    app.state.pao = ApiState(catalogs=world.cache, dags=world.shelf)
    headers = {"Authorization": "Bearer known", "Idempotency-Key": "k"}

    async def all_at_once():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://pao") as client:
            return await asyncio.gather(*(client.post("/requests", json=BODY, headers=headers) for _ in range(100)))

    answers = asyncio.run(all_at_once())

    assert {202} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})
    assert 99 == sum("Idempotency-Replayed" in answer.headers for answer in answers)
    assert (1, 1, 1) == counts(session)


def a_call(key="k"):
    return IdempotentCall(operation="POST /things", key=key, digests=("digest",))


def made(content='{"id": 1}'):
    return lambda: Reply(status=201, content=content, location="/things/1")


def refuse():
    raise AssertionError("it was made once more")


def test_who_dies_in_between_leaves_nothing(session):
    """The lock ends with the transaction, and the answer is there where the thing is."""
    with create_session(scoped=False) as lost:
        once(lost, DEV, a_call(), made())
        lost.connection().invalidate()
        lost.rollback()

    assert not once(session, DEV, a_call(), made()).replayed


def test_an_equal_call_at_work_is_waited_for(session, monkeypatch):
    """Not for ever: after a while the caller is told to come again."""
    monkeypatch.setattr(idempotency, "PATIENCE", "50ms")
    once(session, DEV, a_call(), made())

    with create_session(scoped=False) as other, pytest.raises(OperationalError, match="lock timeout") as caught:
        once(other, DEV, a_call(), refuse)
    session.commit()

    assert may_pass(caught.value)
    with create_session(scoped=False) as other:
        assert once(other, DEV, a_call(), refuse).replayed


def test_a_key_is_new_again_after_a_day(session):
    """Whether or not the old answer was deleted."""
    once(session, DEV, a_call(), made())
    session.execute(update(IdempotentAnswer).values(created_at=utc_now() - dt.timedelta(hours=24, seconds=1)))
    session.commit()

    assert ('{"id": 2}', False) == _said(once(session, DEV, a_call(), made('{"id": 2}')))
    assert ('{"id": 2}', True) == _said(once(session, DEV, a_call(), refuse))


def _said(reply):
    return reply.content, reply.replayed


def test_old_answers_are_deleted(session):
    """In portions, and no others."""
    for key in ("old", "new"):
        once(session, DEV, a_call(key), made())
    old = IdempotentAnswer.key == "old"
    session.execute(update(IdempotentAnswer).where(old).values(created_at=utc_now() - dt.timedelta(days=2)))

    assert [1, 0] == [delete_old_answers(session), delete_old_answers(session)]
    assert ["new"] == list(session.scalars(select(IdempotentAnswer.key)))


def test_a_person_s_answers_are_forgotten(session):
    """And no one else's."""
    for caller in (DEV, COLLEAGUE):
        once(session, caller, a_call(), made())

    assert 1 == forget_answers(session, DEV.id)
    assert [COLLEAGUE.id] == list(session.scalars(select(IdempotentAnswer.principal)))


def test_an_answer_is_kept_sealed(session):
    """One that shows a new API key is a secret, and a body may hold one."""
    once(session, DEV, a_call(), made('{"key": "pao_0123456789"}'))

    row = session.execute(text("SELECT * FROM pao.idempotent_answer")).one()
    assert "pao_0123456789" not in str(row)
    assert '{"key": "pao_0123456789"}' == once(session, DEV, a_call(), refuse).content


def test_a_rotated_key_still_knows_a_body():
    """The first key of the list makes digests, all of them are compared with."""
    (old,) = body_digests({"a": 1}, "old")

    assert old == body_digests({"a": 1}, "new, old")[1]
