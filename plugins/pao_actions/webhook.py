"""The `webhook` action: tells another system something, signed where it asks for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from catalog_compiler.actions import ActionContext, ActionResult, ConfigFacts, ConfigProblem, OnError
from pao_actions.http_action import HttpAction, HttpConfig, Method, request_headers
from pao_actions.http_call import HttpCall, find_connection
from pao_actions.signature import Signature, signature_problems


class WebhookConfig(HttpConfig):
    """A message to another system."""

    method: Method = "POST"
    """The HTTP method."""
    signature: Signature | None = None
    """How the body is signed; by default it is not."""


class Webhook(HttpAction[WebhookConfig]):
    """Sends a webhook. It is not repeated by itself, since the other side may have no means to see that it is one."""

    name: ClassVar[str] = "webhook"
    summary: ClassVar[str] = "Sends a message to a URL, signed with a shared secret where wanted."
    Config: ClassVar[type[BaseModel]] = WebhookConfig
    on_error: ClassVar[OnError] = "continue"
    example: ClassVar[str] = """\
# The value is the Airflow Variable PAO_WEBHOOK_URL, since such a URL often holds a secret.
url: "{{env.WEBHOOK_URL}}"
body_template: |
  {"text": "{{request.user.email}} asks for {{fields.name}} in {{fields.environment}}"}
# To sign it, name the Airflow connection whose password is the shared secret:
# signature:
#   secret_ref: webhook_secret
#   timestamp_header: X-Timestamp
"""
    outputs_help: ClassVar[Mapping[str, str]] = {"status_code": "The answer's HTTP status."}
    notes: ClassVar[str] = """\
`signature` names an Airflow connection whose password is the key of an HMAC over the exact body, which arrives in the
header as `sha256=<hex>`. With `timestamp_header`, the time is signed too, so that an old message can't be sent again;
`format: standard` signs as [Standard Webhooks](https://www.standardwebhooks.com) says.
[Webhook signatures](webhook-signatures.md) has a receiver for each. A message is not sent again where it may have
arrived: one whose answer was lost ends as `outcome_unknown`. Messages of errors name the host alone, since the path of
such a URL is often a secret. There is no `connection` here: what the address or a header must keep secret comes from
`env.*`, and a target that asks for a sign-in, or for certificates, is called by `rest-api`.
"""

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:
        """Problems of the call and of its signature."""
        yield from super().check(config, facts)
        yield from signature_problems(config)

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG003 - the same for every config
        """The status code alone."""
        return frozenset({"status_code"})

    async def run(self, config: WebhookConfig, context: ActionContext) -> ActionResult:
        """Send once."""
        answer = await self.answer(config, context)
        return ActionResult(outputs={"status_code": answer.status})

    async def call(self, config: WebhookConfig, context: ActionContext) -> HttpCall:
        """The request, signed."""
        body = config.payload()
        headers = request_headers(config)
        if config.signature is not None:
            secret = await find_connection(config.signature.secret_ref, context)
            headers |= config.signature.headers(secret, body or b"", context)
        return HttpCall(
            method=config.method,
            url=config.url,
            timeout=config.timeout,
            headers=headers,
            body=body,
            may_become_get=False,
            # The path of such a URL is often all that keeps others from sending to it.
            shown_as=f"{config.method} {_host(config.url)}",
        )


def _host(url: str) -> str:
    try:
        return urlsplit(url.strip()).netloc.rpartition("@")[2] or "the webhook"
    except ValueError:
        return "the webhook"
