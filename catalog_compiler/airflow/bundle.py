"""The catalog as an Airflow DAG bundle: a git repository of YAML in, a folder of DAG stubs out.

The DAG processor's manager initializes and refreshes the bundle that follows the tracking ref; whoever needs an older
state of it (a worker, a callback) initializes it with a version. Configured in Airflow's option
`[dag_processor] dag_bundle_config_list`.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import structlog
from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion
from airflow.sdk.exceptions import AirflowException
from airflow.utils.session import create_session

from catalog_compiler.airflow.access import Access, RepositoryError
from catalog_compiler.airflow.compiled_files import CompiledFiles, UnfinishedError
from catalog_compiler.airflow.fetching import Fetch
from catalog_compiler.airflow.publishing import (
    commit_of,
    kept_plans,
    publish,
    published_commit,
    published_version,
    record_refresh,
    version_of,
)
from catalog_compiler.airflow.repository import DamagedCloneError, Repository
from catalog_compiler.airflow.snapshot import Snapshot, removed_items, take_snapshot
from catalog_compiler.airflow.stubs import link_stubs, write_stubs
from catalog_compiler.plan import ItemPlan

log = structlog.get_logger(__name__)

VERSIONS_KEPT = 20
"""How many compiled versions stay on disk; an older one is compiled again when it is asked for."""
PATIENCE = 2.0
"""Seconds that a refresh waits for a fetch, which goes on beside, for a later refresh to find, and that it compiles.

No step of a look is begun after so long: the DAG processor's heart beats between two refreshes, and it serves other
bundles as well.
"""
LONGEST_INTERVAL = 60
"""Seconds between looks at a repository that can't be read, at most; each failure doubles the bundle's interval."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class CatalogBundle(BaseDagBundle):
    """Follows one ref of a catalog repository; the bundle's name is the catalog's."""

    supports_versioning = True

    def __init__(
        self,
        *,
        tracking_ref: str,
        repo_url: str | None = None,
        git_conn_id: str | None = None,
        subdir: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Name the repository by `repo_url`, by an Airflow git connection, or by both (the connection signs in).

        `subdir` is the folder of the repository that is the catalog's root; without it that is the repository's own.
        """
        super().__init__(**kwargs)
        if not _NAME.fullmatch(self.name):
            raise AirflowException(
                f"'{self.name}' can't be the name of a catalog, which becomes a part of its DAGs' ids; begin with a "
                "small letter, and go on with small letters, digits, '-' or '_', 40 characters at most"
            )
        if not (repo_url or git_conn_id):
            raise AirflowException(
                f"catalog bundle '{self.name}' has no repository: set repo_url, or git_conn_id to a git connection "
                "that has a host"
            )
        self.tracking_ref = tracking_ref
        self._access = Access(repo_url=repo_url, git_conn_id=git_conn_id)
        self._repository = Repository(folder=self.base_dir / "repository.git", access=self._access, root=subdir or "")
        self._interval = self.refresh_interval
        self._failures = 0
        self._fetch: Fetch | None = None
        self._seen: str | None = None
        """The commit that was published when the fetch began."""
        self._unfinished = False
        """Whether what was fetched is still being compiled."""
        self._current: str | None = self.version
        self._taken: Snapshot | None = None
        """What the commit that was looked at last comes to."""
        self._snapshot: Snapshot | None = None
        """What was published last."""
        self._kept: Mapping[str, str] = {}
        """Items that stay published though the snapshot lacks them, with the broken file of each."""
        self._restored = False
        """Whether the stubs come from what is published: without those of files that never were valid."""
        self._files = CompiledFiles(patience=PATIENCE)
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
            if self._current is None:
                self._restore()
        super().initialize()

    def refresh(self) -> None:
        """Fetch, compile the tip, write its stubs, publish it.

        Whatever fails leaves what is there, is recorded for health to tell, and is tried again. What takes long, a
        fetch or a commit that changes thousands of files, is not over when this returns: `refresh_interval` says to
        come back at once.
        """
        if self.version:
            raise AirflowException(f"bundle '{self.name}' is pinned to {self.version}; a pinned version never changes")
        with self.lock():
            try:
                self._look()
            except RepositoryError as error:
                log.warning("catalog repository not read", catalog=self.name, error=str(error))
                self._failed(str(error))
            except Exception as error:
                log.exception("catalog not brought up to date", catalog=self.name)
                said = getattr(error, "strerror", None) or "see the DAG processor's log"
                self._failed(f"the catalog could not be brought up to date, by {type(error).__name__}: {said}")

    def _failed(self, failure: str) -> None:
        self._access.forget()
        self._failures += 1
        slower = max(self._interval, 1) * 2 ** min(self._failures, 16)
        self.refresh_interval = max(min(slower, LONGEST_INTERVAL), self._interval)
        with create_session() as session:
            record_refresh(session, self.name, self.tracking_ref, version=self._current, failure=failure)

    def _look(self) -> None:
        try:
            self._follow_when_fetched()
        except DamagedCloneError as error:
            log.warning("clone of the catalog repository is damaged; cloning anew", catalog=self.name, error=str(error))
            self._fetch = self._repository.start_renewal()
            self._follow_when_fetched()

    def _follow_when_fetched(self) -> None:
        if not self._unfinished and not self._fetched():
            self.refresh_interval = 0
            return
        # Whatever goes wrong from here on, the next look begins with a fetch.
        self._unfinished = False
        self.refresh_interval = self._interval
        try:
            self._follow()
        except UnfinishedError:
            self._unfinished = True
            self.refresh_interval = 0
        self._failures = 0

    def _fetched(self) -> bool:
        """Whether the fetch has come to an end; raises RepositoryError where it failed."""
        if self._fetch is None:
            with create_session() as session:
                self._seen = published_commit(session, self.name)
            self._fetch = self._repository.start_fetch()
        # What went on beside is only looked at: whoever asks again and again waits no more.
        if not self._fetch.ended(within=0 if self.refresh_interval == 0 else PATIENCE):
            return False
        fetch, self._fetch = self._fetch, None
        fetch.result()
        return True

    def _follow(self) -> None:
        began = time.monotonic()
        tip = self._repository.resolve(self.tracking_ref)
        snapshot = self._taken
        if snapshot is None or snapshot.commit != tip:
            snapshot = self._taken = take_snapshot(self._repository, tip, self._files)
            _end_where_late(began)
        if snapshot is not self._snapshot or self._seen != tip:
            with create_session() as session:
                kept = publish(session, self.name, self.tracking_ref, snapshot, self._repository, over=self._seen)
            if kept is None:
                self.refresh_interval = 0
                return
            self._kept, self._snapshot, self._seen = kept, snapshot, tip
            _end_where_late(began)
        self._write(snapshot)

    def _write(self, snapshot: Snapshot) -> None:
        with create_session() as session:
            kept = kept_plans(session, self.name, besides=snapshot.items.keys())
            version = version_of(snapshot.commit, kept)
            if version != self._current or self._restored:
                plans = [*(item.plan for item in snapshot.items.values()), *kept]
                saved = set(self._kept.values())
                broken = {file: report for file, report in snapshot.broken.items() if file not in saved}
                self._write_version(version, plans, broken)
                self._restored = False
                log.info("catalog compiled", catalog=self.name, version=version, items=len(plans))
            record_refresh(session, self.name, self.tracking_ref, version=version, failure=None)

    def _restore(self) -> None:
        """Where the repository can't be read yet, bring what is published to a disk that may be empty.

        Otherwise the DAG processor would take its DAGs for removed, and leave their runs alone for ever.
        """
        with self.lock(), create_session() as session:
            version = published_version(session, self.name)
            if version is not None:
                self._write_version(version, kept_plans(session, self.name, besides=()), {})
                self._restored = True

    def _write_version(self, version: str, plans: Iterable[ItemPlan], broken: Mapping[str, str]) -> None:
        held, self._stubs = self._stubs, {}
        self._stubs = write_stubs(self.path, self.name, plans, broken, held)
        self._keep_version(version)
        self._current = version

    def _keep_version(self, version: str) -> None:
        """Give the version a folder of its own by hard links, so that callbacks of its runs find it compiled."""
        folder = self.versions_dir / version
        if not folder.exists():
            unfinished = self.versions_dir / f".{version}.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            link_stubs(self.path, self._stubs, unfinished)
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
            try:
                self._make_version(version)
            except DamagedCloneError:
                self._repository.renew()
                self._make_version(version)

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
            # Which items the version kept besides its own is not known here; all that git remembers do no harm.
            yield from (item.plan for item in removed_items(self._repository, snapshot))


def _end_where_late(began: float) -> None:
    """Leave the next step to the next refresh; raises UnfinishedError."""
    if time.monotonic() - began >= PATIENCE:
        raise UnfinishedError
