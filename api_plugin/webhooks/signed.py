"""Checks who sent a webhook: is its sender configured, does the sender vouch for it, is it not somebody's old copy."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request

from api_plugin.bodies import BodyReader, read_content
from api_plugin.clock import utc_now
from api_plugin.exceptions import ApiProblem, conflict, invalid_fields, not_found, unavailable
from api_plugin.state import ApiState
from api_plugin.webhooks.sender import Sender, Vouched

FRESH = dt.timedelta(minutes=5)
"""How far a time that a sender vouches for may be from now; a delivery that is older is somebody's copy."""


class SignedBody(BodyReader[BaseModel]):
    """Base of the dependencies that read what a sender signs.

    Everything that can be refused is refused before the next step costs more.
    """

    def __init__(self, sender: Sender) -> None:
        """Name the sender, whose `Payload` the API's description shows."""
        super().__init__(sender.Payload)
        self.sender = sender

    async def vouched(self, request: Request) -> Vouched | None:
        """What the sender vouches for; None for its unsigned test. Raises 503, 404, 413, 401 or 409."""
        connection = self.sender.secret_connection(request.path_params)
        state: ApiState = request.app.state.pao
        secrets = await state.webhook_secrets.of(connection)
        if secrets is None:
            raise _not_readable(self.sender, connection)
        if not secrets:
            raise _not_configured(self.sender, connection)
        if not any(header in request.headers for header in self.sender.proofs):
            if self.sender.is_unsigned_test(request.headers):
                return None
            raise _not_vouched(self.sender, connection)
        content = await read_content(request)
        vouched = next(filter(None, (self.sender.vouched(request.headers, content, one) for one in secrets)), None)
        if vouched is None:
            raise _not_vouched(self.sender, connection)
        if vouched.at is not None and abs(utc_now() - vouched.at) > FRESH:
            raise replayed()
        return vouched

    async def payload(self, request: Request) -> Any:
        """The body as the sender's `Payload`; raises 415, 400 or 422 where it is not."""
        draft = await self.read(request)
        if draft.faults:
            raise invalid_fields(draft.faults)
        return draft.body

    def digest(self, vouched: Vouched) -> str:
        """Of what is vouched for, by which it is remembered."""
        return hashlib.sha256(f"{self.sender.name}.".encode() + vouched.content).hexdigest()

    def delivery_id(self, headers: Mapping[str, str]) -> str:
        """By which the sender's log knows it; not vouched for."""
        return next((headers[name] for name in self.sender.delivery_ids if name in headers), "")


def replayed(instead: str = "To have the catalog looked at again, call POST /catalog/refresh") -> ApiProblem:
    """409: the same was taken before, so this is somebody's copy, or the sender's `Redeliver`."""
    return conflict(
        "replayed-delivery", f"this delivery was taken before, or is too old; nothing is left to do for it. {instead}"
    )


def _not_readable(sender: Sender, connection: str) -> ApiProblem:
    return unavailable(
        f"the Airflow connection '{connection}', which holds the secret of {sender.title}'s webhooks, can't be "
        "read: a secrets backend is away, or what it holds is no connection. Deliver this again; the log has more"
    )


def _not_configured(sender: Sender, connection: str) -> ApiProblem:
    return not_found(
        f"webhooks of {sender.title} are not set up; make the Airflow connection '{connection}', whose password "
        f"is the secret that {sender.title} is given",
        "webhook-not-configured",
    )


def _not_vouched(sender: Sender, connection: str) -> ApiProblem:
    return ApiProblem(
        401,
        "not-signed-by-host",
        "Not signed by the host",
        f"this is not signed with the secret of {sender.title}'s webhooks; give the webhook the one that the Airflow "
        f"connection '{connection}' holds",
        headers={"WWW-Authenticate": "Webhook"},
    )
