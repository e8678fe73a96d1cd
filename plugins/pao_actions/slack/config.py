"""What the `slack` action takes, and what Slack allows in it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

LONGEST_TEXT = 40_000
"""Characters after which Slack cuts a text off."""
MOST_BLOCKS = 50
TS = re.compile(r"[0-9]{10}\.[0-9]{6}")
"""A message's id in its channel."""


class SlackConfig(BaseModel):
    """A message with its templates resolved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: str = "slack_default"
    """An Airflow connection whose password is a bot token, or the address of an incoming webhook."""
    channel: str | None = None
    """The id or name of the channel, for a bot token; a webhook has its own."""
    text_template: Annotated[str, Field(min_length=1)]
    """The text, in Slack's `mrkdwn`; values in it mention nobody and hide no link. With `blocks`, what alerts show."""
    blocks: Annotated[list[dict[str, JsonValue]], Field(max_length=MOST_BLOCKS)] = []
    """Block Kit, for more than a text; values in texts of `mrkdwn` and `markdown` are encoded as well."""
    thread: str | None = None
    """The `ts` of a message to answer in its thread: `{{response.<name>.ts}}`."""
    timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds for the call."""
