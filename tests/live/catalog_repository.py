"""The git repository that the stack under test serves: tests commit items to it and wait until they are live."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pao_local.git import git

from api_plugin.client import ApiClient
from api_plugin.datamodels.internal import CatalogState
from tests.live.items import Part
from tests.live.waiting import LONG, wait_for

CATALOG, STAGING = "default", "staging"
"""The two catalogs of the stack under test: the branch `main`, and a branch of the second one's own name."""


@dataclass(frozen=True, kw_only=True)
class CatalogRepository:
    """A working tree whose current branch is the catalog."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, examples: Path, items: Iterable[Part]) -> CatalogRepository:
        """A repository whose first commit holds the example catalog and these items."""
        git("init", "--quiet", "--initial-branch=main", folder)
        made = cls(folder=folder)
        shutil.copytree(examples, folder, dirs_exist_ok=True)
        made.commit(*items)
        return made

    def branch(self, name: str, folder: Path, *items: Part) -> CatalogRepository:
        """A branch that holds these items alone, with a working tree of its own."""
        git("-C", self.folder, "worktree", "add", "--quiet", "-b", name, folder)
        git("-C", folder, "rm", "-r", "--quiet", ".")
        made = CatalogRepository(folder=folder)
        made.commit(*items)
        return made

    def path(self, item_id: str) -> Path:
        """The file of an item."""
        return self.folder / "catalog" / "tests" / f"{item_id}.yaml"

    def commit(self, *items: Part, texts: dict[str, str] | None = None, without: Iterable[str] = ()) -> str:
        """Write items, raw texts by item id, and take items out, in one commit; its id."""
        # JSON is YAML: what a test says is what the file holds.
        written = {part["header"]["id"]: json.dumps(part, indent=1, ensure_ascii=False) for part in items}
        for item_id, text in {**written, **(texts or {})}.items():
            self.path(item_id).parent.mkdir(parents=True, exist_ok=True)
            self.path(item_id).write_text(text, encoding="utf-8")
        for item_id in without:
            self.path(item_id).unlink()
        git("-C", self.folder, "add", "--all")
        git("-C", self.folder, "commit", "--quiet", "--message", "A change of the tests")
        return self.tip()

    def tip(self) -> str:
        """The newest commit."""
        return git("-C", self.folder, "rev-parse", "HEAD")


@dataclass(frozen=True, kw_only=True)
class LiveCatalog:
    """The repository, and the API that serves it."""

    repository: CatalogRepository
    service: ApiClient
    """Signed in as the service principal."""
    name: str = CATALOG

    def publish(self, *items: Part, texts: dict[str, str] | None = None, without: Iterable[str] = ()) -> CatalogState:
        """Commit, and wait until what was committed can be ordered; the catalog's state then."""
        commit = self.repository.commit(*items, texts=texts, without=without)
        self.service.refresh_catalog(self.name)
        return self.wait_until_served(commit)

    def wait_until_served(self, commit: str, within: float = LONG) -> CatalogState:
        """The catalog's state once this commit is published and all its items are ready."""

        def ready() -> CatalogState | None:
            state = self.service.catalog_state(self.name)
            return state if state.commit == commit and not state.pending else None

        return wait_for(ready, f"commit {commit[:12]} is served", within=within)
