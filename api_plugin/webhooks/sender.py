"""What PAO needs to know of whoever signs webhooks: how it signs, and which connection holds the secret."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Payload(BaseModel):
    """Base of what senders send: of all that it holds, only what is needed here is looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, kw_only=True, slots=True)
class Vouched:
    """What a secret vouches for: the same once more is a replay."""

    content: bytes
    at: dt.datetime | None = None
    """When it was sent, where the sender vouches for that too."""


class Sender(ABC):
    """One sender. Header names are looked up without regard to case."""

    name: ClassVar[str]
    """As in the operation's path."""
    title: ClassVar[str]
    Payload: ClassVar[type[BaseModel]]
    """The body of what is taken from it."""
    proofs: ClassVar[tuple[str, ...]]
    """Headers of which one must be there; without them nothing else is looked at."""
    delivery_ids: ClassVar[tuple[str, ...]]
    """Headers that name the delivery in the sender's own log, the first that there is."""

    @abstractmethod
    def secret_connection(self, path: Mapping[str, Any]) -> str:
        """The Airflow connection whose password is the secret that the sender knows, by the operation's path."""

    @abstractmethod
    def vouched(self, headers: Mapping[str, str], body: bytes, secret: str) -> Vouched | None:
        """What the secret vouches for; None where it is not the one that was used."""

    def is_unsigned_test(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 - for senders that have one
        """Whether the sender tries out the address, in a way that it never signs. It is answered, and nothing else."""
        return False


def hex_signature_holds(header: str | None, body: bytes, secret: str) -> bool:
    """Whether `sha256=<hexadecimal>` is the body's HMAC-SHA256, as GitHub, Bitbucket and Jira sign."""
    wanted = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    return same(header, wanted)


def same(given: str | None, wanted: str) -> bool:
    """Whether a header has that value; takes as long for any wrong one."""
    return given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
