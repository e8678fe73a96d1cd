"""The `jira-ticket` action: people do it, and the request waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, JsonValue

from catalog_compiler.actions import ActionContext, ActionResult, ActionType, ConfigFacts, ConfigProblem
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from pao_actions.exceptions import ActionError, OutcomeUnknownError, PermanentError, TemporaryError
from pao_actions.jira.checks import key_problem, ticket_problems
from pao_actions.jira.client import JiraClient, open_client
from pao_actions.jira.closing import close_ticket, comment_once
from pao_actions.jira.config import JiraTicketConfig
from pao_actions.jira.exceptions import NotThereError, SignInError
from pao_actions.jira.issue import Issue
from pao_actions.jira.linking import link, planned_links
from pao_actions.jira.making import find_labelled, make_once
from pao_actions.jira.notes import NOTES
from pao_actions.jira.search import read_issue
from pao_actions.jira.waiting import until_resolved

_LINES = frozenset({"project", "issue_type", "summary_template", "assignee", "priority", "parent", "key", "transition"})
_TEXTS = frozenset({"description_template", "comment_template"})
_LITERAL = frozenset({"connection", "done_statuses", "failed_statuses"})
_OF_NEW_TICKETS = ("project", "issue_type", "summary_template")


class JiraTicket(ActionType[JiraTicketConfig]):
    """Makes a ticket and, where wanted, waits until it is resolved."""

    name: ClassVar[str] = "jira-ticket"
    summary: ClassVar[str] = "Makes a ticket in Jira and waits, where wanted, until people have resolved it."
    Config: ClassVar[type[BaseModel]] = JiraTicketConfig
    waits_for_people: ClassVar[bool] = True
    example: ClassVar[str] = """\
project: PLATFORM
issue_type: Task
summary_template: "Provide {{fields.name}} in {{fields.environment}}"
description_template: |
  Name: {{fields.name}}
  Environment: {{fields.environment}}
  Requested by: {{request.user.email}}
# An account, an email, or a team that .pao.yaml gives a Jira account.
assignee: "{{header.owner}}"
labels: [platform-automation, "{{fields.environment}}"]
"""
    outputs_help: ClassVar[Mapping[str, str]] = {
        "key": "the ticket's key, such as PLATFORM-12",
        "id": "its id, which stays the same when the ticket moves",
        "url": "its page",
        "status": "its status when the action ended",
        "resolution": "its resolution, if it has one",
        "assignee": "who has it, by name",
    }
    notes: ClassVar[str] = NOTES
    shown_while_waiting: ClassVar[frozenset[str]] = frozenset({"id", "key"})

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:  # noqa: ARG003 - the place tells
        """One line, text for people, or a value."""
        match path:
            case (str() as key,) if key in _LINES:
                return Encoding.LINE
            case (str() as key,) if key in _TEXTS:
                return Encoding.TEXT
            case ("link_to", *_):
                return Encoding.LINE
        return Encoding.VALUE

    @classmethod
    def literal(cls, path: Path) -> bool:
        """The connection, and which statuses mean what."""
        return path[:1] in {(name,) for name in _LITERAL}

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:
        """Problems of texts, keys, and of what has no meaning where it stands."""
        return ticket_problems(config, facts)

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG003 - the same for every config
        """The same for every ticket."""
        return frozenset(cls.outputs_help)

    @classmethod
    def repeatable(cls, config: Mapping[str, Any]) -> bool:  # noqa: ARG003 - the same for every config
        """A ticket that may be there is looked for before another is made."""
        return True

    @classmethod
    def made(cls, state: Mapping[str, JsonValue]) -> ActionResult | None:
        """Key and id of the ticket, for the undo of one that was stopped; its link was told while it waited."""
        match state.get("ticket"):
            case {"id": str(issue_id), "key": str(key)}:
                return ActionResult(outputs={"id": issue_id, "key": key})
        return None

    @classmethod
    def undo_config(cls, config: Mapping[str, Any], undone: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """A rollback that closes a ticket needs nothing of a new one; its connection is that of the ticket.

        That of a ticket closes it, unless it says what its own ticket is to be.
        """
        own = undone is not None and not any(name in config for name in _OF_NEW_TICKETS)
        if not own and "key" not in config:
            return config
        connection = {"connection": undone["connection"]} if undone and "connection" in undone else {}
        return {**dict.fromkeys(_OF_NEW_TICKETS, "-"), "key": None, **connection, **config}

    async def run(self, config: JiraTicketConfig, context: ActionContext) -> ActionResult:
        """Make the ticket, or go on with the one that was made."""
        state = await context.state.load()
        try:
            client = await open_client(config.connection, context)
            links = [] if "linked" in state else await planned_links(client, config.link_to)
        except ActionError as error:
            raise _after_an_effect(error, state) from error
        issue = await make_once(client, config)
        try:
            await _link_once(client, issue, links)
            if _waits(config, context):
                issue = await until_resolved(client, issue, config)
            else:
                issue = await _as_it_is(client, issue)
        except ActionError as error:
            made: dict[str, JsonValue] = {"ticket": {"id": issue.id, "key": issue.key}}
            raise _after_an_effect(error, made, client.browse_url(issue.key)) from error
        return issue.result(client.browse_url(issue.key))

    async def undo(self, config: JiraTicketConfig, context: ActionContext) -> ActionResult:
        """Close the ticket; where the config names none, make one, for people to undo it."""
        if not config.closes:
            return await self.run(config, context)
        client = await open_client(config.connection, context)
        issues = [await close_ticket(client, config, key) for key in await _keys(client, config)]
        closed = next((issue for issue in issues if issue is not None), None)
        return closed.result(client.browse_url(closed.key)) if closed else ActionResult(outputs={})

    async def cancel(self, config: JiraTicketConfig, context: ActionContext) -> None:
        """Tell those who work on the ticket that nobody waits for it any more."""
        state = await context.state.load()
        match state.get("ticket"):
            case {"id": str(issue_id)}:
                client = await open_client(config.connection, context)
                await comment_once(
                    client, issue_id, f"This was stopped, and nobody waits for it any more: {context.request_url}"
                )


def _waits(config: JiraTicketConfig, context: ActionContext) -> bool:
    """A ticket of a rollback is not waited for unless the item says so: what failed has been told already."""
    return (context.mode == "manual" and not context.undoing) if config.wait is None else config.wait


def _after_an_effect(error: ActionError, state: Mapping[str, JsonValue], url: str | None = None) -> ActionError:
    """The error of what an attempt does once there is a ticket, or may be one: an undo has to look at it."""
    result: ActionResult | None = None
    match state:
        case {"ticket": {"id": str(issue_id), "key": str(key)}}:
            known = Issue(id=issue_id, key=key)
            result = error.result or (known.result(url) if url else ActionResult(outputs={"key": key, "id": issue_id}))
        case _ if "creating" not in state:
            return error
    match error:
        case TemporaryError():
            return TemporaryError(str(error), arrived=True, retry_after=error.retry_after, result=result)
        case PermanentError() if result is not None:
            return PermanentError(str(error), effect_possible=True, result=result)
        case PermanentError():
            return OutcomeUnknownError(f"the ticket may have been made, and can't be looked for: {error}")
    return error


async def _link_once(client: JiraClient, issue: Issue, links: list[JsonValue]) -> None:
    if links:
        await link(client, issue, links)
        state = await client.context.state.load()
        await client.context.state.save({**state, "linked": True})


async def _as_it_is(client: JiraClient, issue: Issue) -> Issue:
    """Status and assignee too, as far as the user may see what it made."""
    try:
        return await read_issue(client, issue.id)
    except (NotThereError, SignInError) as error:
        client.context.log.warning("ticket_not_seen", key=issue.key, reason=str(error))
        return issue


async def _keys(client: JiraClient, config: JiraTicketConfig) -> list[str]:
    """The ticket that the config names, or else what the action made, also where its answer never came."""
    if config.key is not None:
        if problem := key_problem(config.key):
            raise PermanentError(problem)
        return [config.key]
    context = client.context
    match context.undone:
        case {"ticket": {"id": str(issue_id)}}:
            return [issue_id]
        case {"creating": {"label": str(label)}} if found := await find_labelled(client, label):
            return [found.id]
        case {"creating": {"label": label}}:
            raise OutcomeUnknownError(
                f"the ticket may or may not have been made, and none {f'with the label {label} ' if label else ''}is "
                "found; look there, and close it by hand"
            )
    context.log.info("no_ticket_to_close")
    return []
