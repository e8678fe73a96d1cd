"""GitHub: https://docs.github.com/webhooks/webhook-events-and-payloads#push."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from api_plugin.webhooks.host import GitHost
from api_plugin.webhooks.pushes import Push, push_of
from api_plugin.webhooks.sender import Payload, Vouched, hex_signature_holds


class GitHubRepository(Payload):
    """The repository, as far as it is looked at."""

    clone_url: str
    ssh_url: str | None = None


class GitHubPush(Payload):
    """The body of GitHub's `push`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "ref": "refs/heads/main",
                "repository": {"clone_url": "https://github.com/example/catalog.git"},
            }
        },
    )

    ref: str
    repository: GitHubRepository


class GitHub(GitHost):
    """github.com and GitHub Enterprise Server."""

    name: ClassVar[str] = "github"
    title: ClassVar[str] = "GitHub"
    Payload: ClassVar[type[BaseModel]] = GitHubPush
    proofs: ClassVar[tuple[str, ...]] = ("x-hub-signature-256",)
    delivery_ids: ClassVar[tuple[str, ...]] = ("x-github-delivery",)

    @override
    def vouched(self, headers: Mapping[str, str], body: bytes, secret: str) -> Vouched | None:
        return Vouched(content=body) if hex_signature_holds(headers.get(self.proofs[0]), body, secret) else None

    @override
    def is_push(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-github-event") == "push"

    @override
    def push(self, payload: GitHubPush) -> Push:
        return push_of([payload.repository.clone_url, payload.repository.ssh_url], [payload.ref])
