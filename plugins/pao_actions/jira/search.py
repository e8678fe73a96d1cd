"""Finds tickets by JQL, page by page. What was written a moment ago may not be found yet: Jira's index lags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from pao_actions.jira.client import JiraClient, objects_in
from pao_actions.jira.exceptions import InvalidRequestError
from pao_actions.jira.issue import FIELDS, Issue
from pao_actions.jira.jql import any_id

CHUNK = 100
"""Tickets asked for in one query."""

_MOST_PAGES = 100


async def search(client: JiraClient, jql: str, fields: Sequence[str] = FIELDS) -> list[dict[str, Any]]:
    """All tickets that the query finds, in Jira's own form."""
    found: list[dict[str, Any]] = []
    token: JsonValue = None
    for _ in range(_MOST_PAGES):
        body: dict[str, JsonValue] = {"jql": jql, "fields": list(fields), "maxResults": CHUNK}
        if client.cloud:
            page = await client.post("search", "jql", body=body | ({"nextPageToken": token} if token else {}))
        else:
            page = await client.post("search", body=body | {"startAt": len(found)})
        issues = objects_in(page, "issues")
        found += issues
        token = page.get("nextPageToken")
        total = page.get("total")
        more = bool(token) if client.cloud else isinstance(total, int) and len(found) < total
        if not issues or not more:
            break
    return found


async def issues_by_id(client: JiraClient, ids: Sequence[str]) -> dict[str, Issue]:
    """The tickets of those ids, as far as they are found; one that Jira refuses to look for spoils no other."""
    found: dict[str, Issue] = {}
    for start in range(0, len(ids), CHUNK):
        found |= await _chunk(client, ids[start : start + CHUNK])
    return found


async def read_issue(client: JiraClient, id_or_key: str) -> Issue:
    """One ticket as it is right now; raises NotThereError where it is not."""
    return Issue.from_json(await client.get("issue", id_or_key, query={"fields": ",".join(FIELDS)}))


async def _chunk(client: JiraClient, ids: Sequence[str]) -> dict[str, Issue]:
    try:
        issues = [Issue.from_json(document) for document in await search(client, any_id(ids))]
    except InvalidRequestError:
        # One of them is gone, and Jira does not say which.
        if len(ids) == 1:
            return {}
        middle = len(ids) // 2
        return await _chunk(client, ids[:middle]) | await _chunk(client, ids[middle:])
    return {issue.id: issue for issue in issues}
