"""The catalog as an Airflow DAG bundle: a git repository of YAML in, a folder of DAG stubs out.

The DAG processor's manager initializes and refreshes the bundle that follows the tracking ref; whoever needs an older
state of it (a worker, a callback) initializes it with a version. Configured in Airflow's option
`[dag_processor] dag_bundle_config_list`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion
from airflow.providers.git.hooks.git import GitHook
from airflow.sdk.exceptions import AirflowException
from airflow.utils.session import create_session

from catalog_compiler.airflow.compiled_files import CompiledFiles
from catalog_compiler.airflow.publishing import (
    commit_of,
    kept_retired,
    publish,
    published_commit,
    record_refresh,
    version_of,
)
from catalog_compiler.airflow.repository import DamagedCloneError, Repository, RepositoryError
from catalog_compiler.airflow.snapshot import Snapshot, removed_items, take_snapshot
from catalog_compiler.airflow.stubs import write_stubs
from catalog_compiler.plan import ItemPlan

log = structlog.get_logger(__name__)

VERSIONS_KEPT = 20
"""How many compiled versions stay on disk; an older one is compiled again when it is asked for."""
PUBLISH_TRIES = 3


class CatalogBundle(BaseDagBundle):
    """Follows one ref of a catalog repository; the bundle's name is the catalog's."""

    supports_versioning = True

    def __init__(
        self,
        *,
        tracking_ref: str,
        repo_url: str | None = None,
        git_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Name the repository by `repo_url`, by an Airflow git connection, or by both (the connection signs in)."""
        super().__init__(**kwargs)
        self.tracking_ref = tracking_ref
        hook = GitHook(git_conn_id=git_conn_id, repo_url=repo_url) if git_conn_id else None
        url = (hook.repo_url if hook else None) or repo_url
        if not url:
            raise AirflowException(
                f"catalog bundle '{self.name}' has no repository: set repo_url, or git_conn_id to a git connection "
                "that has a host"
            )
        self._repository = Repository(folder=self.base_dir / "repository.git", url=str(url), hook=hook)
        self._current: str | None = self.version
        self._snapshot: Snapshot | None = None
        self._files = CompiledFiles()
        self._stubs: Mapping[str, str] = {}
        """What `write_stubs` told last; nothing where it did not come to its end."""

    @property
    def path(self) -> Path:
        """The folder of stubs: of the pinned version, or of what is followed."""
        return self.versions_dir / self.version if self.version else self.base_dir / "stubs"

    def get_current_version(self) -> BundleVersion | None:
        """The version of the stubs in `path`."""
        return BundleVersion(version=self._current) if self._current else None

    def initialize(self) -> None:
        """Bring the stubs to disk: a pinned version is compiled where it is not there yet."""
        if self.version:
            self._compile_version(self.version)
        else:
            self.path.mkdir(parents=True, exist_ok=True)
            self.refresh()
        super().initialize()

    def refresh(self) -> None:
        """Fetch, compile the tip, write its stubs, publish it.

        A repository that can't be reached changes nothing: what is published stays, and health tells since when.
        """
        if self.version:
            raise AirflowException(f"bundle '{self.name}' is pinned to {self.version}; a pinned version never changes")
        with self.lock():
            try:
                self._on_a_sound_clone(self._follow)
            except RepositoryError as error:
                log.warning("catalog repository not read", catalog=self.name, error=str(error))
                with create_session() as session:
                    record_refresh(session, self.name, version=self._current, failure=str(error))

    def _on_a_sound_clone(self, work: Callable[[], None]) -> None:
        """Do the work; where it finds the clone damaged, do it once more on a new one."""
        try:
            work()
        except DamagedCloneError as error:
            log.warning("clone of the catalog repository is damaged; cloning anew", catalog=self.name, error=str(error))
            self._repository.renew()
            work()

    def _follow(self) -> None:
        for _ in range(PUBLISH_TRIES):
            with create_session() as session:
                seen = published_commit(session, self.name)
            self._repository.fetch()
            tip = self._repository.resolve(self.tracking_ref)
            if self._snapshot is None or tip != self._snapshot.commit:
                self._snapshot = take_snapshot(self._repository, tip, self._files)
            elif seen == tip:
                break
            with create_session() as session:
                if publish(session, self.name, self.tracking_ref, self._snapshot, self._repository, over=seen):
                    break
        self._write(self._snapshot)

    def _write(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        with create_session() as session:
            retired = kept_retired(session, self.name)
            version = version_of(snapshot.commit, retired)
            if version != self._current:
                plans = [*(item.plan for item in snapshot.items.values()), *retired]
                held, self._stubs = self._stubs, {}
                self._stubs = write_stubs(self.path, self.name, plans, snapshot.broken, held)
                self._keep_version(version)
                self._current = version
                log.info("catalog compiled", catalog=self.name, version=version, items=len(plans))
            record_refresh(session, self.name, version=version, failure=None)

    def _keep_version(self, version: str) -> None:
        """Give the version a folder of its own by hard links, so that callbacks of its runs find it compiled."""
        folder = self.versions_dir / version
        if not folder.exists():
            unfinished = self.versions_dir / f".{version}.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            for name in self._stubs:
                os.link(self.path / name, unfinished / name)
            unfinished.rename(folder)
        folders = [folder for folder in self.versions_dir.iterdir() if not folder.name.startswith(".")]
        for old in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)[VERSIONS_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def _compile_version(self, version: str) -> None:
        if self.path.exists():
            return
        with self.lock():
            if self.path.exists():
                return
            self._on_a_sound_clone(partial(self._make_version, version))

    def _make_version(self, version: str) -> None:
        commit = commit_of(version)
        if not self._repository.has(commit):
            self._repository.fetch()
        unfinished = self.versions_dir / f".{version}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        write_stubs(unfinished, self.name, self._plans_of(commit, retired_too=commit != version), {})
        unfinished.rename(self.path)

    def _plans_of(self, commit: str, *, retired_too: bool) -> Iterable[ItemPlan]:
        snapshot = take_snapshot(self._repository, commit)
        yield from (item.plan for item in snapshot.items.values())
        if retired_too:
            # Which of the removed items the version kept is not known here; all of them do no harm.
            yield from (item.plan for item in removed_items(self._repository, snapshot))
