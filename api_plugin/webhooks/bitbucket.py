"""Bitbucket, whose Cloud and Data Center sign alike and tell a push differently.

Cloud: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#Push.
Data Center: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html. Its `Test connection` sends
`diagnostics:ping`, and does not sign it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from api_plugin.webhooks.host import GitHost
from api_plugin.webhooks.pushes import BRANCHES, TAGS, Push, push_of
from api_plugin.webhooks.sender import Payload, Vouched, hex_signature_holds


class Link(Payload):
    """Where something is found."""

    href: str


class RepositoryLinks(Payload):
    """Where the repository is found: Cloud tells its page, which is also a clone URL, Data Center the clone URLs."""

    html: Link | None = None
    clone: tuple[Link, ...] = ()


class BitbucketRepository(Payload):
    """The repository, as far as it is looked at."""

    links: RepositoryLinks = Field(default_factory=RepositoryLinks)


class CloudRef(Payload):
    """A branch or a tag of Cloud."""

    type: str
    name: str


class CloudChange(Payload):
    """A ref before and after; null where it was not, or is no longer."""

    old: CloudRef | None = None
    new: CloudRef | None = None


class CloudPush(Payload):
    """What Cloud's `repo:push` changed."""

    changes: tuple[CloudChange, ...]


class ServerRef(Payload):
    """A branch or a tag of Data Center."""

    id: str


class ServerChange(Payload):
    """A ref that Data Center's `repo:refs_changed` changed."""

    ref: ServerRef


class BitbucketPush(Payload):
    """The body of Cloud's `repo:push`, which has `push`, or of Data Center's `repo:refs_changed`, with `changes`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "repository": {"links": {"html": {"href": "https://bitbucket.org/example/catalog"}}},
                "push": {"changes": [{"old": None, "new": {"type": "branch", "name": "main"}}]},
            }
        },
    )

    repository: BitbucketRepository
    push: CloudPush | None = None
    changes: tuple[ServerChange, ...] = ()


_KINDS = {"branch": BRANCHES, "tag": TAGS}


class Bitbucket(GitHost):
    """bitbucket.org and Bitbucket Data Center."""

    name: ClassVar[str] = "bitbucket"
    title: ClassVar[str] = "Bitbucket"
    Payload: ClassVar[type[BaseModel]] = BitbucketPush
    proofs: ClassVar[tuple[str, ...]] = ("x-hub-signature",)
    delivery_ids: ClassVar[tuple[str, ...]] = ("x-request-uuid", "x-request-id")

    @override
    def vouched(self, headers: Mapping[str, str], body: bytes, secret: str) -> Vouched | None:
        return Vouched(content=body) if hex_signature_holds(headers.get(self.proofs[0]), body, secret) else None

    @override
    def is_push(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-event-key") in {"repo:push", "repo:refs_changed"}

    @override
    def is_unsigned_test(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-event-key") == "diagnostics:ping"

    @override
    def push(self, payload: BitbucketPush) -> Push:
        links = payload.repository.links
        pages = [links.html] if links.html else []
        return push_of([link.href for link in (*links.clone, *pages)], _refs(payload))


def _refs(payload: BitbucketPush) -> Iterator[str]:
    yield from (change.ref.id for change in payload.changes)
    for change in payload.push.changes if payload.push else ():
        for ref in (change.old, change.new):
            if ref is not None and ref.type in _KINDS:
                yield _KINDS[ref.type] + ref.name
