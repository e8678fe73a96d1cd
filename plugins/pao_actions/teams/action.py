"""The action type `teams`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from catalog_compiler.actions import (
    ActionContext,
    ActionResult,
    ActionType,
    ConfigFacts,
    ConfigProblem,
    Connection,
    OnError,
)
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from pao_actions.chat_post import json_call, post
from pao_actions.exceptions import PermanentError
from pao_actions.http_call import HttpCall, find_connection
from pao_actions.teams.answers import judge
from pao_actions.teams.card import teams_message
from pao_actions.teams.checks import teams_problems
from pao_actions.teams.config import LARGEST_MESSAGE, TeamsConfig

_NAME = "POST the Teams workflow"


class Teams(ActionType[TeamsConfig]):
    """Posts a card. A workflow can't see that a message is the same one, so a doubtful one is not repeated."""

    name: ClassVar[str] = "teams"
    summary: ClassVar[str] = "Posts a card to a channel or chat of Microsoft Teams."
    Config: ClassVar[type[BaseModel]] = TeamsConfig
    on_error: ClassVar[OnError] = "continue"
    example: ClassVar[str] = """\
# An Airflow connection whose password is the URL of the workflow's webhook.
connection: teams_default
title_template: "{{header.name}}: {{fields.name}}"
# Markdown; values are shown as they are, and never become links or emphasis.
text_template: "{{request.user.email}} asks for **{{fields.name}}**."
facts:
  Environment: "{{fields.environment}}"
link:
  title: Show the request
  url: "{{request.url}}"
"""
    outputs_help: ClassVar[Mapping[str, str]] = {
        "run_id": "The id of the workflow's run in Power Automate; null where the answer does not tell it.",
    }
    notes: ClassVar[str] = """\
**Connection**: its password is the whole URL of a workflow that Teams makes from a template such as *Post to a channel
when a webhook request is received* (trigger *When a Teams webhook request is received*, for anyone). Whoever knows that
URL can post, so it is shown nowhere.

**Once**: a message that may have arrived is not sent again, and ends as `outcome_unknown` where the answer was lost;
one that was not taken for now (429) is. Success means that the workflow has taken the message; whether it could post
it, the workflow's runs in Power Automate tell. A message has at most 28 KB.
"""

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:  # noqa: ARG003 - the place says it
        """Markdown, but for the button, which has none."""
        return Encoding.TEXT if path[:1] == ("link",) else Encoding.MARKDOWN

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG003 - the same for every config
        """The id of the workflow's run."""
        return frozenset(cls.outputs_help)

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:  # noqa: ARG003 - not needed
        """Problems of texts, facts and the link."""
        return teams_problems(config)

    async def run(self, config: TeamsConfig, context: ActionContext) -> ActionResult:
        """Post it once."""
        call = _call(config, await find_connection(config.connection, context))
        context.secrets.add(call.url)
        run_id = judge(await post(call, context), context)
        context.log.info("message_sent", run_id=run_id)
        return ActionResult(outputs={"run_id": run_id})


def _call(config: TeamsConfig, connection: Connection) -> HttpCall:
    url = (connection.password or "").strip()
    if "://" not in url:
        raise PermanentError(
            f"connection '{connection.id}' has no URL as its password; set it to that of the workflow's webhook"
        )
    if "&amp;" in url:
        raise PermanentError(
            f"the URL in the password of connection '{connection.id}' has '&amp;' where '&' belongs; copy it anew"
        )
    call = json_call(url, teams_message(config), name=_NAME, timeout=config.timeout)
    if len(call.body or b"") > LARGEST_MESSAGE:
        raise PermanentError(
            f"the message has {len(call.body or b'')} bytes, and Teams takes {LARGEST_MESSAGE}; shorten values with "
            "the filter 'truncate'"
        )
    return call
