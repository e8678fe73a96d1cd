"""Access tokens by client credentials (RFC 6749, 4.4): fetched once for all who wait, kept until they expire."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote_plus, urlencode
from weakref import WeakKeyDictionary

from catalog_compiler.actions import ActionContext, Connection
from catalog_compiler.address_rules import AddressRules
from pao_actions.attempt_limit import uncounted
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.http_answer import HttpAnswer, excerpt, require_success
from pao_actions.http_call import HttpCall, send

_SECONDS_TO_FETCH = 30.0
_LIFE_UNSAID = 300.0
"""Seconds that a token is kept whose server does not say how long it holds."""
_MARGIN = 60.0
"""Seconds before its end from which a token is not used any more; a tenth of its life where that is less."""
_REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSettings:
    """Where and as whom a token is fetched: what makes two tokens the same."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    audience: str | None = None
    auth_style: str = "basic"


def token_settings(given: Mapping[str, Any], connection: Connection | None) -> TokenSettings:
    """The settings of the config, and for what it leaves out those of the connection.

    Raises:
        PermanentError: if one that must be there is in neither.
    """
    extra = connection.extra.get("oauth2") if connection else None
    values: dict[str, Any] = {
        "client_id": connection.login if connection else None,
        "client_secret": connection.password if connection else None,
        **(extra if isinstance(extra, Mapping) else {}),
        **given,
    }
    style = values.get("auth_style") or "basic"
    if style not in ("basic", "post"):
        raise PermanentError(f"'auth_style' of oauth2 is basic or post, not '{style}'; correct it in the connection")
    for key in ("token_url", "client_id", "client_secret"):
        if not values.get(key):
            where = (
                f"connection '{connection.id}' does not say it either" if connection else "no connection says it either"
            )
            raise PermanentError(f"oauth2 needs a '{key}', and {where}; write it into the authentication's config")
    scope = values.get("scope")
    return TokenSettings(
        token_url=str(values["token_url"]),
        client_id=str(values["client_id"]),
        client_secret=str(values["client_secret"]),
        scope=" ".join(map(str, scope)) if isinstance(scope, list) else scope,
        audience=values.get("audience"),
        auth_style=style,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Key:
    """Tokens are shared by those who would fetch the same one over the same way."""

    settings: TokenSettings
    connection: str | None
    reach: AddressRules


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    text: str = field(repr=False)
    usable_until: datetime


class AccessTokens:
    """The tokens of the running event loop."""

    _loops: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Key, asyncio.Task[_Token]]]] = (
        WeakKeyDictionary()
    )

    @classmethod
    async def get(cls, settings: TokenSettings, connection: Connection | None, context: ActionContext) -> str:
        """A token that holds, masked from now on. `connection` says how its server is reached, not as whom.

        Raises:
            PermanentError: if the server refuses, or what it answers is no token.
            TemporaryError: not arrived, since the action's own call was not made.
        """
        context.secrets.add(settings.client_secret)
        tasks = cls._tasks()
        key = _key(settings, connection, context)
        task = tasks.get(key)
        if task is None or (task.done() and not _holds(task, context.clock.now())):
            # A task of its own: whoever is stopped while waiting for it does not take the token from the others.
            task = asyncio.create_task(_fetched(settings, connection, context))
            task.add_done_callback(_heard)
            tasks[key] = task
        # It may have to wait for its turn; how long it may take then is its own matter.
        with uncounted():
            token = await asyncio.shield(task)
        context.secrets.add(token.text)
        return token.text

    @classmethod
    def forget(cls, settings: TokenSettings, token: str, context: ActionContext) -> None:
        """Drop a token that its target refused, unless another has taken its place already."""
        tasks = cls._tasks()
        for key, task in list(tasks.items()):
            if key.settings == settings and key.reach == context.reach and _is(task, token):
                del tasks[key]

    @classmethod
    def _tasks(cls) -> dict[_Key, asyncio.Task[_Token]]:
        return cls._loops.setdefault(asyncio.get_running_loop(), {})


def _key(settings: TokenSettings, connection: Connection | None, context: ActionContext) -> _Key:
    return _Key(settings=settings, connection=connection.id if connection else None, reach=context.reach)


def _holds(task: asyncio.Task[_Token], now: datetime) -> bool:
    return not task.cancelled() and task.exception() is None and now < task.result().usable_until


def _is(task: asyncio.Task[_Token], token: str) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None and task.result().text == token


def _heard(task: asyncio.Task[_Token]) -> None:
    """Take note of a failure, which nobody may be left to wait for."""
    if not task.cancelled():
        task.exception()


async def _fetched(settings: TokenSettings, connection: Connection | None, context: ActionContext) -> _Token:
    try:
        answer = await send(_call(settings, connection), context)
        if answer.status not in _REFUSED:
            require_success(answer, None, context.clock.now())
    except TemporaryError as error:
        raise TemporaryError(f"no access token: {error}", arrived=False, retry_after=error.retry_after) from error
    except PermanentError as error:
        raise PermanentError(f"no access token: {error}") from error
    if answer.status in _REFUSED:
        raise PermanentError(
            f"no access token: {answer.target} answered {answer.status}: {_refusal(answer)}; check client id, secret "
            "and scope"
        )
    return _token(answer, context.clock.now())


def _call(settings: TokenSettings, connection: Connection | None) -> HttpCall:
    form = {"grant_type": "client_credentials", "scope": settings.scope, "audience": settings.audience}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if settings.auth_style == "post":
        form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
    else:
        # Both are form-encoded first (RFC 6749, 2.3.1), so that a colon in them does no harm.
        pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    return HttpCall(
        method="POST",
        url=settings.token_url,
        timeout=_SECONDS_TO_FETCH,
        headers=headers,
        body=urlencode({name: value for name, value in form.items() if value}).encode("ascii"),
        connection=connection,
        credentials=False,
        keyed=False,
    )


def _token(answer: HttpAnswer, now: datetime) -> _Token:
    document = answer.json_object()
    text, kind = document.get("access_token"), document.get("token_type", "Bearer")
    if not isinstance(text, str) or not text:
        raise PermanentError(
            f"no access token: {answer.target} answered {answer.status} without an 'access_token'; check 'token_url'"
        )
    if str(kind).lower() != "bearer":
        raise PermanentError(
            f"no access token: {answer.target} gives tokens of type '{str(kind)[:50]}', and only bearer is known"
        )
    life = _seconds(document.get("expires_in"))
    return _Token(text=text, usable_until=now + timedelta(seconds=life - min(_MARGIN, life / 10)))


def _seconds(value: Any) -> float:
    try:
        return min(max(float(value), 0.0), 1e8)
    except (TypeError, ValueError):
        return _LIFE_UNSAID


def _refusal(answer: HttpAnswer) -> str:
    """The error as RFC 6749 (5.2) has it, or how the answer begins."""
    document = answer.json_object()
    parts = (document.get("error"), document.get("error_description"))
    told = ": ".join(" ".join(answer.mask(part).split())[:200] for part in parts if isinstance(part, str) and part)
    return told or excerpt(answer) or "nothing more"
