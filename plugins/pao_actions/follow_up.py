"""What follows on the first answer of a `rest-api` action: looks at what goes on, and the call that stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urljoin, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from catalog_compiler.actions import Vault
from catalog_compiler.sealing import SealError
from pao_actions.answer_places import expanded, led_by_answer
from pao_actions.connection_options import connection_options
from pao_actions.exceptions import PermanentError
from pao_actions.header_text import HeaderText
from pao_actions.http_answer import HttpAnswer
from pao_actions.http_call import HttpCall
from pao_actions.http_connection import absolute_url, origin
from pao_actions.polling import Poll
from pao_actions.request_body import content_type, encoded_body, with_content_type
from pao_actions.signed_calls import SignedCalls


class CancelCall(BaseModel):
    """The call that stops the work outside when a person stops the action while it is followed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, Field(min_length=1)] | None = None
    """What is called, with places as in `poll`; by default the first answer's `Operation-Location` or `Location`."""
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    """The HTTP method."""
    headers: dict[str, HeaderText] = {}
    """Headers; by default those of the call, without the ones of its body."""
    body: JsonValue = None
    """The body as a structure, written as JSON or as a form."""

    def payload(self) -> bytes | None:
        """The exact bytes of the body, or None without one."""
        return None if self.body is None else encoded_body(self.body, content_type(self.headers))


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """What is stored of a call that was answered, so that a restart goes on with it."""

    since: datetime
    base: str
    """Where the answer came from, without query and login."""
    places: dict[str, str]
    """What the answer held for the places of URLs; stored sealed, since it may be a link with a signature."""
    outputs: dict[str, JsonValue]
    """Those that are not secret."""

    @classmethod
    def stored(cls, state: Mapping[str, JsonValue], vault: Vault) -> Begun | None:
        """What the state holds; None where the call was not answered yet.

        Raises:
            PermanentError: if the key is gone with which it was sealed.
        """
        begun = state.get("begun")
        if not isinstance(begun, dict):
            return None
        try:
            return _BEGUN.validate_python({**begun, "places": vault.open(begun["places"])})
        except SealError as error:
            raise PermanentError(str(error), effect_possible=True) from error

    @staticmethod
    def stored_outputs(state: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """The outputs that the state holds."""
        begun = state.get("begun")
        outputs = begun.get("outputs") if isinstance(begun, dict) else None
        return outputs if isinstance(outputs, dict) else {}

    def state(self, vault: Vault) -> dict[str, JsonValue]:
        """The state to store."""
        begun = _BEGUN.dump_python(self, mode="json")
        return {"begun": {**begun, "places": vault.seal(begun["places"])}}


_BEGUN = TypeAdapter(Begun)


STOPPED = frozenset({404, 409, 410})
"""Statuses by which a target says that there is nothing left to stop."""

_OF_A_BODY = ("content-type", "content-encoding", "content-language")


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowUp:
    """Sends the calls that follow on an answer, with the action's own credentials where they may go."""

    calls: SignedCalls
    url: str
    """The action's own URL, as its config has it."""
    headers: Mapping[str, str]
    """The action's own headers."""
    timeout: float
    """Seconds for one call."""

    async def look(self, begun: Begun, poll: Poll) -> HttpAnswer:
        """Look at what goes on. No line in the log, since there are many looks."""
        return await self._send(begun, poll.url, self._call(poll.method, poll.headers, routine=True), poll.statuses())

    async def stop(self, begun: Begun, cancel: CancelCall) -> HttpAnswer:
        """Ask the target to stop it."""
        call = self._call(cancel.method, cancel.headers, routine=False)
        if (body := cancel.payload()) is not None:
            call = replace(call, body=body, headers=with_content_type(call.headers))
        return await self._send(begun, cancel.url, call, STOPPED)

    def _call(self, method: str, headers: Mapping[str, str], *, routine: bool) -> HttpCall:
        own = {name: value for name, value in self.headers.items() if name.lower() not in _OF_A_BODY}
        return HttpCall(
            method=method,
            url="",
            timeout=self.timeout,
            headers=dict(headers) or own,
            connection=self.calls.connection,
            keyed=False,
            routine=routine,
        )

    async def _send(self, begun: Begun, url: str | None, call: HttpCall, accepted: frozenset[int]) -> HttpAnswer:
        """Send to the URL with its places filled in; one that the answer gave goes no further than redirects may."""
        place = expanded(url, begun.places, begun.base)
        if not urlsplit(place).scheme and self.calls.connection is None:
            place = urljoin(begun.base, place)
        call = replace(call, url=place)
        own = absolute_url(self.url.strip(), self.calls.connection)
        if led_by_answer(url) and origin(place) != origin(own):
            allowed = connection_options(self.calls.connection).redirect_origins
            parts = urlsplit(place)
            shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            if origin(place) not in {origin(entry) for entry in allowed}:
                raise PermanentError(
                    f"the answer says to go on at {shown}{parts.path}, which is another place than the action calls, "
                    f"and credentials must not go there; have the operator add {shown} to 'redirect_origins' in the "
                    "connection's extra",
                    effect_possible=True,
                )
            accept = {name: value for name, value in call.headers.items() if name.lower() == "accept"}
            call = replace(call, headers=accept, credentials=False)
            return await replace(self.calls, authentication=None).send(call, accepted=accepted)
        return await self.calls.send(call, accepted=accepted)


def without_secrets(url: str) -> str:
    """The URL without login, query and fragment: what may be stored of it."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
