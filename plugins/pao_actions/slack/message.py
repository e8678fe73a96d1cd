"""The message as Slack's API takes it."""

from __future__ import annotations

from pydantic import JsonValue

from pao_actions.exceptions import PermanentError
from pao_actions.slack.config import LONGEST_TEXT, TS, SlackConfig


def slack_message(config: SlackConfig) -> dict[str, JsonValue]:
    """The whole document; raises PermanentError where a value makes it one that Slack would cut or refuse."""
    text = config.text_template.strip()
    if not text:
        raise PermanentError("the message has no text once its templates are filled in; let 'text_template' have some")
    if len(text) > LONGEST_TEXT:
        raise PermanentError(
            f"the message has {len(text)} characters, and Slack cuts it after {LONGEST_TEXT}; shorten values with the "
            "filter 'truncate'"
        )
    # Without these, Slack makes links and mentions of words that look like one.
    message: dict[str, JsonValue] = {
        "text": text,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    if config.channel is not None:
        message["channel"] = config.channel.strip()
    if config.blocks:
        message["blocks"] = list(config.blocks)
    if config.thread is not None:
        if not TS.fullmatch(config.thread.strip()):
            raise PermanentError("'thread' is no message's 'ts' once its templates are filled in; use the output 'ts'")
        message["thread_ts"] = config.thread.strip()
    return message
