"""Speaks Jira's REST API as a connection says: v3 of Jira Cloud, v2 of Jira Data Center."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, Connection
from pao_actions.connection_options import OPTIONS
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.http_answer import HttpAnswer, excerpt
from pao_actions.http_call import HttpCall, find_connection, send
from pao_actions.http_connection import base_url
from pao_actions.jira.exceptions import InvalidRequestError, NotThereError, SignInError
from pao_actions.jira.memory import LoopMemory

CALL_SECONDS = 30.0
"""For one call; Jira gives up on most of its own work before."""

_MAX_ANSWER_BYTES = 8 * 1024 * 1024
_KNOWN_FOR_SECONDS = 600.0
_TEMPORARY = frozenset({HTTPStatus.REQUEST_TIMEOUT})
_NOT_DONE = frozenset({HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers that say that nothing was done, so that the call can be sent again whatever it was."""
_TOKEN_KEYS = ("token", "access_token", "personal_access_token")

_kinds: LoopMemory[bool] = LoopMemory(_KNOWN_FOR_SECONDS)
"""Whether a connection leads to Jira Cloud, where only Jira itself could tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JiraClient:
    """One Jira, as one user; made for one attempt."""

    connection: Connection
    """With what signs in among its headers."""
    base: str
    site: str
    """The address of its pages for people."""
    cloud: bool
    context: ActionContext
    routine: bool = False
    """Whether its calls are of many alike, which the log says nothing of."""

    @property
    def api(self) -> str:
        """The path of the REST API."""
        return "/rest/api/3" if self.cloud else "/rest/api/2"

    @property
    def place(self) -> str:
        """By what connections to the same Jira, as the same user, are told apart in memories."""
        return f"{self.connection.id} {self.base}"

    def browse_url(self, key: str) -> str:
        """The page of a ticket for people."""
        return f"{self.site}/browse/{quote(key, safe='')}"

    async def get(self, *path: str, query: Mapping[str, JsonValue] | None = None) -> dict[str, Any]:
        """The object at that path below the API; parts of it are encoded."""
        return self._object(await self.call("GET", *path, query=query), f"GET {'/'.join(path)}", effect_possible=False)

    async def post(self, *path: str, body: JsonValue) -> dict[str, Any]:
        """Send a document; the answer is an object, an empty one where Jira answers nothing."""
        answer = await self.call("POST", *path, body=body)
        return {} if answer is None else self._object(answer, f"POST {'/'.join(path)}", effect_possible=True)

    def _object(self, answer: Any, what: str, *, effect_possible: bool) -> dict[str, Any]:
        if isinstance(answer, dict):
            return answer
        raise PermanentError(
            f"Jira at {self.base} answered {what} with JSON that is no object; check the host of connection "
            f"'{self.connection.id}'",
            effect_possible=effect_possible,
        )

    async def call(
        self, method: str, *path: str, query: Mapping[str, JsonValue] | None = None, body: JsonValue = None
    ) -> Any:
        """One call; its JSON answer, or None where that is empty.

        Raises:
            SignInError, NotThereError, InvalidRequestError: for 401 and 403, 404, 400.
            TemporaryError, PermanentError: as for every HTTP call.
        """
        call = HttpCall(
            method=method,
            url="/".join((self.api, *(quote(part, safe="") for part in path))),
            timeout=CALL_SECONDS,
            headers={"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"}),
            query=query or {},
            body=None if body is None else json.dumps(body).encode(),
            connection=self.connection,
            max_answer_bytes=_MAX_ANSWER_BYTES,
            keyed=False,
            routine=self.routine,
        )
        answer = await send(call, self.context)
        self._judge(answer)
        return _document(answer, self.connection.id)

    def _judge(self, answer: HttpAnswer) -> None:
        told = "; ".join(_messages(answer))
        message = f"{answer.target} answered {answer.status}" + (f": {told}" if told else "")
        match answer.status:
            case status if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
                raise PermanentError(
                    f"{answer.target} answered {answer.status}, which leads elsewhere, to a sign-in page perhaps; "
                    f"write Jira's own address into connection '{self.connection.id}', and check its login and password"
                )
            case HTTPStatus.BAD_REQUEST:
                raise InvalidRequestError(message, fields=_field_messages(answer))
            case HTTPStatus.UNAUTHORIZED:
                raise SignInError(
                    f"{message}; Jira does not accept the sign-in of connection '{self.connection.id}': check its "
                    "login and its password, which is an API token on Cloud, and may be a personal access token "
                    "elsewhere"
                )
            case HTTPStatus.FORBIDDEN if "CAPTCHA" in answer.headers.get("X-Authentication-Denied-Reason", ""):
                raise SignInError(
                    f"{message}; Jira wants the user of connection '{self.connection.id}' to solve a CAPTCHA: sign in "
                    "once as that user in a browser"
                )
            case HTTPStatus.FORBIDDEN:
                raise SignInError(f"{message}; the user of connection '{self.connection.id}' lacks a permission for it")
            case HTTPStatus.NOT_FOUND:
                raise NotThereError(message)
            case status if status in _NOT_DONE or status in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                wish = answer.wished_pause(self.context.clock.now())
                raise TemporaryError(message, arrived=status not in _NOT_DONE, retry_after=wish)
            case status if status >= HTTPStatus.BAD_REQUEST:
                raise PermanentError(message)


async def open_client(connection_id: str, context: ActionContext) -> JiraClient:
    """The client of a connection.

    Raises:
        PermanentError: if the connection is missing or incomplete, or does not lead to a Jira.
        TemporaryError: if Jira must tell whether it is Cloud, and does not.
    """
    given = await find_connection(connection_id, context)
    context.secrets.add(*(str(given.extra[key]) for key in _TOKEN_KEYS if given.extra.get(key)))
    base = _base(given)
    site = given.extra.get("site")
    client = JiraClient(
        connection=_signed_in(given, base),
        base=base,
        site=site.rstrip("/") if isinstance(site, str) and site else base,
        cloud=False,
        context=context,
    )
    return replace(client, cloud=await _is_cloud(given, client))


def objects_in(page: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects that an answer lists under a key."""
    listed = page.get(key)
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _base(connection: Connection) -> str:
    base = base_url(replace(connection, schema=connection.schema or "https"))
    if base is None:
        raise PermanentError(
            f"connection '{connection.id}' has no host; write Jira's address there, such as https://example.atlassian.net"
        )
    return base.rstrip("/")


def _signed_in(connection: Connection, base: str) -> Connection:
    """The connection as HTTP calls read it, where `extra` is full of headers."""
    extra = connection.extra
    token = next((value for key in _TOKEN_KEYS if isinstance(value := extra.get(key), str) and value), None)
    given = extra.get("headers")
    headers: dict[str, JsonValue] = dict(given) if isinstance(given, Mapping) else {}
    login, password = connection.login, connection.password
    if token or (password and not login):
        headers["Authorization"] = f"Bearer {token or password}"
        login = password = None
    elif not (login and password) and not any(name.lower() == "authorization" for name in headers):
        raise PermanentError(
            f"connection '{connection.id}' has no {'password' if login else 'login and password'}; write a user's "
            "email and API token there for Jira Cloud, a personal access token as its password for Data Center"
        )
    kept = {key: extra[key] for key in OPTIONS if key in extra}
    return replace(connection, host=base, port=None, login=login, password=password, extra={**kept, "headers": headers})


async def _is_cloud(given: Connection, client: JiraClient) -> bool:
    told = given.extra.get("cloud")
    if isinstance(told, bool):
        return told
    host = urlsplit(client.base).hostname or ""
    if host.endswith(".atlassian.net") or host == "api.atlassian.com":
        return True
    return await _kinds.recall(client.place, client.context.clock, partial(_ask, client))


async def _ask(client: JiraClient) -> bool:
    """What Jira says of itself. An answer that says nothing is no answer: it must not pass for Data Center."""
    try:
        info = await client.call("GET", "serverInfo")
    except NotThereError as error:
        raise PermanentError(
            f"{error}; connection '{client.connection.id}' does not lead to a Jira: correct its host"
        ) from error
    kind = info.get("deploymentType") if isinstance(info, dict) else None
    if kind not in ("Cloud", "Server", "DataCenter", "Data Center"):
        raise TemporaryError(
            f"Jira at {client.base} does not tell whether it is Cloud or Data Center; it may be starting: otherwise "
            f"say so in the extra of connection '{client.connection.id}', as \"cloud\": true or false",
            arrived=False,
        )
    return bool(kind == "Cloud")


def _document(answer: HttpAnswer, connection_id: str) -> Any:
    if not answer.body:
        return None
    if not answer.complete:
        raise PermanentError(f"{answer.target} answered with more than {_MAX_ANSWER_BYTES} bytes")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise PermanentError(
            f"{answer.target} answered {answer.status} with something that is not JSON: "
            f"{excerpt(answer) or '(nothing)'}; "
            f"connection '{connection_id}' may lead to a sign-in page or another system",
            effect_possible=answer.effect_possible,
        ) from error


def _messages(answer: HttpAnswer) -> Iterator[str]:
    """What Jira says in its own form of errors, or else the start of the answer."""
    said = answer.json_object()
    told = said.get("errorMessages")
    messages = [str(message) for message in told if message] if isinstance(told, list) else []
    messages += [f"{field}: {text}" for field, text in _field_messages(answer).items()]
    if isinstance(message := said.get("message"), str) and message:
        messages.append(message)
    yield from messages or filter(None, [excerpt(answer)])


def _field_messages(answer: HttpAnswer) -> dict[str, str]:
    errors = answer.json_object().get("errors")
    return {str(field): str(text) for field, text in errors.items()} if isinstance(errors, dict) else {}
