"""How a message gets to Slack, by what the connection holds: a bot token, or the address of a webhook."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog_compiler.actions import Connection
from pao_actions.exceptions import PermanentError
from pao_actions.slack.config import SlackConfig

_API = "https://slack.com/api"
_HOOKS = "hooks.slack.com/services"


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How the message gets to Slack."""

    url: str = field(repr=False)
    """The API's base, or the webhook."""
    name: str
    """What messages call it."""
    token: str | None = field(repr=False)
    """None for an incoming webhook."""
    secrets: tuple[str, ...] = field(repr=False)


def find_way(config: SlackConfig, connection: Connection) -> Way:
    """The way that the connection opens; raises PermanentError where it opens none, or not to what the config says."""
    secret = (connection.password or "").strip()
    if not secret:
        raise PermanentError(
            f"connection '{connection.id}' has no password; set it to a bot token (xoxb-...) or to the address of an "
            "incoming webhook"
        )
    if connection.type != "slackwebhook" and "://" not in secret:
        if config.channel is None:
            raise PermanentError(
                f"'channel' is missing, which a bot token needs; add it, or let connection '{connection.id}' hold an "
                "incoming webhook"
            )
        base = str(connection.extra.get("base_url") or _API).rstrip("/")
        return Way(url=base, name="POST Slack's chat.postMessage", token=secret, secrets=(secret,))
    if config.channel is not None:
        raise PermanentError(
            f"connection '{connection.id}' is an incoming webhook, which has a channel of its own; take 'channel' out, "
            "or use a connection with a bot token"
        )
    host = connection.host or _HOOKS
    base = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    url = secret if "://" in secret else f"{base.rstrip('/')}/{secret.lstrip('/')}"
    return Way(url=url, name="POST Slack's webhook", token=None, secrets=(secret, url))
