"""Calls GitHub's REST API: signs in, and waits where GitHub wants to be left alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, ActionResult, Connection
from pao_actions.exceptions import ActionError, PermanentError, TemporaryError
from pao_actions.github.answers import refusal
from pao_actions.github.place import Repository, api_base
from pao_actions.github.rate_limits import is_limit, pause
from pao_actions.github.shared import Account, account, shared
from pao_actions.github.sign_in import SignIn, sign_in
from pao_actions.http_answer import SAFE_METHODS, HttpAnswer
from pao_actions.http_call import HttpCall, find_connection, send

API_VERSION = "2022-11-28"
"""The version of the REST API, which github.com and every Enterprise Server that is maintained know."""

_CALL_SECONDS = 30.0
_LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes; a hundred runs with all about their repository are some."""
_MOST_REFUSALS = 8
_UNAUTHORIZED = 401


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHub:
    """One action's way to a repository."""

    base: str
    connection: Connection
    repository: Repository
    context: ActionContext
    account: Account
    sign_in: SignIn

    @classmethod
    async def reach(cls, connection_id: str, repository: str, context: ActionContext) -> GitHub:
        """By a connection; raises PermanentError where that can't be."""
        connection = await find_connection(connection_id, context)
        place = Repository.of(repository, connection)
        return cls(
            base=api_base(connection),
            connection=connection,
            repository=place,
            context=context,
            account=account(connection),
            sign_in=sign_in(connection, place),
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: JsonValue = None,
        query: Mapping[str, JsonValue] | None = None,
        etag: str | None = None,
    ) -> HttpAnswer:
        """Call below the repository, and return whatever is answered but refusals for too many calls.

        With an `etag` the answer is 304 where nothing changed, which GitHub does not count.

        Raises:
            TemporaryError: if no answer came, or GitHub refuses for too long; `arrived` tells of this very call.
            PermanentError: if the sign-in or the target is wrong.
        """
        token, place = await self._token(), self.repository.path + path
        answer = await self._send(method, place, token, body=body, query=query, etag=etag)
        if answer.status == _UNAUTHORIZED and self.sign_in.refused(token):
            answer = await self._send(method, place, await self._token(), body=body, query=query, etag=etag)
        return answer

    async def login(self) -> str | None:
        """Who we are, as runs name their actor; None where GitHub does not tell. Asked once."""
        logins = shared().logins
        if self.account not in logins:
            logins[self.account] = await self.sign_in.login(self._send, self.context)
        return logins[self.account]

    def refusal(self, answer: HttpAnswer, failed: str, *, result: ActionResult | None = None) -> ActionError:
        """The error for an answer that means no success."""
        return refusal(answer, failed, connection=self.connection.id, repository=self.repository, result=result)

    async def _token(self) -> str:
        try:
            return await self.sign_in.token(self._send, self.context)
        except TemporaryError as error:
            # What was to be called was not: only the sign-in may have arrived.
            raise TemporaryError(str(error), arrived=False, retry_after=error.retry_after) from error

    async def _send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        token: str,
        *,
        body: JsonValue = None,
        query: Mapping[str, JsonValue] | None = None,
        etag: str | None = None,
    ) -> HttpAnswer:
        headers = {
            "Accept": "application/vnd.github+json, application/json;q=0.9",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": API_VERSION,
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        if etag is not None:
            headers["If-None-Match"] = etag
        call = HttpCall(
            method=method,
            url=self.base + path,
            timeout=_CALL_SECONDS,
            headers=headers,
            query=query or {},
            body=None if body is None else json.dumps(body).encode(),
            # Of the connection only its certificates and proxy: its password is no basic authentication here.
            connection=self.connection,
            credentials=False,
            keyed=method not in SAFE_METHODS,
            max_answer_bytes=_LARGEST_ANSWER,
            routine=method in SAFE_METHODS,
        )
        return await self._unless_limited(call)

    async def _unless_limited(self, call: HttpCall) -> HttpAnswer:
        """Send, later where GitHub wishes so. A call that it refuses for its limits was not carried out."""
        for refusals in range(_MOST_REFUSALS):
            await self._keep_quiet()
            answer = await send(call, self.context)
            now = self.context.clock.now()
            if seconds := pause(answer, now, refusals):
                until = now + timedelta(seconds=seconds)
                shared().paused_until[self.account] = max(shared().paused_until.get(self.account, until), until)
            if not is_limit(answer):
                return answer
            self.context.log.warning("rate_limited", seconds=round(seconds), status=answer.status)
        raise TemporaryError(
            f"GitHub refused {_MOST_REFUSALS} times in a row for its rate limits, as often as the wait that it asked "
            "for was over; give the connection an account of its own, or fewer requests at once",
            arrived=False,
        )

    async def _keep_quiet(self) -> None:
        while (until := shared().paused_until.get(self.account)) is not None:
            seconds = (until - self.context.clock.now()).total_seconds()
            if seconds <= 0:
                shared().paused_until.pop(self.account, None)
                return
            # Not all at once, when the silence is over.
            await self.context.clock.sleep(seconds + self.context.clock.random() * shared().turn(self.account))


def no_answer(error: PermanentError | TemporaryError) -> bool:
    """Whether an error leaves open what the call did."""
    return error.arrived if isinstance(error, TemporaryError) else error.effect_possible
