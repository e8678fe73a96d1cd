"""What a reader must not see does not come through, wherever it stands."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict

import pytest
from cryptography.fernet import Fernet

from api_plugin.datamodels.request_logs import LogEntry
from api_plugin.request_logs.entry import Entry
from api_plugin.request_logs.readers import LONGEST_TEXT, Wanted, sealed_texts
from catalog_compiler.sealing import Sealer

AT = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
SEALER = Sealer(Fernet.generate_key().decode())


def entry(**more):
    """What an action wrote."""
    return Entry(**({"at": AT, "level": "info", "source": "action", "message": "m", "action": "a"} | more))


@pytest.mark.parametrize(
    "secret",
    [
        "hunter22", 'with "quotes" and \\', "two\nlines", "ünïcode-🔑", "{{fields.x}}", "${HOME}", "$(id)",
        "'; DROP TABLE x; --", "\u202etfel-ot", "a" * 10_000,
    ],
)  # fmt: skip
def test_sealed_values_are_masked_wherever_they_stand(secret):
    """A library may have written one into a task's log: in a message, in a field, in a key, inside of a structure."""
    stored = {"plain": "visible", "password": SEALER.seal(secret), "deep": {"part": SEALER.seal({"x": [secret]})}}
    wanted = Wanted(operator=True, secrets=sealed_texts(SEALER, [stored]))
    shown = wanted.shown(entry(message=f"got {secret}", data={"a": secret, "b": [{"c": f"<{secret}>"}], secret: 1}))

    assert secret not in json.dumps([shown.message, dict(shown.data)], ensure_ascii=False)
    assert json.dumps(secret, ensure_ascii=False)[1:-1] not in json.dumps(dict(shown.data), ensure_ascii=False)
    assert "got ***" == shown.message


def test_long_texts_are_cut_after_they_are_masked():
    """Half a secret would not be found any more."""
    wanted = Wanted(secrets=("a-secret",))
    text = "x" * (LONGEST_TEXT - 3) + "a-secret and more"
    shown = wanted.shown(entry(message=text, data={"x": text}))

    assert {"x": shown.message} == shown.data
    assert "x" * (LONGEST_TEXT - 3) + "***… (9 more characters)" == shown.message


def test_whatever_was_written_can_be_answered():
    """Halves of characters, numbers that JSON has not, and structures without an end."""
    deep = []
    for _ in range(500):
        deep = [deep]
    shown = Wanted().shown(entry(message="\ud800", data={"\udfff": "x\ud800", "deep": deep, "n": float("nan")}))

    text = LogEntry.model_validate(asdict(shown)).model_dump_json()
    assert '"message":"?"' in text
    assert '{"?":"x?","deep":[[[[[[[[[["…"]]]]]]]]]],"n":"nan"}' in text


def test_a_secret_that_holds_another_is_masked_whole():
    """The longest first."""
    stored = {"a": SEALER.seal("secret"), "b": SEALER.seal("secret-and-more"), "c": SEALER.seal("abc")}

    assert ("secret-and-more", "secret") == sealed_texts(SEALER, [stored])


def test_what_was_sealed_with_a_key_that_is_gone_costs_nothing_else():
    """The log is read all the same."""
    lost = Sealer(Fernet.generate_key().decode()).seal("lost-secret")

    assert ("known-secret",) == sealed_texts(SEALER, [{"a": lost, "b": SEALER.seal("known-secret")}])


@pytest.mark.parametrize("name", ["traceback", "exception", "error_detail", "exc_info", "stack", "said"])
def test_tracebacks_are_for_operators(name):
    """By the names that they have, and by how they begin."""
    text = 'Traceback (most recent call last):\n  File "/opt/pao/x.py"'
    hidden = Wanted().shown(entry(message=f"it failed: {text}", data={name: text, "kept": 1}))

    assert ("it failed:", {"kept": 1}) == (hidden.message, hidden.data)
    assert text == Wanted(operator=True).shown(entry(data={name: text})).data[name]


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (Wanted(), ["info", "warning", "error"]),
        (Wanted(level="debug"), ["debug", "info", "warning", "error"]),
        (Wanted(level="warning"), ["warning", "error"]),
        (Wanted(level="error"), ["error"]),
        (Wanted(action="b"), []),
        (Wanted(attempt=2), []),
    ],
)
def test_a_reader_gets_what_it_asks_for(wanted, seen):
    """Of a level, everything graver as well."""
    found = [wanted.shown(entry(level=level, attempt=1)) for level in ("debug", "info", "warning", "error")]

    assert seen == [each.level for each in found if each]


def test_what_airflow_wrote_is_for_operators():
    """Of any level."""
    written = entry(level="error", source="airflow")

    assert (None, written) == (Wanted().shown(written), Wanted(operator=True).shown(written))
