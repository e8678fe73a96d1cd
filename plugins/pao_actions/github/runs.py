"""Runs of workflows as GitHub describes them, as far as they matter here."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, field_validator

from catalog_compiler.actions import ActionResult

SUCCESS = "success"
_COMPLETED = "completed"


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Actor(_Answer):
    """A user or a robot."""

    login: str


class Run(_Answer):
    """One run of a workflow."""

    id: int
    html_url: str
    status: str | None = None
    """`queued`, `in_progress`, `completed` ..."""
    conclusion: str | None = None
    """How it ended; None until then."""
    run_attempt: int = 1
    """Counts the re-runs, from 1."""
    name: str | None = None
    display_title: str = ""
    """What its `run-name` says."""
    event: str = ""
    head_branch: str | None = None
    created_at: AwareDatetime | None = None
    actor: Actor | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.status == _COMPLETED

    def result(self) -> ActionResult:
        """What the action gives of it."""
        return result(self.id, self.html_url, status=self.status, conclusion=self.conclusion)


class RunList(_Answer):
    """A page of runs."""

    total_count: int
    workflow_runs: tuple[Run, ...]


class StartedRun(_Answer):
    """What a dispatch answers where it tells its run."""

    workflow_run_id: int
    html_url: str


class Step(_Answer):
    """A step of a job."""

    name: str
    conclusion: str | None = None


class Job(_Answer):
    """A job of a run."""

    name: str
    html_url: str | None = None
    conclusion: str | None = None
    steps: tuple[Step, ...] = Field(default=())

    @field_validator("steps", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return () if value is None else value


class JobList(_Answer):
    """A page of jobs."""

    jobs: tuple[Job, ...]


def result(run_id: int, url: str, *, status: str | None, conclusion: str | None) -> ActionResult:
    """The outputs of the action."""
    outputs: dict[str, JsonValue] = {"run_id": run_id, "url": url, "status": status, "conclusion": conclusion}
    return ActionResult(outputs=outputs, url=url)
