"""What PAO needs to know of a git host to take its notices."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from api_plugin.webhooks.pushes import Push


class Payload(BaseModel):
    """Base of what hosts send: of all that it holds, only what is needed here is looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, kw_only=True, slots=True)
class Vouched:
    """What a secret vouches for: the same once more is a replay."""

    content: bytes
    at: dt.datetime | None = None
    """When it was sent, where the host vouches for that too."""


class GitHost(ABC):
    """One host. Header names are looked up without regard to case."""

    name: ClassVar[str]
    """As in the operation's path."""
    title: ClassVar[str]
    Payload: ClassVar[type[BaseModel]]
    """The body of a push."""
    proofs: ClassVar[tuple[str, ...]]
    """Headers of which one must be there; without them nothing else is looked at."""
    delivery_ids: ClassVar[tuple[str, ...]]
    """Headers that name the delivery in the host's own log, the first that there is."""

    @property
    def connection_id(self) -> str:
        """The Airflow connection whose password is the secret that the host knows."""
        return f"pao_{self.name}_webhook"

    @abstractmethod
    def vouched(self, headers: Mapping[str, str], body: bytes, secret: str) -> Vouched | None:
        """What the secret vouches for; None where it is not the one that was used."""

    @abstractmethod
    def is_push(self, headers: Mapping[str, str]) -> bool:
        """Whether the notice is of a push, and not of anything else that the host may tell."""

    def is_unsigned_test(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 - for hosts that have one
        """Whether the host tries out the address, in a way that it never signs. It is answered, and nothing else."""
        return False

    @abstractmethod
    def push(self, payload: Any) -> Push:
        """What was pushed, by a `Payload`."""


def hex_signature_holds(header: str | None, body: bytes, secret: str) -> bool:
    """Whether `sha256=<hexadecimal>` is the body's HMAC-SHA256, as GitHub and Bitbucket sign."""
    wanted = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    return same(header, wanted)


def same(given: str | None, wanted: str) -> bool:
    """Whether a header has that value; takes as long for any wrong one."""
    return given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
