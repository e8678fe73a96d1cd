"""The four channels, each with a server that stands for the real one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from api_plugin.configuration import settings
from tests.fakes.faulty_server import Faults, Reply, serving
from tests.fakes.mail import LOGIN, PASSWORD, fake_mail
from tests.fakes.slack import TOKEN, fake_slack
from tests.fakes.teams import fake_teams

KEY = "the secret that both sides know"


@dataclass
class Places:
    """Where messages arrive. `hook.calls` are what the webhook got."""

    mail: Any
    slack: Any
    teams: Any
    hook: Faults


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """One of each."""
    hook = Faults()
    with (
        fake_mail(tmp_path_factory.mktemp("mail")) as mail,
        fake_slack() as slack,
        fake_teams() as teams,
        serving(lambda _: Reply(204), hook) as address,
    ):
        yield Places(mail=mail, slack=slack, teams=teams, hook=hook), address


@pytest.fixture
def places(servers, monkeypatch):
    """The same, empty, with their connections and settings."""
    found, address = servers
    found.mail.clear()
    for each in (found.slack.messages, found.teams.cards, found.hook.calls, found.slack.calls, found.teams.calls):
        each.clear()
    made = {
        "mail": {
            "conn_type": "smtp", "host": "127.0.0.1", "port": found.mail.ports["starttls"], "login": LOGIN,
            "password": PASSWORD,
            "extra": {"from_email": "pao@example.com", "disable_ssl": True, "verify": str(found.mail.authority)},
        },
        "slack": {"conn_type": "http", "password": TOKEN, "extra": {"base_url": f"{found.slack.url}/api"}},
        "teams": {"conn_type": "http", "password": found.teams.url},
        "hook": {"conn_type": "http", "host": f"{address}/pao", "password": KEY},
    }  # fmt: skip
    for name, connection in made.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_TOLD_BY_{name.upper()}", json.dumps(connection))
    for channel, name in (("EMAIL", "mail"), ("SLACK", "slack"), ("TEAMS", "teams"), ("WEBHOOK", "hook")):
        monkeypatch.setenv(f"AIRFLOW__PAO__NOTIFY_{channel}_CONNECTION", f"told_by_{name}")
    monkeypatch.setenv("AIRFLOW__PAO__ALLOW_PRIVATE_ADDRESSES", "True")
    settings.cache_clear()
    yield found
    settings.cache_clear()
