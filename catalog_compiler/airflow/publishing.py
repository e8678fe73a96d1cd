"""Publishes a snapshot to the `pao` tables, from which the API serves it. Runs in the DAG processor's manager."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.store.catalog import (
    IS_PUBLISHED,
    Catalog,
    CatalogChange,
    CatalogCommit,
    CatalogItem,
    ItemRevision,
)
from api_plugin.store.notices import notify
from api_plugin.store.requests import Request
from catalog_compiler.airflow.keeping import Origin, broken_files
from catalog_compiler.airflow.repository import CommitInfo, Repository
from catalog_compiler.airflow.snapshot import PublishedItem, Snapshot
from catalog_compiler.plan import ItemPlan

SETTLED = ("cancelled", "rolled_back")
"""Statuses of requests that need no DAG any more: nothing runs, and nothing is left to undo."""
CHANGES_KEPT = dt.timedelta(days=30)
"""For how long a watcher of the catalog may be away and go on where it was. Commits stay for ever."""


def published_commit(session: Session, catalog: str) -> str | None:
    """The commit that readers see now; None before the first."""
    return session.scalar(select(Catalog.commit).where(Catalog.name == catalog))


def publish(  # noqa: PLR0913 - one publication, each part by its name
    session: Session, catalog: str, tracking_ref: str, snapshot: Snapshot, repository: Repository, *, over: str | None
) -> dict[str, str] | None:
    """Make the snapshot what readers see, in one transaction; None where another process published meanwhile.

    What stays published although the commit holds it in no valid file is told, with the broken file of each item.
    `over` is the commit that was published when the caller looked; the caller fetches again and tries anew.
    """
    now = dt.datetime.now(dt.UTC)
    row = _locked_row(session, catalog, tracking_ref)
    if row.commit not in {over, snapshot.commit}:
        return None
    stored = {item.item_id: item for item in session.scalars(select(CatalogItem).where(CatalogItem.catalog == catalog))}
    kept = _kept(session, catalog, stored, snapshot, repository, published=row.commit)
    changes = _changes(stored, snapshot.items, kept)
    _add_revisions(session, catalog, repository, [snapshot.items[item_id] for item_id in changes.touched], now)
    _set_items(session, catalog, stored, snapshot.items, kept)
    problems = [dataclasses.asdict(problem) for problem in snapshot.problems]
    if row.commit != snapshot.commit:
        _add_commit(session, catalog, repository.describe(snapshot.commit), changes, now)
    if row.commit != snapshot.commit or changes.touched or changes.removed or row.problems != problems:
        row.commit, row.problems, row.published_at = snapshot.commit, problems, now
        if snapshot.settings_known or not row.categories:
            row.categories = list(snapshot.settings.categories)
            row.owners = {name: owner.model_dump() for name, owner in snapshot.settings.owners.items()}
        row.change_counter += 1
        notify(session, catalog)
    row.tracking_ref, row.repository = tracking_ref, repository.shown
    row.refreshed_at, row.failing_since, row.failure = now, None, None
    return kept


def record_refresh(
    session: Session, catalog: str, tracking_ref: str, *, version: str | None, failure: str | None
) -> None:
    """Note that the repository was looked at, with success or not. What is published stays."""
    row = _locked_row(session, catalog, tracking_ref)
    now = dt.datetime.now(dt.UTC)
    if failure is None:
        row.refreshed_at, row.failing_since, row.failure = now, None, None
        row.version = version
        return
    row.failing_since = row.failing_since or now
    row.failure = failure


def published_version(session: Session, catalog: str) -> str | None:
    """The bundle version that readers see now; None before the first."""
    return session.scalar(select(Catalog.version).where(Catalog.name == catalog))


def kept_plans(session: Session, catalog: str, *, besides: Collection[str]) -> tuple[ItemPlan, ...]:
    """Plans that the catalog's DAGs are made of besides those of the given items, which its commit holds.

    Of items that stay published, and of the retired ones that a request still needs: it runs, or it could still be
    rolled back.
    """
    needed = exists().where(
        Request.catalog == catalog, Request.item_id == CatalogItem.item_id, Request.status.not_in(SETTLED)
    )
    item_ids = session.scalars(
        select(CatalogItem.item_id).where(CatalogItem.catalog == catalog, or_(~CatalogItem.retired, needed))
    )
    wanted = set(item_ids).difference(besides)
    if not wanted:
        return ()
    plans = session.scalars(
        select(ItemRevision.plan)
        .join(CatalogItem, IS_PUBLISHED)
        .where(CatalogItem.catalog == catalog, CatalogItem.item_id.in_(wanted))
        .order_by(ItemRevision.item_id)
    )
    return tuple(ItemPlan.model_validate(plan) for plan in plans)


def version_of(commit: str, kept: Iterable[ItemPlan]) -> str:
    """The bundle version: the commit, and a digest of the items that are kept besides its own where there are any."""
    names = sorted(f"{plan.item_id}={plan.revision}" for plan in kept)
    if not names:
        return commit
    return f"{commit}.{hashlib.sha256(' '.join(names).encode()).hexdigest()[:12]}"


def commit_of(version: str) -> str:
    """The commit of a bundle version."""
    return version.partition(".")[0]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Changes:
    added: list[str]
    changed: list[str]
    removed: list[str]
    invalid: list[str]

    @property
    def touched(self) -> list[str]:
        return [*self.added, *self.changed]


def _locked_row(session: Session, catalog: str, tracking_ref: str) -> Catalog:
    session.execute(
        insert(Catalog)
        .values(name=catalog, tracking_ref=tracking_ref, categories=[], problems=[], change_counter=0)
        .on_conflict_do_nothing()
    )
    return session.scalars(select(Catalog).where(Catalog.name == catalog).with_for_update()).one()


def _kept(  # noqa: PLR0913
    session: Session, catalog: str, stored: Mapping[str, CatalogItem], snapshot: Snapshot, repository: Repository, *,
    published: str | None,
) -> dict[str, str]:  # fmt: skip
    """The items that stay published though the snapshot lacks them, each with the file that is broken now."""
    vanished = {item_id for item_id, row in stored.items() if not row.retired} - snapshot.items.keys()
    if not vanished:
        return {}
    rows = session.execute(
        select(ItemRevision.item_id, ItemRevision.file, ItemRevision.commit)
        .join(CatalogItem, IS_PUBLISHED)
        .where(CatalogItem.catalog == catalog, CatalogItem.item_id.in_(vanished))
    )
    origins = {item_id: Origin(file=file, commit=commit) for item_id, file, commit in rows}
    found = broken_files(origins, snapshot, repository)
    if published == snapshot.commit:
        # It was decided when this commit was published, by a process that may have known more of its history.
        return {item_id: origin.file for item_id, origin in origins.items()} | found
    return found


def _changes(stored: Mapping[str, CatalogItem], items: Mapping[str, PublishedItem], kept: Collection[str]) -> _Changes:
    live = {item_id for item_id, row in stored.items() if not row.retired}
    return _Changes(
        added=[item_id for item_id in items if item_id not in live],
        changed=[
            item_id
            for item_id, item in items.items()
            if item_id in live and stored[item_id].published_revision != item.plan.revision
        ],
        removed=sorted(live - items.keys() - set(kept)),
        invalid=sorted([*kept, *(item_id for item_id, item in items.items() if not item.valid)]),
    )


def _add_revisions(
    session: Session, catalog: str, repository: Repository, items: list[PublishedItem], now: dt.datetime
) -> None:
    if not items:
        return
    commits = {commit: repository.describe(commit) for commit in {item.commit for item in items}}
    rows = [
        {
            "catalog": catalog,
            "item_id": item.plan.item_id,
            "revision": item.plan.revision,
            "document": item.document,
            "plan": item.plan.model_dump(mode="json"),
            "file": item.file,
            "commit": item.commit,
            "author": commits[item.commit].author,
            "committed_at": commits[item.commit].committed_at,
            "published_at": now,
        }
        for item in items
    ]
    session.execute(insert(ItemRevision).on_conflict_do_nothing(), rows)


def _set_items(
    session: Session,
    catalog: str,
    stored: Mapping[str, CatalogItem],
    items: Mapping[str, PublishedItem],
    kept: Collection[str],
) -> None:
    for item_id, item in items.items():
        row = stored.get(item_id)
        if row is None:
            row = CatalogItem(catalog=catalog, item_id=item_id)
            session.add(row)
        wanted = (item.plan.revision, item.valid, False)
        # Of thousands of rows few change, and the session looks at each one that is written to.
        if (row.published_revision, row.valid, row.retired) != wanted:
            row.published_revision, row.valid, row.retired = wanted
    for item_id in stored.keys() - items.keys():
        if item_id in kept:
            stored[item_id].valid = False
        else:
            stored[item_id].retired = True


def _add_commit(session: Session, catalog: str, info: CommitInfo, changes: _Changes, now: dt.datetime) -> None:
    change = CatalogChange(catalog=catalog, type="published", at=now, commit=info.commit, items=[])
    session.add(change)
    session.flush()
    _forget_changes(session, catalog, now - CHANGES_KEPT)
    session.add(
        CatalogCommit(
            seq=change.seq,
            catalog=catalog,
            commit=info.commit,
            author=info.author,
            message=info.message,
            committed_at=info.committed_at,
            published_at=now,
            added=changes.added,
            changed=changes.changed,
            removed=changes.removed,
            invalid=changes.invalid,
        )
    )


def _forget_changes(session: Session, catalog: str, before: dt.datetime) -> None:
    """Delete what is older, up to the last commit in it: by that one, which stays, readers see what they missed."""
    mine = CatalogChange.catalog == catalog
    last = select(func.max(CatalogChange.seq)).where(mine, CatalogChange.type == "published", CatalogChange.at < before)
    gone = delete(CatalogChange).where(mine, CatalogChange.seq <= last.scalar_subquery())
    session.execute(gone.execution_options(synchronize_session=False))
