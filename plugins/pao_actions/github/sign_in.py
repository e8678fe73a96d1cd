"""Who signs in: a token as it stands in the connection, or a GitHub App's installation, whose token is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import jwt
from pydantic import AwareDatetime, BaseModel

from catalog_compiler.actions import ActionContext, Connection
from pao_actions.exceptions import PermanentError
from pao_actions.github.answers import document, refusal
from pao_actions.github.place import Repository
from pao_actions.github.shared import InstallationToken, account, shared
from pao_actions.http_answer import HttpAnswer

_BEFORE_END = timedelta(minutes=5)
"""So long before its end a token is replaced: what is begun with it must still go through."""
_CLOCK_DRIFT = timedelta(seconds=60)
_JWT_LIFE = timedelta(minutes=9)
_PEM = "-----BEGIN"
_CREATED = 201
_OK = 200

Call = Callable[[str, str, str], Awaitable[HttpAnswer]]
"""Sends a request: method, path, and the token that signs in."""


class SignIn(Protocol):
    """How a connection signs in."""

    async def token(self, call: Call, context: ActionContext) -> str:
        """What stands in `Authorization` after `Bearer`; fetched by `call` where it must be."""
        ...

    def refused(self, token: str) -> bool:
        """Forget a token that GitHub no longer takes; whether another one can be had."""
        ...

    async def login(self, call: Call, context: ActionContext) -> str | None:
        """Who runs name as their actor; None where GitHub does not tell."""
        ...


class _User(BaseModel):
    login: str


class _App(BaseModel):
    slug: str


class _Installation(BaseModel):
    id: int


class _Token(BaseModel):
    token: str
    expires_at: AwareDatetime


def sign_in(connection: Connection, repository: Repository) -> SignIn:
    """How this connection signs in: by an App where its extra has an `app_id`, otherwise by its password, a token.

    Raises:
        PermanentError: if the connection has neither.
    """
    app = connection.extra.get("app_id") or connection.extra.get("client_id")
    if app:
        return AppSignIn(connection=connection, repository=repository, app=str(app))
    token = (connection.password or "").strip()
    if not token:
        raise PermanentError(
            f"connection '{connection.id}' has no token; set its password to one, or 'app_id' and 'private_key' in its "
            "extra for a GitHub App"
        )
    if token.startswith(_PEM):
        raise PermanentError(
            f"connection '{connection.id}' holds a private key but no 'app_id' in its extra; add the GitHub App's"
        )
    return TokenSignIn(text=token)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSignIn:
    """A personal access token, or any other that is simply there."""

    text: str

    async def token(self, call: Call, context: ActionContext) -> str:  # noqa: ARG002 - nothing is fetched
        """The token."""
        context.secrets.add(self.text)
        return self.text

    def refused(self, token: str) -> bool:  # noqa: ARG002 - there is but one
        """There is no other."""
        return False

    async def login(self, call: Call, context: ActionContext) -> str | None:
        """The token's user."""
        answer = await call("GET", "/user", await self.token(call, context))
        return document(answer, _User, "a user").login if answer.status == _OK else None


@dataclass(frozen=True, kw_only=True, slots=True)
class AppSignIn:
    """A GitHub App, installed where the repository is. One token an installation serves all actions."""

    connection: Connection
    repository: Repository
    app: str

    async def token(self, call: Call, context: ActionContext) -> str:
        """The installation's token, fetched where there is none or it ends soon."""
        place = account(self.connection)
        async with shared().token_locks[place]:
            installation = await self._installation(call, context)
            found = shared().tokens.get((place, installation))
            if found is None or found.expires_at - _BEFORE_END <= context.clock.now():
                found = await self._fetch(installation, call, context)
                shared().tokens[place, installation] = found
        context.secrets.add(found.text)
        return found.text

    def refused(self, token: str) -> bool:
        """Forget it, unless another action has replaced it already."""
        tokens = shared().tokens
        for key in [key for key, found in tokens.items() if found.text == token]:
            del tokens[key]
        return True

    async def login(self, call: Call, context: ActionContext) -> str | None:
        """The App's robot."""
        answer = await call("GET", "/app", await self._assertion(context))
        return f"{document(answer, _App, 'a GitHub App').slug}[bot]" if answer.status == _OK else None

    async def _installation(self, call: Call, context: ActionContext) -> str:
        named = self.connection.extra.get("installation_id")
        if named:
            return str(named)
        known, key = shared().installations, (account(self.connection), str(self.repository))
        if key not in known:
            answer = await call("GET", f"{self.repository.path}/installation", await self._assertion(context))
            if answer.status != _OK:
                raise self._refusal(answer, f"the GitHub App's installation for {self.repository} was not found")
            known[key] = str(document(answer, _Installation, "an installation").id)
        return known[key]

    async def _fetch(self, installation: str, call: Call, context: ActionContext) -> InstallationToken:
        path = f"/app/installations/{quote(installation, safe='')}/access_tokens"
        answer = await call("POST", path, await self._assertion(context))
        if answer.status != _CREATED:
            raise self._refusal(answer, f"the GitHub App got no token for installation {installation}")
        found = document(answer, _Token, "an installation's token")
        context.log.info("signed_in_as_app", installation=installation)
        return InstallationToken(text=found.token, expires_at=found.expires_at)

    def _refusal(self, answer: HttpAnswer, failed: str) -> Exception:
        if answer.status in (401, 404):
            return PermanentError(
                f"{failed}: GitHub answered {answer.status}; check 'app_id', 'installation_id' and the private key of "
                f"connection '{self.connection.id}'"
            )
        return refusal(answer, failed, connection=self.connection.id, repository=self.repository)

    async def _assertion(self, context: ActionContext) -> str:
        """A JWT that proves that we are the App."""
        key = await self._key()
        now = context.clock.now()
        try:
            text = jwt.encode(self._claims(now), key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise PermanentError(
                f"the private key of connection '{self.connection.id}' is no RSA key in PEM form; take the one that "
                "GitHub gave for the App"
            ) from error
        context.secrets.add(text)
        return text

    def _claims(self, now: datetime) -> dict[str, str | int]:
        return {
            "iat": int((now - _CLOCK_DRIFT).timestamp()),
            "exp": int((now + _JWT_LIFE).timestamp()),
            "iss": self.app,
        }

    async def _key(self) -> str:
        extra: Mapping[str, object] = self.connection.extra
        given = extra.get("private_key") or self.connection.password or ""
        if path := extra.get("private_key_path") or extra.get("key_path"):
            try:
                return await asyncio.to_thread(Path(str(path)).read_text, encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise PermanentError(
                    f"connection '{self.connection.id}' names '{path}' as its private key, which can't be read; put "
                    "the file where the action runs, or correct the path"
                ) from error
        # In a form or a URI, line breaks easily become the two characters of their escape.
        return str(given).replace("\\n", "\n")
