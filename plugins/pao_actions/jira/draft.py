"""Writes a new ticket in Jira's form, from what an item says and from what the create screen asks for."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext
from pao_actions.exceptions import PermanentError
from pao_actions.jira.checks import key_problem, label_problem, summary_problem
from pao_actions.jira.client import JiraClient
from pao_actions.jira.config import JiraTicketConfig
from pao_actions.jira.documents import adf, checked_text, wiki
from pao_actions.jira.people import find_user
from pao_actions.jira.screen import Screen, ScreenField, create_screen
from pao_actions.jira.values import field_value, is_absent, named

LONGEST_ERROR = 2_000
"""Characters of an error that a ticket tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A ticket that is ready to be made."""

    screen: Screen
    fields: dict[str, JsonValue]
    labelled: bool
    """Whether it carries the label by which it is found again."""


async def draft_ticket(client: JiraClient, config: JiraTicketConfig, label: str) -> Draft:
    """The ticket, with everything looked up that it names.

    Raises:
        PermanentError: if something in it can't stand in this ticket; nothing was made.
    """
    screen = await create_screen(client, config.project, config.issue_type)
    fields: dict[str, JsonValue] = {
        "project": {"key": config.project},
        "issuetype": {"id": screen.issue_type_id},
        "summary": _checked(config.summary_template.strip(), summary_problem(config.summary_template)),
    }
    described = bool(config.description_template.strip())
    if described:
        screen.own_field("description", "description_template")
    if described or (client.context.failure and "description" in screen.fields):
        text = checked_text(_with_failure(config.description_template, client.context), "the description")
        fields["description"] = adf(text, link=client.context.request_url) if client.cloud else wiki(text)
    labelled = "labels" in screen.fields
    fields |= _labels(screen, config, [label] if labelled else [])
    fields |= _choices(screen, config)
    fields |= _parent(client, screen, config)
    fields |= await _custom_fields(client, screen, config)
    fields |= await _assignee(client, screen, config)
    if missing := screen.missing(fields):
        raise PermanentError(
            f"{screen.place} needs {_listed(missing)}, which {'is' if len(missing) == 1 else 'are'} not given; add "
            f"{'it' if len(missing) == 1 else 'them'} to the item, under 'custom_fields' or by a key of its own"
        )
    return Draft(screen=screen, fields=fields, labelled=labelled)


def _with_failure(text: str, context: ActionContext) -> str:
    """The text, with why people are asked where the automatic fulfillment failed; what is too long of that is cut."""
    if context.failure is None:
        return text
    error = context.failure if len(context.failure) <= LONGEST_ERROR else f"{context.failure[:LONGEST_ERROR]}..."
    told = f"This was tried automatically before, and failed: {error}\nThe request: {context.request_url}"
    return f"{text.rstrip()}\n\n{told}".lstrip()


def _labels(screen: Screen, config: JiraTicketConfig, own: list[str]) -> dict[str, JsonValue]:
    if config.labels:
        screen.own_field("labels", "labels")
    labels = [_checked(label.strip(), label_problem(label.strip())) for label in config.labels]
    return {"labels": list(dict.fromkeys([*labels, *own]))} if labels or own else {}


def _choices(screen: Screen, config: JiraTicketConfig) -> dict[str, JsonValue]:
    fields: dict[str, JsonValue] = {}
    if config.components:
        components = screen.own_field("components", "components")
        fields["components"] = [named(components, name) for name in config.components]
    if config.priority:
        fields["priority"] = named(screen.own_field("priority", "priority"), config.priority)
    return fields


def _parent(client: JiraClient, screen: Screen, config: JiraTicketConfig) -> dict[str, JsonValue]:
    if config.parent is None:
        return {}
    key = _checked(config.parent, key_problem(config.parent))
    epic = _epic_link(screen)
    if not client.cloud and "parent" not in screen.fields and epic is not None:
        # Data Center keeps an epic's tickets by a custom field; `parent` is for sub-tasks there.
        return {epic.id: key}
    return {"parent": {"key": key}}


def _epic_link(screen: Screen) -> ScreenField | None:
    return next((field for field in screen.fields.values() if field.custom == "gh-epic-link"), None)


async def _custom_fields(client: JiraClient, screen: Screen, config: JiraTicketConfig) -> dict[str, JsonValue]:
    fields: dict[str, JsonValue] = {}
    named_by: dict[str, str] = {}
    for name, value in config.custom_fields.items():
        field = screen.field(name)
        if field.id in named_by:
            raise PermanentError(f"'{named_by[field.id]}' and '{name}' are the same field, '{field.name}'; drop one")
        named_by[field.id] = name
        if not is_absent(value):
            fields[field.id] = await field_value(client, field, value)
    return fields


async def _assignee(client: JiraClient, screen: Screen, config: JiraTicketConfig) -> dict[str, JsonValue]:
    """Whom the item means; one whom Jira does not know leaves the ticket unassigned, and says so in the log."""
    name, context = config.assignee, client.context
    if name is None:
        return {}
    user, reason = await _user(client, name, config.project, context)
    if user is not None and "assignee" not in screen.fields:
        user, reason = None, f"{screen.place} has no field for it on its create screen"
    if user is None:
        context.log.warning("ticket_unassigned", assignee=name, reason=reason)
        return {}
    return {"assignee": user}


async def _user(
    client: JiraClient, name: str, project: str, context: ActionContext
) -> tuple[dict[str, JsonValue] | None, str]:
    account = await context.teams.account(name) or name
    try:
        user = await find_user(client, account, project=project)
    except PermanentError as error:
        return None, str(error)
    return user, "no team, account, email or user name of that kind can be assigned tickets of the project"


def _checked(text: str, problem: str | None) -> str:
    if problem:
        raise PermanentError(problem)
    return text


def _listed(names: list[str]) -> str:
    *most, last = [f"'{name}'" for name in names]
    return f"{', '.join(most)} and {last}" if most else last
