"""After a person was erased, neither their names nor their values stand anywhere, and everything is still counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from airflow.configuration import conf
from airflow.utils.session import create_session
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from api_plugin import request_files
from api_plugin.configuration import sealer, settings
from api_plugin.permissions import Permission
from api_plugin.projection import bring_up_to_date
from api_plugin.reconciling import reconcile_all
from api_plugin.retention import erasing
from api_plugin.store.access import Audit
from api_plugin.store.idempotency import IdempotentAnswer
from api_plugin.store.requests import Request
from api_plugin.store.resources import Resource
from catalog_compiler.run_format import STATE_KEY
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import NAME_FIELD, UNDO, action, compiled_item

FIELDS = [
    NAME_FIELD,
    {"id": "secret", "name": "Secret", "type": "password", "order": 2},
    {"id": "attached", "name": "File", "type": "file", "order": 3},
    {"id": "shape", "name": "Shape", "type": "json", "order": 4},
]
MADE = [
    {
        "type": "thing",
        "id": "{{response.a.id}}",
        "name": "{{fields.name}} of {{request.user.name}}",
        "attributes": {"for": "{{request.user.email}}", "password": "{{fields.secret}}"},
    }
]
MAPPED = {"method": "PUT", "url": "https://example.com/a", "response_mapping": {"id": "$.id", "said": "$.said"}}
ITEM = compiled_item("queue", action("a", config=MAPPED, rollback=UNDO, resources=MADE), fields=FIELDS)
ADA = a_caller(name="ada lovelace")
BOB = a_caller(name="bob")
VALUES = {
    "name": "Zuckerrohr",
    "secret": "Quittenbrot-9",
    "attached": "data:text/plain;name=Pflaumenmus.txt;base64,UGZsYXVtZW5tdXM=",
    "shape": '{"note": "Himbeergeist"}',
}
TEXTS = ["ada lovelace", "Zuckerrohr", "Quittenbrot", "Pflaumenmus", "UGZsYXVtZW5tdXM", "Himbeergeist", "Birnenmost"]
HIDDEN = {"Quittenbrot", "UGZsYXVtZW5tdXM"}
"""What is encrypted, or stands in a file."""
OPERATOR = a_caller(Permission.PEOPLE_ERASE, name="op")


@pytest.fixture(params=[False, True], ids=["files in the values", "files in a storage"])
def storage(request, tmp_path, monkeypatch):
    """The folder of files, where there is one."""
    folder = tmp_path / "files"
    if request.param:
        stored = settings().model_copy(update={"file_storage": f"file://{folder}"})
        monkeypatch.setattr(request_files, "settings", lambda: stored)
    return folder


@pytest.fixture
def ordered(world, storage):
    """Two requests of Ada, one of Bob; all have completed, and are kept."""
    world.publish(ITEM)
    world.parse(ITEM)
    made = [
        world.order(caller=ADA, fields=VALUES, comment="Birnenmost please"),
        world.order(caller=ADA, fields=VALUES),
        world.order(caller=BOB, fields={"name": "Bobs", "secret": "x"}),
    ]
    for request in made:
        said = f"hello {request.user['email']}, {request.fields['name']}"
        outputs = {"id": 7, "said": said, "token": sealer().seal("t")}
        world.left(request, "a", STATE_KEY, {"try_number": 1, "state": {"action": {"for": said}}})
        world.task(request, "a", "success", a_report(outputs=outputs))
        world.run(request, "success")
        folder = Path(conf.get("logging", "base_log_folder")) / f"dag_id={request.dag_id}" / f"run_id={request.run_id}"
        folder.mkdir(parents=True)
        (folder / "attempt=1.log").write_text(said)
    with create_session(scoped=False) as session:
        bring_up_to_date(session, [request.id for request in made])
        session.add(
            IdempotentAnswer(
                principal="ada lovelace", operation="POST /api/v1/requests", key="k", body_digest="d", status=202,
                location=None, answer="sealed", created_at=made[0].created_at,
            )
        )  # fmt: skip
    reconcile_all(world.session, world.shelf)
    world.session.rollback()
    return [request.id for request in made]


def dump(world):
    """Every row of every table, as text."""
    world.session.rollback()
    tables = world.session.execute(
        text(
            "SELECT table_schema || '.' || quote_ident(table_name) FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_schema IN ('public', 'pao')"
        )
    ).scalars()
    return "\n".join(
        row for table in tables for row in world.session.scalars(text(f"SELECT t::text FROM {table} AS t"))
    )


def logs():
    return "\n".join(path.read_text() for path in Path(conf.get("logging", "base_log_folder")).rglob("attempt=*.log"))


def erase(portal, user, caller=OPERATOR):
    return portal(
        "POST",
        "/people/erase",
        caller,
        content=json.dumps({"user": user}),
        headers={"Content-Type": "application/json"},
    )


@pytest.mark.parametrize(
    "user",
    ["ada lovelace", "ada lovelace@example.com", "Ada Lovelace@Example.com"],
    ids=["name", "email", "email-written-otherwise"],
)
def test_neither_name_nor_value_stands_anywhere(ordered, world, portal, storage, user):
    """In a dump of the whole database, and in the logs; others' stay."""
    everything = dump(world) + logs()
    assert [] == [each for each in TEXTS if each.lower() not in everything.lower() and each not in HIDDEN]

    answer = erase(portal, user)
    assert (200, 2, 2) == (answer.status_code, answer.json()["requests"], len(answer.json()["active_resources"]))
    everything = dump(world) + logs()
    assert [] == [each for each in TEXTS if each.lower() in everything.lower()]
    assert "hello bob@example.com, Bobs" in everything
    assert [] == [path for path in storage.rglob("*") if path.is_file()]


def test_everything_is_still_counted(ordered, world, portal):
    """The same requests, statuses and resources, under one name that says nothing."""
    counts = {table: world.session.scalar(select(func.count()).select_from(table)) for table in (Request, Resource)}
    pseudonym = erase(portal, "ada lovelace").json()["pseudonym"]
    world.session.rollback()
    world.session.expire_all()

    assert counts == {table: world.session.scalar(select(func.count()).select_from(table)) for table in counts}
    erased = [world.session.get(Request, request_id) for request_id in ordered[:2]]
    assert {(pseudonym, "completed")} == {(request.user_id, request.status) for request in erased}
    assert {"name": "[erased]", "secret": "[erased]", "attached": "[erased]", "shape": "[erased]"} == erased[0].fields
    with create_session(scoped=False) as session:
        assert ["completed"] * 3 == [request.status for request in bring_up_to_date(session, ordered)]


def test_the_act_is_on_record_without_the_name(ordered, world, portal):
    """Who did it, and to which pseudonym."""
    pseudonym = erase(portal, "ada lovelace").json()["pseudonym"]
    world.session.rollback()

    assert [("op", pseudonym, "begun", {}), ("op", pseudonym, "erased", {"requests": 2})] == acts(world)


def acts(world):
    world.session.rollback()
    rows = world.session.scalars(select(Audit).where(Audit.action == "person.erase").order_by(Audit.id))
    return [(row.actor, row.target, row.outcome, row.detail) for row in rows]


def test_an_erasure_that_breaks_off_is_on_record(ordered, world, portal, monkeypatch):
    """Whatever is gone by then, who began it is known; calling again erases the rest."""
    monkeypatch.setattr(erasing, "BATCH", 1)
    commits = []

    def die(session):
        commits.append(session)
        if len(commits) == 3:
            raise OSError

    event.listen(Session, "before_commit", die)
    try:
        assert 500 == erase(portal, "ada lovelace").status_code
    finally:
        event.remove(Session, "before_commit", die)

    world.session.rollback()
    of_ada = select(func.count()).select_from(Request).where(Request.user_id == "ada lovelace")
    assert 1 == world.session.scalar(of_ada)
    assert [("op", "begun")] == [(actor, outcome) for actor, _, outcome, _ in acts(world)]
    assert 1 == erase(portal, "ada lovelace").json()["requests"]
    assert ["begun", "begun", "erased"] == [outcome for _, _, outcome, _ in acts(world)]


def test_who_erases_themselves_is_not_named_either(ordered, world, portal):
    """The lines of that act bear the pseudonym."""
    pseudonym = erase(portal, "op").json()["pseudonym"]

    assert {pseudonym} == {actor for actor, *_ in acts(world)}


def test_nothing_is_erased_while_a_request_runs(ordered, world, portal):
    """It is named; once it has ended, all go."""
    request = world.order(caller=ADA, fields=VALUES)
    before = dump(world)

    answer = erase(portal, "ada lovelace")

    assert (409, "requests-still-running") == (answer.status_code, answer.json()["code"])
    assert str(request.id) in answer.json()["detail"]
    assert before == dump(world)


def test_only_who_may_erases(ordered, portal):
    """By a permission of its own."""
    assert 403 == erase(portal, "bob", a_caller(Permission.REQUEST_READ_ALL)).status_code


def test_nobody_to_erase_is_no_error(ordered, portal):
    """Calling again changes nothing."""
    assert (200, 0) == ((answer := erase(portal, "nobody")).status_code, answer.json()["requests"])
