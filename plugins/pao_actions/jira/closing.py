"""Closes a ticket that is no longer wanted: a comment that says why, and a transition."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from pao_actions.exceptions import PermanentError
from pao_actions.jira.client import JiraClient, objects_in
from pao_actions.jira.config import DECLINED, JiraTicketConfig
from pao_actions.jira.documents import adf, checked_text, text_of_adf, wiki
from pao_actions.jira.exceptions import NotThereError
from pao_actions.jira.issue import Issue
from pao_actions.jira.search import read_issue

_RECENT_COMMENTS = 50


async def comment_once(client: JiraClient, key: str, text: str) -> None:
    """Comment on a ticket, unless one of its latest comments says the same."""
    text = checked_text(text, "the comment")
    body: JsonValue = adf(text, link=client.context.request_url) if client.cloud else wiki(text)
    query: dict[str, JsonValue] = {"orderBy": "-created", "maxResults": _RECENT_COMMENTS}
    page = await client.get("issue", key, "comment", query=query)
    said = [_said(comment.get("body")) for comment in objects_in(page, "comments")]
    if _said(body) not in said:
        await client.post("issue", key, "comment", body={"body": body})
        client.context.log.info("ticket_commented", key=key)


async def close_ticket(client: JiraClient, config: JiraTicketConfig, key: str) -> Issue | None:
    """Comment and close; None where the ticket is gone. One that is closed already is left as it is.

    Raises:
        PermanentError: if there is no such transition from where the ticket is.
    """
    try:
        issue = await read_issue(client, key)
    except NotThereError:
        client.context.log.info("ticket_gone", key=key)
        return None
    if issue.closed:
        client.context.log.info("ticket_closed_already", key=issue.key, status=issue.status)
        return issue
    default = f"The request was rolled back, so this is no longer wanted: {client.context.request_url}"
    await comment_once(client, issue.key, config.comment_template or default)
    transition = await _transition(client, issue, config.transition)
    await client.post("issue", issue.key, "transitions", body=_step(transition))
    client.context.log.info("ticket_closed", key=issue.key, transition=transition.get("name"))
    return await read_issue(client, issue.id)


async def _transition(client: JiraClient, issue: Issue, wanted: str | None) -> dict[str, Any]:
    page = await client.get("issue", issue.key, "transitions", query={"expand": "transitions.fields"})
    transitions = objects_in(page, "transitions")
    if wanted is not None:
        chosen = [entry for entry in transitions if _fold(wanted) in map(_fold, _names(entry))]
        what = f"no transition '{wanted}'"
    else:
        closing = [entry for entry in transitions if _closes(entry)]
        declining = [entry for entry in closing if _declines(entry)]
        chosen, what = declining or closing, "no transition that closes it"
    if chosen:
        return chosen[0]
    offered = ", ".join(f"'{entry.get('name')}'" for entry in transitions) or "none"
    raise PermanentError(
        f"ticket {issue.key} has {what} from its status '{issue.status}'; there are {offered}: name one of them as "
        "'transition'"
    )


def _step(transition: dict[str, Any]) -> JsonValue:
    """The transition, with the resolution that its screen asks for."""
    body: dict[str, JsonValue] = {"transition": {"id": str(transition["id"])}}
    asked = (transition.get("fields") or {}).get("resolution")
    if isinstance(asked, dict) and asked.get("required"):
        allowed = [str(entry.get("name")) for entry in objects_in(asked, "allowedValues")]
        names = [name for name in allowed if _fold(name) in map(_fold, DECLINED)] or allowed
        if names:
            body["fields"] = {"resolution": {"name": names[0]}}
    return body


def _names(transition: dict[str, Any]) -> tuple[str, str]:
    return str(transition.get("name", "")), str((transition.get("to") or {}).get("name", ""))


def _closes(transition: dict[str, Any]) -> bool:
    category = ((transition.get("to") or {}).get("statusCategory") or {}).get("key")
    return bool(category == "done")


def _declines(transition: dict[str, Any]) -> bool:
    words = {_fold(name).removesuffix("ed") for name in (*DECLINED, "Cancel", "Decline", "Reject")}
    return any(_fold(name).removesuffix("ed") in words for name in _names(transition))


def _said(body: JsonValue) -> str:
    """A comment's text, however Jira stores it."""
    return text_of_adf(body).strip() if isinstance(body, dict) else str(body or "").replace("\r\n", "\n").strip()


def _fold(name: str) -> str:
    return name.strip().replace("\u2019", "'").casefold()
