"""Makes a ticket once, whatever happens between the call and its answer.

Jira has no key that makes a repeated call harmless. So the intent is stored before the call, and the ticket after it;
where the first is found without the second, the ticket is looked for by a label that is the try's own. Jira's search
finds new tickets after some seconds, so a look that finds nothing is repeated for a while, and in the end it proves
nothing: then the outcome is unknown.
"""

from __future__ import annotations

import hashlib

from catalog_compiler.actions import ActionContext
from pao_actions.exceptions import ActionError, OutcomeUnknownError, PermanentError, TemporaryError
from pao_actions.jira.client import JiraClient
from pao_actions.jira.config import JiraTicketConfig
from pao_actions.jira.draft import Draft, draft_ticket
from pao_actions.jira.exceptions import InvalidRequestError
from pao_actions.jira.issue import Issue
from pao_actions.jira.jql import equals
from pao_actions.jira.screen import forget_screen
from pao_actions.jira.search import search

LOOKS = (0, 2, 4, 8, 16, 30, 60)
"""Seconds before each look for a ticket that may have been made."""


def ticket_label(context: ActionContext) -> str:
    """The label of what this try of an action makes for a request; another one after a person's retry."""
    name = f"{context.request_id}/{context.action}/{context.idempotency_key}"
    return f"pao-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


async def make_once(client: JiraClient, config: JiraTicketConfig) -> Issue:
    """The ticket of this try, made now or before.

    Raises:
        OutcomeUnknownError: if it may have been made, and can't be found.
    """
    context = client.context
    state = await context.state.load()
    match state:
        case {"ticket": {"id": str(issue_id), "key": str(key)}}:
            return Issue(id=issue_id, key=key)
        case {"creating": {"label": str() | None as label}}:
            return await _found_again(client, config, label, reason="its host stopped in between")
    draft = await draft_ticket(client, config, ticket_label(context))
    return await _make(client, config, draft)


async def _make(client: JiraClient, config: JiraTicketConfig, draft: Draft) -> Issue:
    context = client.context
    label = ticket_label(context) if draft.labelled else None
    await context.state.save({"creating": {"label": label}})
    try:
        issue = Issue.from_json(await client.post("issue", body={"fields": draft.fields}))
    except InvalidRequestError as error:
        await context.state.save({})
        if "assignee" in draft.fields and set(error.fields) == {"assignee"}:
            context.log.warning("ticket_unassigned", assignee=config.assignee, reason=error.fields["assignee"])
            rest = {name: value for name, value in draft.fields.items() if name != "assignee"}
            return await _make(client, config, Draft(screen=draft.screen, fields=rest, labelled=draft.labelled))
        forget_screen(client, config.project, config.issue_type)
        raise PermanentError(_with_names(str(error), draft)) from error
    except ActionError as error:
        if not _may_have_arrived(error):
            await context.state.save({})
            raise
        return await _found_again(client, config, label, reason=str(error))
    return await _keep(client, issue, "ticket_created")


def _may_have_arrived(error: ActionError) -> bool:
    match error:
        case TemporaryError():
            return error.arrived
        case PermanentError():
            return error.effect_possible
    return True


async def _keep(client: JiraClient, issue: Issue, event: str) -> Issue:
    context = client.context
    await context.state.save({"ticket": {"id": issue.id, "key": issue.key}})
    context.log.info(event, key=issue.key, url=client.browse_url(issue.key))
    return issue


async def _found_again(client: JiraClient, config: JiraTicketConfig, label: str | None, *, reason: str) -> Issue:
    looked = "its screen has no labels to find it by"
    if label is not None:
        looked = f"none with the label {label} is found"
        client.context.log.warning("looking_for_ticket", label=label, reason=reason)
        if issue := await find_labelled(client, label):
            return await _keep(client, issue, "ticket_found")
    raise OutcomeUnknownError(
        f"the ticket may or may not have been made in {config.project}, because {reason}; {looked}: look there, and "
        "retry if there is none"
    )


async def find_labelled(client: JiraClient, label: str) -> Issue | None:
    """The ticket that was made with that label, as soon as Jira's search finds it; None after the last look.

    Raises:
        TemporaryError: if Jira can't be asked for now.
        OutcomeUnknownError: if it refuses to be asked.
    """
    for seconds in LOOKS:
        await client.context.clock.sleep(seconds)
        try:
            found = await search(client, equals("labels", label))
        except TemporaryError as error:
            message = f"the ticket may have been made, and can't be looked for: {error}"
            raise TemporaryError(message, arrived=True, retry_after=error.retry_after) from error
        except PermanentError as error:
            # A token that was revoked meanwhile, say: no proof that there is none.
            raise OutcomeUnknownError(f"the ticket may have been made, and can't be looked for: {error}") from error
        if found:
            # A person's clone has its labels too, and a later id.
            return min(map(Issue.from_json, found), key=lambda issue: (len(issue.id), issue.id))
    return None


def _with_names(message: str, draft: Draft) -> str:
    for field in draft.screen.fields.values():
        message = message.replace(f"{field.id}:", f"{field.name}:")
    return message
