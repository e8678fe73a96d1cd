"""Settings that hold several values: what is wrong with one of them is told by its name."""

from __future__ import annotations

import re

import pytest

from catalog_compiler.actions import action_types
from catalog_compiler.setting_lists import calls_by_type, pools_by_type, redis_address

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
