"""The `webhook` action: tells another system something, signed where it asks for that."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from catalog_compiler.actions import ActionContext, ActionResult, OnError
from pao_actions.exceptions import PermanentError
from pao_actions.http_action import HttpAction, HttpConfig, Method, request_headers
from pao_actions.http_call import HttpCall, find_connection


class Signature(BaseModel):
    """An HMAC of the exact body, sent as `<algorithm>=<hex>`.

    `secret_ref` is the id of an Airflow connection whose password is the key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    algorithm: Literal["sha256", "sha512"] = "sha256"
    """The hash of the HMAC."""
    secret_ref: str
    """An Airflow connection whose password is the key."""
    header: str = "X-Signature"
    """The header that carries the signature."""


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
"""
    outputs_help: ClassVar[Mapping[str, str]] = {"status_code": "The answer's HTTP status."}
    notes: ClassVar[str] = """\
`signature` names an Airflow connection whose password is the key of an HMAC over the exact body, which arrives in the
header as `sha256=<hex>`. A message is not sent again where it may have arrived.
"""

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
            headers[config.signature.header] = await _signature(config.signature, body or b"", context)
        return HttpCall(method=config.method, url=config.url, timeout=config.timeout, headers=headers, body=body)


async def _signature(signature: Signature, body: bytes, context: ActionContext) -> str:
    key = (await find_connection(signature.secret_ref, context)).password
    if not key:
        raise PermanentError(
            f"connection '{signature.secret_ref}' has no password to sign with; set it to the shared secret"
        )
    return f"{signature.algorithm}={hmac.new(key.encode('utf-8'), body, signature.algorithm).hexdigest()}"
