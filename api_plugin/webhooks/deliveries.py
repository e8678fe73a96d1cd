"""Reads a git host's delivery of a push."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from api_plugin.webhooks.host import GitHost
from api_plugin.webhooks.pushes import Push
from api_plugin.webhooks.signed import SignedBody


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


class SignedDelivery(SignedBody):
    """A dependency that gives a delivery, or None where there is nothing to do for what the host tells."""

    def __init__(self, host: GitHost) -> None:
        """Name the host."""
        super().__init__(host)
        self.host = host

    async def __call__(self, request: Request) -> Delivery | None:
        """The delivery; raises 503, 404, 413, 401, 409, 415, 400 or 422."""
        vouched = await self.vouched(request)
        if vouched is None or not self.host.is_push(request.headers):
            return None
        return Delivery(
            host=self.host,
            id=self.delivery_id(request.headers),
            digest=self.digest(vouched),
            push=self.host.push(await self.payload(request)),
            address=request.client.host if request.client else None,
        )
