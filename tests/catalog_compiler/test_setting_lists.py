"""Settings that hold several values: what is wrong with one of them is told by its name."""

from __future__ import annotations

import re

import pytest

from catalog_compiler.actions import action_types
from catalog_compiler.setting_lists import (
    NamedLimits,
    calls_by_type,
    limits_by_name,
    pools_by_type,
    priorities_by_role,
    redis_address,
)

INSTALLED = ", ".join(action_types())


def test_values_are_read_by_action_type():
    """Spaces and empty entries do not matter."""
    assert {"rest-api": 200, "webhook": 10} == calls_by_type(" rest-api = 200,webhook=10 ,, ")
    assert {"webhook": "slow_things"} == pools_by_type("webhook=slow_things")
    assert {} == calls_by_type("")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rest_api=1", f"'rest_api=1' names no action type; installed are {INSTALLED}"),
        ("=1", f"'=1' names no action type; installed are {INSTALLED}"),
        ("200", f"'200' names no action type; installed are {INSTALLED}"),
        ("rest-api", "'rest-api' has no value; write rest-api=10"),
        ("rest-api=", "'rest-api=' has no value; write rest-api=10"),
        ("rest-api=0", "'rest-api=0' has no number from 1; write rest-api=10"),
        ("rest-api=-1", "'rest-api=-1' has no number from 1; write rest-api=10"),
        ("rest-api=1.5", "'rest-api=1.5' has no number from 1; write rest-api=10"),
        ("rest-api=many", "'rest-api=many' has no number from 1; write rest-api=10"),
        ("rest-api=1=2", "'rest-api=1=2' has no number from 1; write rest-api=10"),
        ("rest-api=1, rest-api=2", "'rest-api' has two values; write one"),
    ],
)
def test_a_wrong_limit_is_named(text, message):
    """Among others that are right."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        calls_by_type(f"webhook=1, {text}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("webhook", "'webhook' has no value; write webhook=terraform_pool"),
        (
            "webhook=a pool",
            "'webhook=a pool' has no name of a pool; pools have letters, digits, '_', '.' and '-'",
        ),
    ],
)
def test_a_wrong_pool_is_named(text, message):
    """As Airflow names them."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pools_by_type(text)


@pytest.mark.parametrize("url", ["redis://redis:6379/0", "rediss://:secret@redis/1", "unix:///run/redis.sock", None])
def test_the_address_of_a_redis_is_taken(url):
    """With TLS, a password or a socket."""
    assert url == redis_address(url)


@pytest.mark.parametrize("url", ["redis:6379", "http://:hunter22@redis", "hunter22"])
def test_another_address_is_refused_without_telling_it(url):
    """It may hold a password."""
    with pytest.raises(ValueError, match=r"^it is no URL of a Redis; write redis://host:6379/0, or rediss:// for TLS$"):
        redis_address(url)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", NamedLimits(each=5)),
        (" big=2 , 5,staging.big = 1,", NamedLimits(each=5, named={"big": 2, "staging.big": 1})),
        ("key:ci=50", NamedLimits(named={"key:ci": 50})),
        ("a=b@example.com=7", NamedLimits(named={"a=b@example.com": 7})),
        ("", NamedLimits()),
    ],
)
def test_limits_are_read_for_each_and_by_name(text, expected):
    """In any order."""
    assert expected == limits_by_name(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "'0' has no number from 1; write 5 for each, or name=5 for one"),
        ("many", "'many' has no number from 1; write 5 for each, or name=5 for one"),
        ("big=", "'big=' has no number from 1; write 5 for each, or name=5 for one"),
        ("=5", "'=5' has no number from 1; write 5 for each, or name=5 for one"),
        ("big=-1", "'big=-1' has no number from 1; write 5 for each, or name=5 for one"),
        ("5, 6", "'6' comes after another value for the same; write one"),
        ("big=5, big=6", "'big=6' comes after another value for the same; write one"),
    ],
)
def test_a_wrong_limit_by_name_is_named(text, message):
    """Among others that are right."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        limits_by_name(f"small=1, {text}")


def test_the_first_name_that_has_a_limit_counts():
    """Else the limit for each does."""
    limits = NamedLimits(each=5, named={"big": 2, "staging.big": 1})

    assert (1, 2, 5) == (limits.of("staging.big", "big"), limits.of("default.big", "big"), limits.of("small"))
    assert (True, True, False) == (limits.any, NamedLimits(named={"a": 1}).any, NamedLimits().any)
    assert NamedLimits(named={"a": 1}).of("b") is None


def test_priorities_are_read_by_role():
    """Names of roles have spaces; a priority may be below that of all others."""
    assert {"PAO Operator": 10, "Batch": -5} == priorities_by_role("PAO Operator=10, Batch = -5")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PAO Operator", "'PAO Operator' has no role and whole number; write PAO Operator=10"),
        ("=5", "'=5' has no role and whole number; write PAO Operator=10"),
        ("Batch=1.5", "'Batch=1.5' has no role and whole number; write PAO Operator=10"),
        ("Batch=1, Batch=2", "'Batch' has two values; write one"),
    ],
)
def test_a_wrong_priority_is_named(text, message):
    """Among others that are right."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        priorities_by_role(f"Admin=1, {text}")
