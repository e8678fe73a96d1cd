"""Reads a delivery of a git host: is it configured, does the host vouch for it, is it of a push."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel
from starlette.requests import Request

from api_plugin.bodies import BodyReader, read_content
from api_plugin.clock import utc_now
from api_plugin.exceptions import ApiProblem, conflict, invalid_fields, not_found, unavailable
from api_plugin.state import ApiState
from api_plugin.webhooks.host import GitHost, Vouched
from api_plugin.webhooks.pushes import Push

FRESH = dt.timedelta(minutes=5)
"""How far a time that a host vouches for may be from now; a delivery that is older is somebody's copy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A push that is told by the host itself."""

    host: GitHost
    id: str
    """By which the host's log knows it; not vouched for."""
    digest: str
    """Of what is vouched for."""
    push: Push
    address: str | None


class SignedDelivery(BodyReader[BaseModel]):
    """A dependency that gives a delivery, or None where there is nothing to do for what the host tells.

    Everything that can be refused is refused before the next step costs more.
    """

    def __init__(self, host: GitHost) -> None:
        """Name the host, whose `Payload` the API's description shows."""
        super().__init__(host.Payload)
        self.host = host

    async def __call__(self, request: Request) -> Delivery | None:
        """The delivery; raises 503, 404, 413, 401, 409, 415, 400 or 422."""
        state: ApiState = request.app.state.pao
        secrets = await state.webhook_secrets.of(self.host.connection_id)
        if secrets is None:
            raise _not_readable(self.host)
        if not secrets:
            raise _not_configured(self.host)
        if not any(header in request.headers for header in self.host.proofs):
            if self.host.is_unsigned_test(request.headers):
                return None
            raise _not_vouched(self.host)
        content = await read_content(request)
        vouched = _vouched(self.host, request.headers, content, secrets)
        if vouched.at is not None and abs(utc_now() - vouched.at) > FRESH:
            raise replayed()
        if not self.host.is_push(request.headers):
            return None
        return Delivery(
            host=self.host,
            id=next((request.headers[name] for name in self.host.delivery_ids if name in request.headers), ""),
            digest=hashlib.sha256(f"{self.host.name}.".encode() + vouched.content).hexdigest(),
            push=await self._push(request),
            address=request.client.host if request.client else None,
        )

    async def _push(self, request: Request) -> Push:
        draft = await self.read(request)
        if draft.faults:
            raise invalid_fields(draft.faults)
        return self.host.push(draft.body)


def replayed() -> ApiProblem:
    """409: the same was taken before, so this is somebody's copy, or the host's `Redeliver`."""
    return conflict(
        "replayed-delivery",
        "this delivery was taken before, or is too old; nothing is left to do for it. To have the catalog looked at "
        "again, call POST /catalog/refresh",
    )


def _vouched(host: GitHost, headers: Mapping[str, str], content: bytes, secrets: tuple[str, ...]) -> Vouched:
    for secret in secrets:
        if (vouched := host.vouched(headers, content, secret)) is not None:
            return vouched
    raise _not_vouched(host)


def _not_readable(host: GitHost) -> ApiProblem:
    return unavailable(
        f"the Airflow connection '{host.connection_id}', which holds the secret of {host.title}'s webhooks, can't be "
        "read: a secrets backend is away, or what it holds is no connection. Deliver this again; the log has more"
    )


def _not_configured(host: GitHost) -> ApiProblem:
    return not_found(
        f"webhooks of {host.title} are not set up; make the Airflow connection '{host.connection_id}', whose password "
        f"is the secret that {host.title} is given",
        "webhook-not-configured",
    )


def _not_vouched(host: GitHost) -> ApiProblem:
    return ApiProblem(
        401,
        "not-signed-by-host",
        "Not signed by the host",
        f"this is not signed with the secret of {host.title}'s webhooks; give the webhook the one that the Airflow "
        f"connection '{host.connection_id}' holds",
        headers={"WWW-Authenticate": "Webhook"},
    )
