"""`authentication` of a `rest-api` action: which `Authorization` a call carries, from the config or its connection."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from catalog_compiler.actions import ActionContext, ConfigProblem, Connection
from catalog_compiler.templates import has_template
from pao_actions.exceptions import PermanentError
from pao_actions.oauth2 import AccessTokens, TokenSettings, token_settings

AuthenticationType = Literal["basic", "bearer", "oauth2"]
AuthStyle: TypeAlias = Literal["basic", "post"]

_KEYS: Mapping[str, tuple[str, ...]] = {
    "basic": ("username", "password"),
    "bearer": ("token",),
    "oauth2": ("token_url", "client_id", "client_secret", "scope", "audience", "auth_style"),
}
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "basic": ("username", "password"),
    "bearer": ("token",),
    "oauth2": ("token_url", "client_id", "client_secret"),
}
_SECRETS = frozenset({"password", "token", "client_secret"})
_HEADER_TEXT = re.compile(r"[\x21-\x7e]+")


class AuthenticationConfig(BaseModel):
    """What the type needs. What is left out is taken from the action's `connection`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str | None = None
    """`basic`: by default the connection's login."""
    password: str | None = None
    """`basic`: by default the connection's password."""
    token: str | None = None
    """`bearer`: by default the connection's password."""
    token_url: str | None = None
    """`oauth2`: where tokens are fetched; by default `oauth2.token_url` of the connection's extra, as for the next."""
    client_id: str | None = None
    """`oauth2`: by default the connection's login."""
    client_secret: str | None = None
    """`oauth2`: by default the connection's password."""
    scope: str | None = None
    """`oauth2`: the scopes that are asked for, with spaces between them."""
    audience: str | None = None
    """`oauth2`: the audience, for servers that ask for one."""
    auth_style: AuthStyle | None = None
    """`oauth2`: `basic` sends id and secret as a header (the default), `post` in the form."""


class Authentication(BaseModel):
    """How a call signs in.

    `basic` (RFC 7617), `bearer` (RFC 6750), or `oauth2`: a token by client credentials (RFC 6749, 4.4), which is kept
    until shortly before it expires, and fetched anew where the target does not accept it any more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: AuthenticationType
    """How the call signs in."""
    config: AuthenticationConfig = AuthenticationConfig()
    """Its credentials, as `{{env.NAME}}`; without them, those of the `connection`."""

    def token_settings(self, connection: Connection | None) -> TokenSettings:
        """Where and as whom tokens are fetched; raises PermanentError where that is not said."""
        return token_settings(self.config.model_dump(exclude_none=True), connection)

    async def header(self, connection: Connection | None, context: ActionContext) -> str:
        """The value of `Authorization`, masked from now on.

        Raises:
            PermanentError: if there are no credentials, or the token's server refuses them.
            TemporaryError: not arrived, if the token's server is away.
        """
        given = self.config
        match self.type:
            case "basic":
                username = given.username if given.username is not None else connection and connection.login
                password = given.password if given.password is not None else connection and connection.password
                if not username and not password:
                    raise _missing("a username and a password", "login and password", connection)
                context.secrets.add(password or "")
                if ":" in (username or ""):
                    raise PermanentError("a username of basic authentication can't have a ':' in it; correct it")
                pair = base64.b64encode(f"{username or ''}:{password or ''}".encode()).decode("ascii")
                context.secrets.add(pair)
                return f"Basic {pair}"
            case "bearer":
                token = given.token if given.token is not None else connection and connection.password
                if not token:
                    raise _missing("a token", "password", connection)
                context.secrets.add(token)
                return bearer(token)
            case "oauth2":
                return bearer(await AccessTokens.get(self.token_settings(connection), connection, context))

    async def renewed_header(self, header: str, connection: Connection | None, context: ActionContext) -> str | None:
        """Another header, where the target did not accept this one and a new token may help; otherwise None."""
        if self.type != "oauth2":
            return None
        settings = self.token_settings(connection)
        AccessTokens.forget(settings, header.removeprefix("Bearer "), context)
        return bearer(await AccessTokens.get(settings, connection, context))


def bearer(token: str) -> str:
    """The header for a token; raises PermanentError where it can't be one."""
    if not _HEADER_TEXT.fullmatch(token.strip()):
        raise PermanentError("the token has blanks, line breaks or other characters that no token has; correct it")
    return f"Bearer {token.strip()}"


def authentication_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """What is wrong with the `authentication` of a raw config, beyond what its model says."""
    authentication = config.get("authentication")
    if not isinstance(authentication, Mapping):
        return
    kind = str(authentication.get("type"))
    if kind not in _KEYS:
        # A template, which is reported already.
        return
    given = authentication.get("config") or {}
    for key, value in given.items():
        yield from _key_problems(kind, key, value)
    if not config.get("connection"):
        for key in _REQUIRED[kind]:
            if given.get(key) in (None, ""):
                yield ConfigProblem(
                    path=("authentication",),
                    message=f"type '{kind}' needs '{key}' in its config",
                    hint=f"write {key}: \"{{{{env.NAME}}}}\", or name a 'connection' that holds the credentials",
                )
    headers = config.get("headers")
    for name in headers if isinstance(headers, Mapping) else ():
        if str(name).lower() == "authorization":
            yield ConfigProblem(
                path=("headers", name),
                message=f"'{name}' and 'authentication' both say how to sign in",
                hint="keep one of them",
            )


def _key_problems(kind: str, key: str, value: object) -> Iterator[ConfigProblem]:
    path = ("authentication", "config", key)
    if value is not None and key not in _KEYS[kind]:
        owner = next((name for name, keys in _KEYS.items() if key in keys), None)
        yield ConfigProblem(
            path=path,
            message=f"'{key}' has no effect with type '{kind}'",
            hint=f"it belongs to type '{owner}'; '{kind}' has {', '.join(_KEYS[kind])}",
        )
    if key in _SECRETS and isinstance(value, str) and value and not has_template(value):
        yield ConfigProblem(
            path=path,
            message=f"'{key}' is written out, so that everyone who can read the catalog knows it",
            hint=f"write {key}: \"{{{{env.NAME}}}}\", or leave it to the 'connection'",
            code="suspicious-secret",
        )


def _missing(what: str, where: str, connection: Connection | None) -> PermanentError:
    if connection is None:
        return PermanentError(f"the authentication has not {what}; write it into its config or name a connection")
    return PermanentError(
        f"the authentication has not {what}, and connection '{connection.id}' has no {where}; set one of them"
    )
