"""Links a new ticket to others: what they are called is checked before the ticket is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from pao_actions.exceptions import PermanentError
from pao_actions.jira.checks import key_problem
from pao_actions.jira.client import JiraClient, objects_in
from pao_actions.jira.config import TicketLink
from pao_actions.jira.exceptions import NotThereError
from pao_actions.jira.issue import Issue


async def planned_links(client: JiraClient, links: Sequence[TicketLink]) -> list[JsonValue]:
    """Each link without the new ticket, which `link` adds.

    Raises:
        PermanentError: if a ticket or a type of link is not there.
    """
    if not links:
        return []
    answer = await client.get("issueLinkType")
    return [await _planned(client, link, objects_in(answer, "issueLinkTypes")) for link in links]


async def link(client: JiraClient, issue: Issue, links: Sequence[JsonValue]) -> None:
    """Link the ticket; a link that is there already stays one. What Jira refuses is told in the log."""
    for planned in links:
        if not isinstance(planned, dict):
            continue
        inward = bool(planned["inward"])
        own, other = ("outwardIssue", "inwardIssue") if inward else ("inwardIssue", "outwardIssue")
        body: JsonValue = {
            "type": {"name": planned["type"]},
            own: {"key": issue.key},
            other: {"key": planned["key"]},
        }
        try:
            await client.post("issueLink", body=body)
        except PermanentError as error:
            client.context.log.warning("ticket_not_linked", key=issue.key, to=planned["key"], reason=str(error))


async def _planned(client: JiraClient, link: TicketLink, types: list[dict[str, Any]]) -> JsonValue:
    if problem := key_problem(link.key):
        raise PermanentError(problem)
    name, inward = _link_type(link.type, types)
    try:
        await client.get("issue", link.key, query={"fields": "status"})
    except NotThereError as error:
        raise PermanentError(f"the ticket {link.key} to link to is not there ({error})") from error
    return {"type": name, "key": link.key, "inward": inward}


def _link_type(wanted: str, types: list[dict[str, Any]]) -> tuple[str, bool]:
    """The type's name, and whether `wanted` is its phrase for the other direction."""
    for key in ("name", "outward", "inward"):
        for kind in types:
            if str(kind.get(key, "")).casefold() == wanted.strip().casefold():
                return str(kind["name"]), key == "inward"
    names = ", ".join(sorted(str(kind.get("name")) for kind in types)) or "none"
    raise PermanentError(f"Jira has no type of link '{wanted}'; it has {names}")
