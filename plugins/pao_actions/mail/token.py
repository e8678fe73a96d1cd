"""The token that signs in to a mail server by OAuth 2: the connection's own, or one by client credentials."""

from __future__ import annotations

from urllib.parse import quote

from catalog_compiler.actions import ActionContext
from pao_actions.exceptions import PermanentError
from pao_actions.mail.server import MailServer
from pao_actions.oauth2 import AccessTokens, TokenSettings

_MICROSOFT = "https://login.microsoftonline.com/{}/oauth2/v2.0/token"
_SCOPE = "https://outlook.office.com/.default"


async def access_token(server: MailServer, context: ActionContext) -> str:
    """The token, masked from now on; raises PermanentError or TemporaryError where there is none."""
    extra = server.extra
    if token := extra.get("access_token"):
        context.secrets.add(str(token))
        return str(token)
    if not (extra.get("client_id") and extra.get("client_secret")):
        raise PermanentError(
            f"connection '{server.connection}' signs in by OAuth 2 and has neither 'access_token' nor 'client_id' and "
            "'client_secret' in its extra; add them, or set 'auth_type' to 'basic'"
        )
    tenant = quote(str(extra.get("tenant_id") or "common"), safe="")
    settings = TokenSettings(
        token_url=str(extra.get("token_url") or _MICROSOFT.format(tenant)),
        client_id=str(extra["client_id"]),
        client_secret=str(extra["client_secret"]),
        scope=str(extra.get("scope") or _SCOPE),
        auth_style="post",
    )
    return await AccessTokens.get(settings, None, context)
