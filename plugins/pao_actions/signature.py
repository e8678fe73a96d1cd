"""Signatures of webhooks: an HMAC of the exact body, with a time against replay, or the form of Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from catalog_compiler.actions import ActionContext, ConfigProblem, Connection
from pao_actions.exceptions import PermanentError
from pao_actions.http_checks import is_header_name

STANDARD_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
"""The headers of Standard Webhooks (standardwebhooks.com, version 1)."""

_PREFIX = "whsec_"
_SHORTEST_KEY, _LONGEST_KEY = 24, 64


class Signature(BaseModel):
    """How the body is signed, with the password of the Airflow connection `secret_ref` as the key.

    `hmac` sends `<algorithm>=<hex>` in `header`: an HMAC of the exact body, or of `<timestamp>.<body>` where
    `timestamp_header` names a header for the time. `standard` sends what Standard Webhooks says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["hmac", "standard"] = "hmac"
    """`hmac`, or `standard` for Standard Webhooks: id, time and body signed with SHA-256."""
    algorithm: Literal["sha256", "sha512"] = "sha256"
    """The hash of the HMAC."""
    secret_ref: str
    """An Airflow connection whose password is the key; `whsec_` and base64 for `standard`."""
    header: str = "X-Signature"
    """The header that carries the signature."""
    timestamp_header: str | None = None
    """A header for the time in Unix seconds, which is signed too, so that an old message can't be sent again."""

    def headers(self, secret: Connection, body: bytes, context: ActionContext) -> dict[str, str]:
        """The headers that sign this body now.

        Raises:
            PermanentError: if the connection has no password, or none that can be a key.
        """
        if not secret.password:
            raise PermanentError(
                f"connection '{self.secret_ref}' has no password to sign with; set it to the shared secret"
            )
        time = str(int(context.clock.now().timestamp()))
        if self.format == "standard":
            return self._standard(secret.password, time, body, context)
        signed = body if self.timestamp_header is None else f"{time}.".encode() + body
        digest = hmac.new(secret.password.encode("utf-8"), signed, self.algorithm).hexdigest()
        timed = {} if self.timestamp_header is None else {self.timestamp_header: time}
        return {**timed, self.header: f"{self.algorithm}={digest}"}

    def _standard(self, password: str, time: str, body: bytes, context: ActionContext) -> dict[str, str]:
        # The same for every try of one message, so that a receiver knows it again.
        message = f"msg_{context.idempotency_key}"
        digest = hmac.digest(self._key(password), f"{message}.{time}.".encode() + body, "sha256")
        values = (message, time, f"v1,{base64.b64encode(digest).decode('ascii')}")
        return dict(zip(STANDARD_HEADERS, values, strict=True))

    def _key(self, password: str) -> bytes:
        try:
            key = base64.b64decode(password.strip().removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
            raise PermanentError(
                f"the password of connection '{self.secret_ref}' is no secret of Standard Webhooks; set it to "
                f"'{_PREFIX}' and the base64 of {_SHORTEST_KEY} to {_LONGEST_KEY} random bytes"
            )
        return key


def signature_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """What is wrong with the `signature` of a raw config, beyond what its model says."""
    signature = config.get("signature")
    if not isinstance(signature, Mapping):
        return
    names = {key: signature[key] for key in ("header", "timestamp_header") if signature.get(key) is not None}
    if signature.get("format") == "standard":
        yield from _ignored(signature, names)
        taken = frozenset(STANDARD_HEADERS)
    else:
        for key, name in names.items():
            if not is_header_name(name):
                yield ConfigProblem(
                    path=("signature", key),
                    message=f"'{name}' is not a header's name",
                    hint="write letters, digits and hyphens, as in X-Signature",
                )
        header = str(signature.get("header", "X-Signature")).lower()
        if header == str(signature.get("timestamp_header")).lower():
            yield ConfigProblem(
                path=("signature", "timestamp_header"),
                message="the time and the signature can't be in the same header",
                hint="write for example 'timestamp_header: X-Timestamp'",
            )
        taken = frozenset({header, str(signature.get("timestamp_header")).lower()})
    headers = config.get("headers")
    for name in headers if isinstance(headers, Mapping) else ():
        if str(name).lower() in taken:
            yield ConfigProblem(path=("headers", name), message=f"'{name}' is set by the signature", hint="take it out")


def _ignored(signature: Mapping[str, Any], names: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    for key in names:
        yield ConfigProblem(
            path=("signature", key),
            message=f"'{key}' has no effect with 'format: standard', which has headers of its own",
            hint=f"take it out; the headers are {', '.join(STANDARD_HEADERS)}",
        )
    if signature.get("algorithm", "sha256") != "sha256":
        yield ConfigProblem(
            path=("signature", "algorithm"), message="Standard Webhooks sign with sha256", hint="take 'algorithm' out"
        )
