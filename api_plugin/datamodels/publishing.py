"""What the operations on commits and problems of the catalog answer."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from api_plugin.datamodels.base import Answer


class ProblemAnswer(Answer):
    """One thing wrong with a catalog file, with its place and what to do."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    file: str
    line: int
    column: int
    pointer: str
    item_id: str | None
    hint: str | None


class InvalidItem(Answer):
    """An item whose file is invalid in the published commit."""

    item_id: str
    served_revision: str | None = Field(
        description="The revision that can be ordered meanwhile; null before the first."
    )


class CatalogValidation(Answer):
    """What is wrong in the published commit."""

    valid: bool = Field(description="Whether there is no error among what the caller may see.")
    commit: str | None
    errors: list[ProblemAnswer]
    warnings: list[ProblemAnswer]
    invalid: list[InvalidItem]


class ItemValidation(Answer):
    """What is wrong with one item in the published commit."""

    valid: bool
    commit: str | None
    errors: list[ProblemAnswer]
    warnings: list[ProblemAnswer]
    served_revision: str | None = Field(
        description="Where the file is invalid, the revision that can be ordered meanwhile; else null."
    )


class CommitAnswer(Answer):
    """A commit that was published, with the ids of the items that it changed."""

    commit: str
    author: str
    message: str | None = Field(description="Null where the commit changed items that the caller may not see.")
    committed_at: dt.datetime
    published_at: dt.datetime
    added: list[str]
    changed: list[str]
    removed: list[str]
    invalid: list[str] = Field(description="Served at their last valid revision.")


class CommitPage(Answer):
    """A page of the published commits, the newest first."""

    commits: list[CommitAnswer]
    next_cursor: str | None


class RefreshAnswer(Answer):
    """A refresh that was asked for."""

    commit_before: str | None = Field(description="The commit that is published now.")
    sync_run_id: str = Field(description="The run of Airflow's DAG `catalog_sync` that shows how it goes.")
