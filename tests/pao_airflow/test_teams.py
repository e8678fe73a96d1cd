"""What `.pao.yaml` says of teams reaches actions by PAO's API, as it is published now."""

from __future__ import annotations

import asyncio
import json

import pytest
from pao_actions.exceptions import TemporaryError
from pao_airflow.teams import CatalogTeams

from tests.pao_actions.conftest import Answer

ACCOUNTS = Answer(200, json.dumps({"jira_accounts": {"ops": "ops@example.com"}}).encode())


@pytest.fixture
def api(supervisor, target):
    """The API, which knows one team, by the connection for PAO's own calls."""
    host, _, port = target.url.removeprefix("http://").partition(":")
    known = {"conn_type": "http", "host": host, "port": int(port), "schema": "http", "login": None}
    supervisor.connections["pao_api"] = known | {"password": "service-key"}
    target.answers = [ACCOUNTS]
    return target


def accounts(*names, connection="pao_api"):
    """All that these teams have, asked by actions that run beside one another."""

    async def ask():
        teams = CatalogTeams("default", service_connection=connection)
        return await asyncio.gather(*map(teams.account, names))

    return asyncio.run(ask())


def test_a_team_has_the_account_that_the_catalog_names(api):
    """Asked once for all actions, as the service; a team that it does not name has none."""
    assert ["ops@example.com", None, "ops@example.com"] == accounts("ops", "other", "ops")

    assert "/api/v1/internal/catalogs/default/teams" == api.only.path
    assert "Bearer service-key" == api.only.headers["authorization"]


def test_an_api_that_is_away_is_asked_again_later(api):
    """By the action's own retries: nothing has arrived anywhere."""
    api.answers = [Answer(503, b"{}"), ACCOUNTS]

    with pytest.raises(TemporaryError, match="the accounts of teams can't be looked up: ") as raised:
        accounts("ops")

    assert raised.value.arrived is False
    assert ["ops@example.com"] == accounts("ops")


def test_a_missing_connection_is_named(supervisor):
    """As by every other look-up."""
    with pytest.raises(TemporaryError, match="connection 'pao_api' does not exist"):
        accounts("ops")
