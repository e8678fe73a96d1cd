"""The secrets of git hosts, as Airflow's connections hold them."""

from __future__ import annotations

import asyncio

import pytest
from airflow.models.connection import Connection

from api_plugin.webhooks.secrets import WebhookSecrets, secrets_of


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
