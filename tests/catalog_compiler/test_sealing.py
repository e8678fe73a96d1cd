"""Secrets are sealed before they are stored: opened with the right key alone, and shown to nobody."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet

from catalog_compiler.sealing import MASK, Sealer, SealError, is_sealed, masked


@pytest.fixture
def key():
    return Fernet.generate_key().decode()


@pytest.mark.parametrize("value", ["hunter22", "", "é\ud800", 7, 0.5, True, None, [1, ["a"]], {"a": {"b": None}}])
def test_a_sealed_value_comes_back_as_it_was(key, value):
    """Whatever JSON holds."""
    sealed = Sealer(key).seal(value)

    assert is_sealed(json.loads(json.dumps(sealed)))
    assert value == Sealer(key).open(sealed)


def test_a_sealed_value_shows_nothing_of_itself(key):
    """And the same one looks different each time."""
    first, second = (json.dumps(Sealer(key).seal("hunter22")) for _ in range(2))

    assert "hunter22" not in first
    assert first != second


@pytest.mark.parametrize("value", ["text", 7, None, [], {}, {"a": 1}, {"$sealed": "x", "a": 1}])
def test_a_plain_value_is_left_alone(key, value):
    """Fields are opened all alike."""
    assert value == Sealer(key).open(value)


def test_keys_can_be_rotated(key):
    """The first one seals, all of them open."""
    new = Fernet.generate_key().decode()
    old_sealed = Sealer(key).seal("a")
    both = Sealer(f" {new} , {key},")

    assert "a" == both.open(old_sealed)
    assert "b" == Sealer(new).open(both.seal("b"))
    with pytest.raises(SealError):
        Sealer(key).open(both.seal("b"))


@pytest.mark.parametrize("token", ["", "x", "gAAAAA", "é", None, 7, ["a"]])
def test_what_no_key_opens_says_what_to_do(key, token):
    """Sealed with a key that is gone, or tampered with."""
    with pytest.raises(SealError, match=r"add it to \[pao\] fernet_key"):
        Sealer(key).open({"$sealed": token})


@pytest.mark.parametrize("keys", ["", " , ", "short", "x" * 44])
def test_a_wrong_key_is_refused_at_once(keys):
    """Not only when the first secret comes."""
    with pytest.raises(ValueError, match=r"\[pao\] fernet_key"):
        Sealer(keys)


def test_people_see_a_mask(key):
    """Of sealed values alone."""
    assert {"a": 1, "b": MASK, "c": {"$sealed": "x", "d": 1}} == masked(
        {"a": 1, "b": Sealer(key).seal("hunter22"), "c": {"$sealed": "x", "d": 1}}
    )


def test_a_part_of_an_output_is_sealed_by_itself(key):
    """So that people see the rest of it."""
    outputs = {"outputs": {"host": "db-1", "password": "hunter22"}, "token": {"a": "b"}, "id": "with-x", "n": [1]}
    secret = {"outputs.password", "token"}

    stored = Sealer(key).seal_outputs(outputs, lambda name, value: name in secret or value == "with-x")

    assert {"outputs": {"host": "db-1", "password": MASK}, "token": MASK, "id": MASK, "n": [1]} == masked(stored)
    assert outputs == Sealer(key).open_outputs(stored)


@pytest.mark.parametrize("value", [{"$sealed": "x"}, {"a": {"$sealed": "x"}, "b": 1}])
def test_an_output_that_looks_sealed_is_given_back_as_it_was(key, value):
    """It is a target's own text, and no key opens it."""
    stored = Sealer(key).seal_outputs({"a": value}, lambda _name, _value: False)

    assert {"a": value} == Sealer(key).open_outputs(stored)
