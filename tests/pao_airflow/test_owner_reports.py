"""Owners are told of errors in their items, by e-mail or by a call: real servers receive it."""

from __future__ import annotations

import email
import email.policy
import json
import socket

import pytest
from aiosmtpd.controller import Controller
from pao_airflow.owner_reports import NotToldError, letter, subject, tell

from api_plugin.datamodels.internal import OwnerReportAnswer
from tests.pao_actions.conftest import Answer, target  # noqa: F401 - a fixture for these tests too

PROBLEM = {
    "code": "invalid-range", "severity": "error", "message": "min 65 is greater than max <64>",
    "file": "catalog/db.yaml", "line": 12, "column": 9, "pointer": "/a", "item_id": "db", "hint": "swap them",
}  # fmt: skip


def a_report(**values):
    whole = {"owner": "platform-data", "contact": "data@example.com", "problems": [PROBLEM], "digest": "d"}
    return OwnerReportAnswer.model_validate(whole | values)


@pytest.fixture
def mail(monkeypatch):
    """An SMTP server, and the connection `mail` to it; gives the letters that it received."""

    class Inbox:
        def __init__(self):
            self.letters = []

        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the library's name
            parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
            text = parsed.get_body().get_content()
            self.letters.append((envelope.mail_from, envelope.rcpt_tos, parsed["Subject"], text))
            return "250 OK"

    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()

    def connect(**extra):
        extra = {"from_email": "pao@example.com", "disable_ssl": True, "disable_tls": True} | extra
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_MAIL", json.dumps(connection))

    connect()
    inbox.connect = connect
    yield inbox
    controller.stop()


def test_an_owner_gets_a_letter(mail):
    """At their contact, with every error and its place, as text that no mail program takes for markup."""
    assert "data@example.com" == tell("mail", "default", "c0ffee00112233", a_report())

    ((sender, receivers, title, text),) = mail.letters
    assert ("pao@example.com", ["data@example.com"]) == (sender, receivers)
    assert "Catalog 'default': 1 error" == title
    assert "catalog/db.yaml:12:9: error[invalid-range]: min 65 is greater than max &lt;64&gt;" in text
    assert "hint: swap them" in text


@pytest.mark.parametrize("contact", [None, "#team-data", "Data <data@example.com>"])
def test_where_the_contact_is_no_address_the_default_one_gets_it(mail, contact):
    """`to_email` of the connection."""
    mail.connect(to_email="platform@example.com")
    tell("mail", "default", "c0ffee", a_report(contact=contact))

    assert ["platform@example.com"] == mail.letters[0][1]


def test_without_any_address_it_says_where_to_give_one(mail):
    """Nothing is sent."""
    with pytest.raises(NotToldError, match=r"owners\.platform-data\.contact in \.pao\.yaml, or to_email"):
        tell("mail", "default", "c0ffee", a_report(contact=None))

    assert [] == mail.letters


def test_an_http_connection_gets_all_of_it(target, monkeypatch):  # noqa: F811 - the fixture
    """As data, and as a text that chats show."""
    monkeypatch.setenv("AIRFLOW_CONN_TEAMS", json.dumps({"conn_type": "http", "host": f"{target.url}/hooks/catalog"}))
    tell("teams", "default", "c0ffee", a_report())

    received = target.only
    told = json.loads(received.body)
    assert ("POST", "/hooks/catalog") == (received.method, received.path.rstrip("/"))
    assert {"catalog": "default", "commit": "c0ffee", "owner": "platform-data", "contact": "data@example.com"} == {
        key: told[key] for key in ("catalog", "commit", "owner", "contact")
    }
    assert [PROBLEM] == told["problems"]
    assert told["text"].startswith("Catalog 'default': 1 error\n")


def test_a_refusal_is_told(target, monkeypatch):  # noqa: F811 - the fixture
    """With the connection's name and the answer."""
    monkeypatch.setenv("AIRFLOW_CONN_TEAMS", json.dumps({"conn_type": "http", "host": target.url}))
    target.answers = [Answer(403)]

    with pytest.raises(NotToldError, match="platform-data could not be told by 'teams': 403"):
        tell("teams", "default", "c0ffee", a_report())


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        (None, "could not be told by 'teams': .*teams"),
        ({"conn_type": "ssh", "host": "example.com"}, "is of type 'ssh'; owners are told by smtp or http"),
        ({"conn_type": "http", "host": "http://127.0.0.1:9"}, "could not be told by 'teams': "),
        ({"conn_type": "smtp", "host": "127.0.0.1", "port": 9, "extra": {"disable_ssl": True}}, "could not be told by"),
    ],
)
def test_a_connection_that_does_not_serve_is_told(monkeypatch, connection, words):
    """In a sentence."""
    if connection is not None:
        monkeypatch.setenv("AIRFLOW_CONN_TEAMS", json.dumps(connection))

    with pytest.raises(NotToldError, match=words):
        tell("teams", "default", "c0ffee", a_report())


def test_all_is_well_again_is_told_too():
    """Also where no owner is known."""
    assert "Catalog 'default': all is well again" == subject("default", a_report(problems=[]))
    assert "The errors that whoever looks after the catalog was told of are gone at commit c0ffee.\n" == letter(
        "c0ffee", a_report(owner=None, problems=[])
    )
