"""A Slack, a Teams and a mail server with memories, and the connections by which the stack finds them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.mail import LOGIN, PASSWORD, FakeMail, fake_mail
from tests.fakes.slack import TOKEN, FakeSlack, fake_slack
from tests.fakes.teams import FakeTeams, fake_teams
from tests.live.airflow_api import AirflowApi


@dataclass(frozen=True, kw_only=True)
class MessageTargets:
    """Where messages go."""

    slack: FakeSlack
    teams: FakeTeams
    mail: FakeMail

    @classmethod
    @contextmanager
    def serving(cls, folder: Path) -> Iterator[MessageTargets]:
        """Serve them; the mail server's certificates are made in the folder."""
        with fake_slack() as slack, fake_teams() as teams, fake_mail(folder) as mail:
            yield cls(slack=slack, teams=teams, mail=mail)

    def connect(self, airflow: AirflowApi) -> None:
        """Make the connections by which actions find them, under the names that items use."""
        where = json.dumps({"base_url": f"{self.slack.url}/api"})
        airflow.connection("messages_slack", "slack", password=TOKEN, extra=where)
        airflow.connection("messages_teams", "http", password=self.teams.url)
        how = {"from_email": "platform@example.com", "disable_ssl": True, "verify": str(self.mail.authority)}
        airflow.connection(
            "messages_smtp",
            "smtp",
            host="127.0.0.1",
            port=self.mail.ports["starttls"],
            login=LOGIN,
            password=PASSWORD,
            extra=json.dumps(how),
        )
