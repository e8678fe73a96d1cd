"""The action type `slack`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, JsonValue

from catalog_compiler.actions import ActionContext, ActionResult, ActionType, ConfigFacts, ConfigProblem, OnError
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from pao_actions.http_call import find_connection
from pao_actions.slack.checks import slack_problems
from pao_actions.slack.config import SlackConfig
from pao_actions.slack.markup import block_encoding
from pao_actions.slack.message import slack_message
from pao_actions.slack.sending import permalink, post_as_app, post_by_webhook
from pao_actions.slack.way import find_way


class Slack(ActionType[SlackConfig]):
    """Posts a message. Slack has no means to see that a message is the same one, so a doubtful one is not repeated."""

    name: ClassVar[str] = "slack"
    summary: ClassVar[str] = "Posts a message to a Slack channel."
    Config: ClassVar[type[BaseModel]] = SlackConfig
    on_error: ClassVar[OnError] = "continue"
    example: ClassVar[str] = """\
# An Airflow connection whose password is the app's bot token.
connection: slack_default
channel: "#platform"
# Values mention nobody and hide no link; what is written here may.
text_template: |
  *{{header.name}}*: {{request.user.email}} asks for `{{fields.name}}` in {{fields.environment}}
  <{{request.url}}|Show the request>
"""
    outputs_help: ClassVar[Mapping[str, str]] = {
        "ts": "The message's id in its channel, for `thread` of later messages; null for a webhook.",
        "channel": "The id of the channel; null for a webhook.",
        "permalink": "A link to the message; null for a webhook, and where Slack gave none.",
    }
    notes: ClassVar[str] = """\
**Connection**: type `slack` (or `http`, where Airflow knows no such type) with a bot token (`xoxb-...`) as its
password, of an app with the scope `chat:write` (and `chat:write.public` for channels that it was not invited to); the
extra `base_url` leads elsewhere than to `https://slack.com/api`. Or one whose password is the whole address of an
incoming webhook; with type `slackwebhook`, what follows `https://hooks.slack.com/services/` in it is enough.

**Once**: a message that may have arrived is not sent again, and ends as `outcome_unknown` where Slack's answer was
lost. Where Slack refused it for the moment (429), it is, after the pause that Slack asks for. A text of more than 40000
characters, which Slack would cut, is refused.
"""

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:
        """The markup of the place."""
        match path:
            case ("text_template",):
                return Encoding.MRKDWN
            case ("blocks", *_):
                return block_encoding(path, config)
        return Encoding.LINE

    @classmethod
    def literal(cls, path: Path) -> bool:
        """Also the kinds of blocks, which decide how values are written."""
        return super().literal(path) or (path[:1] == ("blocks",) and path[-1] == "type")

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG003 - the same for every config
        """What Slack answers."""
        return frozenset(cls.outputs_help)

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:  # noqa: ARG003 - not needed
        """Problems of the text, the place and the blocks."""
        return slack_problems(config)

    @classmethod
    def resumes(cls, state: Mapping[str, JsonValue]) -> bool:
        """Once the message is posted, only its link is asked for."""
        return "ts" in state

    async def run(self, config: SlackConfig, context: ActionContext) -> ActionResult:
        """Post it once."""
        way = find_way(config, await find_connection(config.connection, context))
        context.secrets.add(*way.secrets)
        message = slack_message(config)
        if way.token is None:
            await post_by_webhook(way, message, config.timeout, context)
            return ActionResult(outputs={"ts": None, "channel": None, "permalink": None})
        posted = await post_as_app(way, message, config.timeout, context)
        link = await permalink(way, posted, context)
        return ActionResult(outputs={**posted, "permalink": link}, url=link)
