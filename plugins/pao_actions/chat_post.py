"""Posts one JSON document to a chat: what the chat types `slack` and `teams` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext
from catalog_compiler.templates.text import json_of
from pao_actions.exceptions import TemporaryError
from pao_actions.http_answer import HttpAnswer, excerpt
from pao_actions.http_call import HttpCall, send


def json_call(
    url: str,
    document: Mapping[str, JsonValue],
    *,
    name: str,
    timeout: float,
    headers: Mapping[str, str] | None = None,
) -> HttpCall:
    """The call that posts a document; `name` stands everywhere for the URL, which may be a secret."""
    return HttpCall(
        method="POST",
        url=url,
        timeout=timeout,
        headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
        body=json_of(dict(document)).encode("utf-8"),
        shown_as=name,
    )


async def post(call: HttpCall, context: ActionContext) -> HttpAnswer:
    """Post once. The answer is neither 429 nor 5xx.

    Raises:
        TemporaryError: where no answer came, for 429 (never arrived), and for 5xx (may have arrived).
        PermanentError: if it can't be sent.
    """
    answer = await send(call, context)
    wish = answer.wished_pause(context.clock.now())
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise TemporaryError(f"{call.shown_as} takes no more messages for now (429)", arrived=False, retry_after=wish)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TemporaryError(
            f"{call.shown_as} answered {answer.status}: {excerpt(answer) or '(nothing)'}",
            arrived=True,
            retry_after=wish,
        )
    return answer
