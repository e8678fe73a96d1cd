"""`pao submit`: values typed by the item's form, one request however often the connection breaks."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from api_plugin.store.requests import Request
from tests.api_plugin.commands.conftest import loses_answers


def submitted(deployment):
    deployment.world.session.rollback()
    return deployment.world.session.scalar(select(func.count()).select_from(Request))


def test_an_order_is_taken_with_values_of_the_form_s_types(signed_in, deployment, tmp_path):
    """Numbers, booleans, lists and JSON as such, files with their name."""
    notes = tmp_path / "a note.txt"
    notes.write_text("hello")

    status, out, _ = signed_in(
        "submit", "queue", "-f", "name=orders", "-f", "size=3", "-f", "open=yes", "-f", "why=a=b", "-f",
        "regions=europe,asia", "-f", "pin=12345", "-f", 'settings={"a": [1]}', "-f", f"notes=@{notes}",
        "--format", "json",
    )  # fmt: skip

    assert 0 == status
    request = json.loads(out)
    assert ("queued", "***") == (request["status"], request["fields"]["pin"])
    typed = {name: request["fields"][name] for name in ("name", "size", "open", "why", "regions")}
    assert {"name": "orders", "size": 3, "open": True, "why": "a=b", "regions": ["europe", "asia"]} == typed


def test_people_get_text_with_what_to_do_next(signed_in, deployment):
    """The id, each action, and the command that follows it."""
    status, out, err = signed_in("submit", "queue", "-f", "name=a", "-f", "pin=12345")

    assert 0 == status
    assert out.startswith("queue 1.0.0: queued\n")
    assert "dns     pending" in out
    assert "follow it with: pao status " in err


def test_every_wrong_value_is_told_by_its_field(signed_in, deployment):
    """And nothing is ordered; no traceback, the exit status of a refusal."""
    status, out, err = signed_in("submit", "queue", "-f", "size=99", "-f", "pin=12345")

    assert (3, "") == (status, out)
    lines = err.splitlines()
    assert lines[0].startswith("pao submit: ")
    assert ["name", "size"] == sorted(line.strip().partition(":")[0] for line in lines[1:])
    assert 0 == submitted(deployment)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-f", "nmae=a"], "'nmae' is not a field of this item; did you mean 'name'?"),
        (["-f", "name=a", "-f", "name=b"], "'name' is given 2 times, and takes one value"),
        (["-f", "notes=a.txt"], "'notes' takes a file; write its path behind an @: -f notes=@a.txt"),
        (["-f", "notes=@/no/such"], "'notes': '/no/such' can't be read: No such file or directory"),
        (["-f", "pin"], "'pin' has no value: write -f pin=..., since there is no terminal to ask at"),
        (["--fields", "/no/such"], "'/no/such' can't be read: No such file or directory"),
    ],
)
def test_a_wrong_command_line_is_told_before_anything_is_sent(signed_in, deployment, arguments, said):
    """In a sentence that says what to write."""
    status, out, err = signed_in("submit", "queue", *arguments)

    assert (2, "", f"pao submit: {said}\n") == (status, out, err)
    assert ("POST", "/api/v1/requests") not in deployment.calls


@pytest.mark.parametrize("name", ["values.json", "values.yaml"])
def test_values_come_from_a_file_and_the_command_line_counts_before_it(signed_in, deployment, tmp_path, name):
    """JSON or YAML."""
    file = tmp_path / name
    file.write_text('{"name": "file", "pin": "12345", "size": 2}')

    status, out, _ = signed_in("submit", "queue", "--fields", file, "-f", "size=4", "--format", "json")

    assert 0 == status
    assert ("file", 4) == tuple(json.loads(out)["fields"][name] for name in ("name", "size"))


def test_an_item_that_is_not_there_is_refused_in_the_api_s_words(signed_in, deployment):
    """With the exit status of a refusal, and the problem for programs."""
    status, out, err = signed_in("submit", "nothing", "--format", "json")

    assert 3 == status
    assert 404 == json.loads(out)["status"]
    assert "'nothing'" in err


def test_a_person_is_asked_for_what_is_missing(signed_in, deployment, monkeypatch):
    """In the form's order, secrets hidden, until the API finds nothing missing."""
    asked = []

    def answer(_terminal, question):
        asked.append(question)
        return {"Name": "orders", "Why": "it must be"}[question.partition(" ")[0]]

    def secret(_terminal, question):
        asked.append(f"hidden: {question}")
        return "12345"

    monkeypatch.setattr("api_plugin.commands.terminal.Terminal.can_ask", True)
    monkeypatch.setattr("api_plugin.commands.terminal.Terminal.ask", answer)
    monkeypatch.setattr("api_plugin.commands.terminal.Terminal.ask_secret", secret)

    status, out, _ = signed_in("submit", "queue", "-f", "open=true")

    assert 0 == status, out
    assert ["Name (name, string)", "hidden: Pin (pin, string)", "Why (why, string)"] == asked
    assert 1 == submitted(deployment)


def test_the_command_s_own_retry_makes_no_second_request(signed_in, deployment):
    """The answer got lost after the request was made: the same key gets the first answer again."""
    deployment.breaks.append(loses_answers("POST", "/api/v1/requests", times=2))

    status, _, err = signed_in("submit", "queue", "-f", "name=a", "-f", "pin=12345")

    assert 0 == status, err
    assert 3 == deployment.calls.count(("POST", "/api/v1/requests"))
    assert 1 == submitted(deployment)
