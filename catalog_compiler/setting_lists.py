"""Settings that hold several values in one text: what is wrong with one of them is told by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TypeVar

ValueT = TypeVar("ValueT")

_POOL = re.compile(r"[A-Za-z0-9_.-]{1,256}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_REDIS = re.compile(r"(rediss?|unix)://.")


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedLimits:
    """A limit for each of many things, and others for those of them that are named."""

    each: int | None = None
    named: Mapping[str, int] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self.each is not None or bool(self.named)

    def of(self, *names: str) -> int | None:
        """The limit of a thing by the first of its names that has one; None where there is none."""
        return next((self.named[name] for name in names if name in self.named), self.each)


def calls_by_type(value: object) -> object:
    """`rest-api=200, jira-ticket=10`: for action types, how many calls they make at once; raises ValueError."""
    return _by_type(value, _calls, "10") if isinstance(value, str) else value


EVENTS = ("completed", "failed", "waiting", "overdue")
"""What people can be told of."""


def event_names(value: str) -> str:
    """`failed, overdue`: what people are told of, or `none`; raises ValueError."""
    for name in event_list(value):
        if name not in EVENTS:
            raise ValueError(f"'{name}' is not an event; write some of {', '.join(EVENTS)}, or none")
    return value


def event_list(value: str) -> tuple[str, ...]:
    """The events that such a text names."""
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    return () if names == ("none",) else names


def pools_by_type(value: object) -> object:
    """`terraform=terraform_pool`: for action types, the Airflow pool of their tasks; raises ValueError."""
    return _by_type(value, _pool, "terraform_pool") if isinstance(value, str) else value


def limits_by_name(value: object) -> object:
    """`5, big-database=1`: a limit for each, and others for some by name; raises ValueError."""
    if not isinstance(value, str):
        return value
    each: int | None = None
    named: dict[str, int] = {}
    for entry in _entries(value):
        name, sign, number = (part.strip() for part in entry.rpartition("="))
        if not _NUMBER.fullmatch(number) or (sign and not name):
            raise ValueError(f"'{entry}' has no number from 1; write 5 for each, or name=5 for one")
        if name in named or (not sign and each is not None):
            raise ValueError(f"'{entry}' comes after another value for the same; write one")
        if sign:
            named[name] = int(number)
        else:
            each = int(number)
    return NamedLimits(each=each, named=named)


def priorities_by_role(value: object) -> object:
    """`PAO Operator=10, Batch=-5`: for roles, how much sooner their requests start; raises ValueError."""
    if not isinstance(value, str):
        return value
    priorities: dict[str, int] = {}
    for entry in _entries(value):
        role, _, number = (part.strip() for part in entry.rpartition("="))
        if not role or not _INTEGER.fullmatch(number):
            raise ValueError(f"'{entry}' has no role and whole number; write PAO Operator=10")
        if role in priorities:
            raise ValueError(f"'{role}' has two values; write one")
        priorities[role] = int(number)
    return priorities


def redis_address(value: str | None) -> str | None:
    """The URL of a Redis; raises ValueError with a message that holds none of it, since it may hold a password."""
    if value is not None and not _REDIS.match(value):
        raise ValueError("it is no URL of a Redis; write redis://host:6379/0, or rediss:// for TLS")
    return value


def _by_type(text: str, read: Callable[[str, str], ValueT], example: str) -> Mapping[str, ValueT]:
    known = entry_points(group="pao.actions").names
    values: dict[str, ValueT] = {}
    for entry in _entries(text):
        name, sign, value = (part.strip() for part in entry.partition("="))
        if name not in known:
            raise ValueError(f"'{entry}' names no action type; installed are {', '.join(sorted(known))}")
        if not sign or not value:
            raise ValueError(f"'{entry}' has no value; write {name}={example}")
        if name in values:
            raise ValueError(f"'{name}' has two values; write one")
        values[name] = read(name, value)
    return values


def _entries(text: str) -> list[str]:
    return [entry for each in text.split(",") if (entry := each.strip())]


def _calls(name: str, value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"'{name}={value}' has no number from 1; write {name}=10")
    return int(value)


def _pool(name: str, value: str) -> str:
    if not _POOL.fullmatch(value):
        raise ValueError(f"'{name}={value}' has no name of a pool; pools have letters, digits, '_', '.' and '-'")
    return value
