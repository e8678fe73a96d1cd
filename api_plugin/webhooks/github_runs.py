"""GitHub's news of workflow runs: https://docs.github.com/webhooks/webhook-events-and-payloads#workflow_run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from api_plugin.webhooks.news import NewsSender
from api_plugin.webhooks.sender import Payload, Vouched, hex_signature_holds
from catalog_compiler.signal_names import github_run


class Run(Payload):
    """The run, as far as it is looked at."""

    id: int


class RunRepository(Payload):
    """The repository, as far as it is looked at."""

    full_name: str = Field(max_length=400)
    html_url: str


class WorkflowRunEvent(Payload):
    """The body of GitHub's `workflow_run`, whatever its action: requested, in progress, completed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "action": "completed",
                "workflow_run": {"id": 30433642, "status": "completed", "conclusion": "success"},
                "repository": {
                    "full_name": "example/infrastructure",
                    "html_url": "https://github.com/example/infrastructure",
                },
            }
        },
    )

    workflow_run: Run
    repository: RunRepository


class GitHubRuns(NewsSender):
    """github.com and GitHub Enterprise; signed with the same secret as its pushes."""

    name: ClassVar[str] = "github"
    title: ClassVar[str] = "GitHub"
    Payload: ClassVar[type[BaseModel]] = WorkflowRunEvent
    proofs: ClassVar[tuple[str, ...]] = ("x-hub-signature-256",)
    delivery_ids: ClassVar[tuple[str, ...]] = ("x-github-delivery",)

    @override
    def secret_connection(self, path: Mapping[str, Any]) -> str:
        return "pao_github_webhook"

    @override
    def vouched(self, headers: Mapping[str, str], body: bytes, secret: str) -> Vouched | None:
        return Vouched(content=body) if hex_signature_holds(headers.get(self.proofs[0]), body, secret) else None

    @override
    def is_news(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-github-event") == "workflow_run"

    @override
    def names(self, payload: WorkflowRunEvent, path: Mapping[str, Any]) -> tuple[str, ...]:
        host = _host(payload.repository.html_url)
        return (github_run(host, payload.repository.full_name, payload.workflow_run.id),) if host else ()


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
