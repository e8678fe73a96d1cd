"""The token that signs in to a mail server by OAuth 2: the connection's own, or one by client credentials."""

from __future__ import annotations

from urllib.parse import quote

from catalog_compiler.actions import ActionContext
from pao_actions.chat_post import json_object
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.http_answer import excerpt
from pao_actions.http_call import HttpCall, send
from pao_actions.mail.server import MailServer
from pao_actions.request_body import encoded_body

_FORM = "application/x-www-form-urlencoded"
_MICROSOFT = "https://login.microsoftonline.com/{}/oauth2/v2.0/token"
_SCOPE = "https://outlook.office.com/.default"
_FIRST_SERVER_ERROR = 500


async def access_token(server: MailServer, context: ActionContext) -> str:
    """The token, masked from now on; raises PermanentError or TemporaryError where there is none."""
    extra = server.extra
    token = extra.get("access_token") or await _fetched(server, context)
    context.secrets.add(str(token))
    return str(token)


async def _fetched(server: MailServer, context: ActionContext) -> str:
    extra = server.extra
    if not (extra.get("client_id") and extra.get("client_secret")):
        raise PermanentError(
            f"connection '{server.connection}' signs in by OAuth 2 and has neither 'access_token' nor 'client_id' and "
            "'client_secret' in its extra; add them, or set 'auth_type' to 'basic'"
        )
    tenant = quote(str(extra.get("tenant_id") or "common"), safe="")
    form = {
        "grant_type": "client_credentials",
        "client_id": str(extra["client_id"]),
        "client_secret": str(extra["client_secret"]),
        "scope": str(extra.get("scope") or _SCOPE),
    }
    call = HttpCall(
        method="POST",
        url=str(extra.get("token_url") or _MICROSOFT.format(tenant)),
        timeout=30,
        headers={"Content-Type": _FORM},
        body=encoded_body(dict(form), _FORM),
    )
    answer = await send(call, context)
    token = json_object(answer).get("access_token")
    if isinstance(token, str) and token:
        return token
    message = (
        f"no token for connection '{server.connection}': {answer.target} answered {answer.status}: {excerpt(answer)}"
    )
    if answer.status >= _FIRST_SERVER_ERROR:
        raise TemporaryError(message, arrived=False)
    raise PermanentError(f"{message}; correct client and tenant in its extra")
