"""Finds users of Jira by what people call them: an account id, an email, a user name, a full name."""

from __future__ import annotations

import re
from typing import Any

from pydantic import JsonValue

from pao_actions.exceptions import PermanentError
from pao_actions.jira.client import JiraClient

_ACCOUNT_ID = re.compile(r"[0-9a-f]{24}|[0-9a-z]+:[0-9a-f-]{36}|qm:[0-9a-f:-]+")
_MOST = 50


async def find_user(client: JiraClient, name: str, *, project: str | None = None) -> dict[str, JsonValue] | None:
    """The user as a field's value, or None where nobody, or more than one, is called so.

    With `project`, only users who can be assigned its tickets.
    """
    scope: dict[str, JsonValue] = {"maxResults": _MOST} | ({"project": project} if project else {})
    path = ("user", "assignable", "search") if project else ("user", "search")
    if client.cloud:
        how = "accountId" if _ACCOUNT_ID.fullmatch(name) else "query"
        chosen = _choose(await client.call("GET", *path, query={how: name, **scope}), name, ("accountId",))
        return None if chosen is None else {"accountId": chosen["accountId"]}
    chosen = _choose(await client.call("GET", *path, query={"username": name, **scope}), name, ("name", "key"))
    return None if chosen is None else {"name": chosen["name"]}


async def required_user(client: JiraClient, name: str, field: str) -> dict[str, JsonValue]:
    """The user as the value of a field; raises PermanentError where there is none."""
    found = await find_user(client, name)
    if found is None:
        raise PermanentError(f"the field '{field}' takes a user, and Jira knows none, or several, by '{name}'")
    return found


def _choose(users: Any, name: str, identities: tuple[str, ...]) -> dict[str, Any] | None:
    """The one that `name` means: by identity, by email, by full name, or the only one that an email finds."""
    if not isinstance(users, list):
        return None
    active = [user for user in users if isinstance(user, dict) and user.get("active", True) and user.get(identities[0])]
    wanted = name.strip().casefold()
    for key in (*identities, "emailAddress", "displayName"):
        found = [user for user in active if str(user.get(key) or "").casefold() == wanted]
        if found:
            return found[0] if len(found) == 1 else None
    # Cloud hides emails from others where their owner wishes so, and finds by them nonetheless.
    hidden = [user for user in active if not user.get("emailAddress")]
    return hidden[0] if "@" in name and len(active) == len(hidden) == 1 else None
