"""Jira's news of issues.

Cloud: https://developer.atlassian.com/cloud/jira/platform/webhooks/. Data Center:
https://confluence.atlassian.com/adminjiraserver/managing-webhooks-938846912.html. Both sign alike what an administrator
registers with a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from api_plugin.webhooks.news import NewsSender
from api_plugin.webhooks.sender import Payload, Vouched, hex_signature_holds
from catalog_compiler.signal_names import jira_issue

EVENTS = frozenset({"jira:issue_updated", "jira:issue_deleted"})
"""After which a ticket may be resolved, or gone."""
KEY_LENGTH = 255
"""Of an issue's key, at most; PostgreSQL tells no more than 8,000 bytes."""


class Issue(Payload):
    """The issue, as far as it is looked at."""

    key: str = Field(max_length=KEY_LENGTH)


class ChangedField(Payload):
    """One field before and after."""

    model_config = ConfigDict(populate_by_name=True)

    field: str
    before: str | None = Field(default=None, alias="fromString")


class ChangeLog(Payload):
    """What changed."""

    items: tuple[ChangedField, ...] = ()


class IssueEvent(Payload):
    """The body of Jira's `jira:issue_updated` and `jira:issue_deleted`; of other events, whatever they hold."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "webhookEvent": "jira:issue_updated",
                "issue": {"id": "10002", "key": "OPS-7"},
                "changelog": {"items": [{"field": "status", "fromString": "To Do", "toString": "Done"}]},
            }
        },
    )

    event: str = Field(alias="webhookEvent")
    issue: Issue | None = None
    changelog: ChangeLog | None = None


class JiraIssues(NewsSender):
    """Jira Cloud and Data Center, one webhook for each connection that tickets are made with."""

    name: ClassVar[str] = "jira"
    title: ClassVar[str] = "Jira"
    Payload: ClassVar[type[BaseModel]] = IssueEvent
    proofs: ClassVar[tuple[str, ...]] = ("x-hub-signature",)
    delivery_ids: ClassVar[tuple[str, ...]] = ("x-atlassian-webhook-identifier",)
    repeats_refused = True

    @override
    def secret_connection(self, path: Mapping[str, Any]) -> str:
        return f"{path['connection']}_webhook"

    @override
    def vouched(self, headers: Mapping[str, str], body: bytes, secret: str) -> Vouched | None:
        return Vouched(content=body) if hex_signature_holds(headers.get(self.proofs[0]), body, secret) else None

    @override
    def is_news(self, headers: Mapping[str, str]) -> bool:
        return True

    @override
    def names(self, payload: IssueEvent, path: Mapping[str, Any]) -> tuple[str, ...]:
        if payload.event not in EVENTS or payload.issue is None:
            return ()
        keys = dict.fromkeys([payload.issue.key, *_former_keys(payload.changelog or ChangeLog())])
        return tuple(jira_issue(path["connection"], key) for key in keys)


def _former_keys(changes: ChangeLog) -> Iterator[str]:
    """Under which the issue was known before it was moved to another project: whoever waits knows it by that."""
    return (
        item.before for item in changes.items if item.field == "Key" and item.before and len(item.before) <= KEY_LENGTH
    )
