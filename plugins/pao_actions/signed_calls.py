"""Sends the calls of one action, signed in as its config says, wherever redirects lead."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from http import HTTPStatus

from catalog_compiler.actions import ActionContext, Connection
from pao_actions.authentication import Authentication
from pao_actions.http_answer import HttpAnswer
from pao_actions.http_call import HttpCall
from pao_actions.redirects import send_following


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedCalls:
    """What all calls of an action have in common."""

    connection: Connection | None
    authentication: Authentication | None
    context: ActionContext

    async def send(self, call: HttpCall, *, accepted: Collection[int] = ()) -> HttpAnswer:
        """Send it, and once more with a new token where the target did not accept the one that was kept."""
        header = await self.authentication.header(self.connection, self.context) if self.authentication else None
        answer = await send_following(_with(call, header), self.context, accepted=accepted)
        refused = answer.status == HTTPStatus.UNAUTHORIZED and HTTPStatus.UNAUTHORIZED not in accepted
        if self.authentication is None or header is None or not refused or answer.acted:
            return answer
        renewed = await self.authentication.renewed_header(header, self.connection, self.context)
        if renewed is None:
            return answer
        return await send_following(_with(call, renewed), self.context, accepted=accepted)


def _with(call: HttpCall, header: str | None) -> HttpCall:
    return call if header is None else replace(call, headers={**call.headers, "Authorization": header})
