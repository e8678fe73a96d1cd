"""The secrets of git hosts, as Airflow's connections hold them."""

from __future__ import annotations

import asyncio
import threading

import pytest
import structlog
from airflow.models.connection import Connection
from airflow.secrets import BaseSecretsBackend

from api_plugin.webhooks import secrets
from api_plugin.webhooks.secrets import AWAY_REMEMBERED, WebhookSecrets, secrets_of


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        ({"password": "new"}, ("new",)),
        ({"password": "new", "extra": {"old_secret": "old"}}, ("new", "old")),
        ({"extra": {"old_secret": ""}}, ()),
        ({"password": "new", "extra": {"old_secret": 5}}, ("new",)),
        (None, ()),
    ],
)
def test_a_connection_holds_one_secret_or_two(monkeypatch, database, connection, expected):
    """An old one is good while the host is given a new one; none at all is no fault."""
    if connection is not None:
        value = Connection(conn_id="pao_github_webhook", conn_type="generic", **connection)
        monkeypatch.setenv("AIRFLOW_CONN_PAO_GITHUB_WEBHOOK", value.as_json())

    assert expected == secrets_of("pao_github_webhook")


class Vault(BaseSecretsBackend):
    """A secrets backend that is away, or has what it is given."""

    def __init__(self, found=None):
        self._found = found

    def get_connection(self, conn_id):
        if self._found is None:
            raise ConnectionError(f"vault.example.com does not answer for {conn_id}")
        return self._found.get(conn_id)


SET_UP = {"pao_github_webhook": Connection(conn_id="pao_github_webhook", conn_type="generic", password="held")}
AWAY, EMPTY, HOLDING = Vault(), Vault({}), Vault(SET_UP)


@pytest.mark.parametrize(
    ("backends", "expected"),
    [
        ([EMPTY, EMPTY], ()),
        ([EMPTY, HOLDING], ("held",)),
        ([AWAY, HOLDING], ("held",)),
        ([AWAY, EMPTY], None),
        ([EMPTY, AWAY], None),
    ],
)
def test_a_backend_that_is_away_is_not_one_that_has_nothing(monkeypatch, backends, expected):
    """The next one is asked; where none has a connection, nobody knows whether there is one."""
    monkeypatch.setattr(secrets, "ensure_secrets_loaded", lambda: backends)

    assert expected == secrets_of("pao_github_webhook")


def test_what_is_no_connection_is_told_without_its_words(monkeypatch, database, caplog):
    """A slip in a value that holds a secret must not write that into the log."""
    monkeypatch.setenv("AIRFLOW_CONN_PAO_GITHUB_WEBHOOK", '{"password": "slipped", }')

    with structlog.testing.capture_logs() as logs:
        found = secrets_of("pao_github_webhook")

    assert found is None
    assert ["pao_github_webhook"] == [entry["connection_id"] for entry in logs]
    assert "slipped" not in f"{logs}{caplog.text}"


def test_what_could_not_be_found_out_is_asked_for_again_soon(monkeypatch):
    """Not at each call: a backend that is away often takes long to say so."""
    clock = [0.0]
    monkeypatch.setattr(secrets.time, "monotonic", lambda: clock[0])
    answers = iter([None, ("back",)])
    held = WebhookSecrets(3600, lambda _: next(answers))

    async def asking():
        found = [await held.of("a"), await held.of("a")]
        clock[0] = AWAY_REMEMBERED
        return [*found, await held.of("a")]

    assert [None, None, ("back",)] == asyncio.run(asking())


def test_one_look_up_goes_on_at_a_time():
    """Whoever else asks for the same connection waits for it, and takes no thread meanwhile."""
    begun, release = threading.Event(), threading.Event()
    asked = []

    def look_up(connection_id):
        asked.append(connection_id)
        begun.set()
        release.wait(60)
        return ("a",)

    async def asking():
        held = WebhookSecrets(3600, look_up)
        calls = [asyncio.create_task(held.of("a")) for _ in range(20)]
        await asyncio.to_thread(begun.wait, 60)
        release.set()
        return await asyncio.gather(*calls)

    assert [("a",)] * 20 == asyncio.run(asking())
    assert ["a"] == asked


def test_a_secret_is_looked_up_once_for_a_while():
    """Of each connection by itself, also where there is none."""
    asked = []

    def look_up(connection_id):
        asked.append(connection_id)
        return (connection_id,) if connection_id == "a" else ()

    async def asking(secrets):
        return [await secrets.of(each) for each in ("a", "b", "a", "b")]

    assert [("a",), (), ("a",), ()] == asyncio.run(asking(WebhookSecrets(3600, look_up)))
    assert ["a", "b"] == asked
    asyncio.run(asking(WebhookSecrets(0, look_up)))
    assert ["a", "b", "a", "b", "a", "b"] == asked


def test_made_up_names_take_little_room(monkeypatch):
    """Anyone may call with as many names of connections as they like."""
    monkeypatch.setattr(secrets, "MANY", 3)
    held = WebhookSecrets(look_up=lambda connection_id: (connection_id,))

    async def world():
        return [await held.of(f"jira-{number}_webhook") for number in range(10)]

    assert [(f"jira-{number}_webhook",) for number in range(10)] == asyncio.run(world())
    assert max(len(held._known), len(held._asking)) <= 4  # noqa: SLF001 - what it takes is to be seen there alone
