"""Settings that hold several values in one text: what is wrong with one of them is told by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import TypeVar

ValueT = TypeVar("ValueT")

_POOL = re.compile(r"[A-Za-z0-9_.-]{1,256}", re.ASCII)
_REDIS = re.compile(r"(rediss?|unix)://.")


def calls_by_type(value: object) -> object:
    """`rest-api=200, jira-ticket=10`: for action types, how many calls they make at once; raises ValueError."""
    return _by_type(value, _calls, "10") if isinstance(value, str) else value


def pools_by_type(value: object) -> object:
    """`terraform=terraform_pool`: for action types, the Airflow pool of their tasks; raises ValueError."""
    return _by_type(value, _pool, "terraform_pool") if isinstance(value, str) else value


def redis_address(value: str | None) -> str | None:
    """The URL of a Redis; raises ValueError with a message that holds none of it, since it may hold a password."""
    if value is not None and not _REDIS.match(value):
        raise ValueError("it is no URL of a Redis; write redis://host:6379/0, or rediss:// for TLS")
    return value


def _by_type(text: str, read: Callable[[str, str], ValueT], example: str) -> Mapping[str, ValueT]:
    known = entry_points(group="pao.actions").names
    values: dict[str, ValueT] = {}
    for entry in (each.strip() for each in text.split(",")):
        if not entry:
            continue
        name, sign, value = (part.strip() for part in entry.partition("="))
        if name not in known:
            raise ValueError(f"'{entry}' names no action type; installed are {', '.join(sorted(known))}")
        if not sign or not value:
            raise ValueError(f"'{entry}' has no value; write {name}={example}")
        if name in values:
            raise ValueError(f"'{name}' has two values; write one")
        values[name] = read(name, value)
    return values


def _calls(name: str, value: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", value, re.ASCII):
        raise ValueError(f"'{name}={value}' has no number from 1; write {name}=10")
    return int(value)


def _pool(name: str, value: str) -> str:
    if not _POOL.fullmatch(value):
        raise ValueError(f"'{name}={value}' has no name of a pool; pools have letters, digits, '_', '.' and '-'")
    return value
