"""Sends a message to Slack and judges the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext
from pao_actions.chat_post import json_call, post
from pao_actions.exceptions import ActionError, PermanentError
from pao_actions.http_answer import HttpAnswer, excerpt
from pao_actions.http_call import HttpCall, send
from pao_actions.slack.errors import slack_error
from pao_actions.slack.way import Way

_CODE = re.compile(r"[a-z_]{3,60}")


async def post_as_app(
    way: Way, message: Mapping[str, JsonValue], seconds: float, context: ActionContext
) -> dict[str, JsonValue]:
    """Post it as the app, once in all attempts, with so many seconds for the call; gives `ts` and `channel`."""
    state = await context.state.load()
    if "ts" in state:
        return {"ts": state["ts"], "channel": state["channel"]}
    headers = {"Authorization": f"Bearer {way.token}"}
    call = json_call(f"{way.url}/chat.postMessage", message, name=way.name, timeout=seconds, headers=headers)
    answer = await post(call, context)
    document = answer.json_object()
    if document.get("ok") is not True or not isinstance(document.get("ts"), str):
        raise _refusal(way, answer, document, context)
    posted: dict[str, JsonValue] = {"ts": document["ts"], "channel": document.get("channel")}
    await context.state.save(posted)
    context.log.info("message_sent", **posted)
    return posted


async def post_by_webhook(way: Way, message: Mapping[str, JsonValue], seconds: float, context: ActionContext) -> None:
    """Post it to an incoming webhook, with so many seconds for the call."""
    answer = await post(json_call(way.url, message, name=way.name, timeout=seconds), context)
    text = answer.body[:200].decode("utf-8", "replace").strip()
    if answer.status == HTTPStatus.OK and text == "ok":
        context.log.info("message_sent")
        return
    if _CODE.fullmatch(text):
        raise slack_error(text, answer.wished_pause(context.clock.now()))
    raise PermanentError(
        f"{way.name} answered {answer.status}: {excerpt(answer) or '(nothing)'}; check the address in the connection's "
        "password",
        effect_possible=answer.status == HTTPStatus.OK,
    )


async def permalink(way: Way, posted: Mapping[str, JsonValue], context: ActionContext) -> str | None:
    """A link to the message; None where Slack gives none, which is no reason to fail: the message is there."""
    call = HttpCall(
        method="GET",
        url=f"{way.url}/chat.getPermalink",
        timeout=10,
        query={"channel": posted["channel"], "message_ts": posted["ts"]},
        headers={"Authorization": f"Bearer {way.token}"},
        shown_as="GET Slack's chat.getPermalink",
    )
    try:
        document = (await send(call, context)).json_object()
    except ActionError as error:
        context.log.warning("permalink_unknown", error=str(error))
        return None
    link = document.get("permalink")
    return link if isinstance(link, str) and link.startswith("https://") else None


def _refusal(way: Way, answer: HttpAnswer, document: Mapping[str, JsonValue], context: ActionContext) -> ActionError:
    code = document.get("error")
    if isinstance(code, str) and _CODE.fullmatch(code):
        return slack_error(code, answer.wished_pause(context.clock.now()))
    return PermanentError(
        f"{way.name} answered {answer.status} with what is no answer of Slack's: {excerpt(answer) or '(nothing)'}; "
        "check where the connection's 'base_url' leads",
        effect_possible=answer.status == HTTPStatus.OK,
    )
