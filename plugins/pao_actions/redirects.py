"""Follows redirects: within the target's own origin, and to those that the connection's `redirect_origins` allows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit, urlunsplit

from catalog_compiler.actions import ActionContext
from pao_actions.connection_options import ConnectionOptions, connection_options
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.http_answer import SAFE_METHODS, HttpAnswer
from pao_actions.http_call import HttpCall, send
from pao_actions.http_connection import origin, split_url

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SEE_OTHER = 303
_SAME_REQUEST = frozenset({307, 308})
_OF_A_BODY = ("content-type", "content-encoding", "content-language", "content-location")


async def send_following(call: HttpCall, context: ActionContext, *, accepted: Collection[int] = ()) -> HttpAnswer:
    """Send the request and go where the target points to; a status in `accepted` is an answer, not a redirect.

    A POST that is answered 301 or 302, and what is answered 303, goes on as a GET, as everywhere; all else stays the
    request that it is.

    Raises:
        TemporaryError: as `send`; it may have arrived where an earlier place took the request.
        PermanentError: as `send`, and for a redirect that must not be followed: the message names its place.
    """
    options = connection_options(call.connection)
    acted, followed = False, 0
    while True:
        try:
            answer = await send(call, context)
        except TemporaryError as error:
            error.arrived = error.arrived or acted
            raise
        if answer.status in accepted or answer.status not in _REDIRECTS or not answer.headers.get("Location"):
            return replace(answer, acted=acted)
        followed += 1
        redirect = _Redirect(answer=answer, acted=acted, options=options, secret_path=call.shown_as is not None)
        if followed > options.most_redirects:
            raise redirect.refused(
                f"connection '{call.connection.id}' has redirects followed no further"
                if call.connection and options.most_redirects == 0
                else f"it is redirect number {followed}, and no more than {options.most_redirects} are followed"
            )
        acted = acted or (answer.status not in _SAME_REQUEST and call.method not in SAFE_METHODS)
        call = redirect.next_call(call)
        context.log.info("redirect_followed", status=answer.status, method=call.method, place=redirect.shown)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Redirect:
    """One answer that points elsewhere."""

    answer: HttpAnswer
    acted: bool
    options: ConnectionOptions
    secret_path: bool

    @property
    def place(self) -> str:
        """Where it points to, whole, without a login."""
        parts = urlsplit(self._joined)
        own = split_url(self.answer.url)
        # A login in the item's own URL goes on within its origin; one that a target invents goes nowhere.
        login = own.netloc.rpartition("@")[0] if origin(self._joined) == origin(self.answer.url) else ""
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, f"{login}@{host}" if login else host, parts.path, parts.query, ""))

    @property
    def shown(self) -> str:
        """The place for messages: without a query, which may hold secrets, and a path that is one."""
        parts = urlsplit(self._joined)
        path = "" if self.secret_path else parts.path
        return self.answer.mask(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}")[:300]

    @property
    def _joined(self) -> str:
        try:
            joined = urljoin(self.answer.url, self.answer.headers["Location"])
            split_url(joined)
        except (ValueError, PermanentError) as error:
            raise PermanentError(
                f"{self.answer.target} answered {self.answer.status}, a redirect to an address that can't be read; "
                "write the final address into the item",
                effect_possible=self._effect_possible,
            ) from error
        return joined

    @property
    def _effect_possible(self) -> bool:
        return self.acted or self.answer.effect_possible

    def refused(self, reason: str, otherwise: str = "") -> PermanentError:
        """The error that names the place and why it is not gone to; `otherwise` is what else can be done."""
        return PermanentError(
            f"{self.answer.target} answered {self.answer.status}, a redirect to {self.shown}, which is not followed: "
            f"{reason}; write the final address into the item{otherwise}",
            effect_possible=self._effect_possible,
        )

    def next_call(self, call: HttpCall) -> HttpCall:
        """The call to make there."""
        status = self.answer.status
        becomes_get = call.method not in ("GET", "HEAD") and (
            status == _SEE_OTHER or (status not in _SAME_REQUEST and call.method == "POST")
        )
        if becomes_get and not call.may_become_get:
            raise self.refused(f"a {status} would make a GET of it, and a GET delivers no message")
        place = self.place
        if becomes_get:
            headers = {name: value for name, value in call.headers.items() if name.lower() not in _OF_A_BODY}
            call = replace(call, method="GET", body=None, headers=headers, keyed=False)
        if origin(place) != origin(self.answer.url):
            return self._elsewhere(call, place)
        return replace(call, url=place, query={})

    def _elsewhere(self, call: HttpCall, place: str) -> HttpCall:
        if origin(place) not in {origin(allowed) for allowed in self.options.redirect_origins}:
            parts = urlsplit(place)
            raise self.refused(
                "it leads to another place, where credentials must not go",
                f", or have the operator add {parts.scheme}://{parts.netloc} to 'redirect_origins' in the connection's "
                "extra",
            )
        if call.body is not None:
            raise self.refused("it leads to another place, and a body is not sent there")
        accept = {name: value for name, value in call.headers.items() if name.lower() == "accept"}
        return replace(call, url=place, query={}, headers=accept, credentials=False, keyed=False)
