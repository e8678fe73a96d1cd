"""Publishes a snapshot to the `pao` tables, from which the API serves it. Runs in the DAG processor's manager."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.store.catalog import Catalog, CatalogChange, CatalogCommit, CatalogItem, ItemRevision
from api_plugin.store.notices import notify
from api_plugin.store.requests import Request
from catalog_compiler.airflow.repository import CommitInfo, Repository
from catalog_compiler.airflow.snapshot import PublishedItem, Snapshot
from catalog_compiler.plan import ItemPlan

SETTLED = ("cancelled", "rolled_back")
"""Statuses of requests that need no DAG any more: nothing runs, and nothing is left to undo."""


def published_commit(session: Session, catalog: str) -> str | None:
    """The commit that readers see now; None before the first."""
    return session.scalar(select(Catalog.commit).where(Catalog.name == catalog))


def publish(  # noqa: PLR0913 - one publication, each part by its name
    session: Session, catalog: str, tracking_ref: str, snapshot: Snapshot, repository: Repository, *, over: str | None
) -> bool:
    """Make the snapshot what readers see, in one transaction; False where another process published meanwhile.

    `over` is the commit that was published when the caller looked; the caller fetches again and tries anew.
    """
    now = dt.datetime.now(dt.UTC)
    session.execute(
        insert(Catalog)
        .values(name=catalog, tracking_ref=tracking_ref, categories=[], problems=[], change_counter=0)
        .on_conflict_do_nothing()
    )
    row = session.scalars(select(Catalog).where(Catalog.name == catalog).with_for_update()).one()
    if row.commit not in {over, snapshot.commit}:
        return False
    stored = {item.item_id: item for item in session.scalars(select(CatalogItem).where(CatalogItem.catalog == catalog))}
    changes = _changes(stored, snapshot.items)
    _add_revisions(session, catalog, repository, [snapshot.items[item_id] for item_id in changes.touched], now)
    _set_items(session, catalog, stored, snapshot.items)
    problems = [dataclasses.asdict(problem) for problem in snapshot.problems]
    if row.commit != snapshot.commit:
        _add_commit(session, catalog, repository.describe(snapshot.commit), changes, now)
    if row.commit != snapshot.commit or changes.touched or changes.removed or row.problems != problems:
        row.commit, row.problems, row.published_at = snapshot.commit, problems, now
        row.categories = list(snapshot.settings.categories)
        row.owners = {name: owner.model_dump() for name, owner in snapshot.settings.owners.items()}
        row.change_counter += 1
        notify(session, catalog)
    row.tracking_ref, row.refreshed_at, row.failing_since, row.failure = tracking_ref, now, None, None
    return True


def record_refresh(session: Session, catalog: str, *, version: str | None, failure: str | None) -> None:
    """Note that the repository was looked at, with success or not. What is published stays."""
    row = session.get(Catalog, catalog, with_for_update=True)
    if row is None:
        return
    now = dt.datetime.now(dt.UTC)
    if failure is None:
        row.refreshed_at, row.failing_since, row.failure = now, None, None
        row.version = version
        return
    row.failing_since = row.failing_since or now
    row.failure = failure


def kept_retired(session: Session, catalog: str) -> tuple[ItemPlan, ...]:
    """Plans of the retired items whose DAGs a request still needs: it runs, or it could still be rolled back."""
    needed = exists().where(
        Request.catalog == catalog, Request.item_id == CatalogItem.item_id, Request.status.not_in(SETTLED)
    )
    plans = session.scalars(
        select(ItemRevision.plan)
        .join(
            CatalogItem,
            (CatalogItem.catalog == ItemRevision.catalog)
            & (CatalogItem.item_id == ItemRevision.item_id)
            & (CatalogItem.published_revision == ItemRevision.revision),
        )
        .where(CatalogItem.catalog == catalog, CatalogItem.retired, needed)
        .order_by(ItemRevision.item_id)
    )
    return tuple(ItemPlan.model_validate(plan) for plan in plans)


def version_of(commit: str, retired: Iterable[ItemPlan]) -> str:
    """The bundle version: the commit, and a digest of the retired items that are kept where there are any."""
    kept = sorted(f"{plan.item_id}={plan.revision}" for plan in retired)
    if not kept:
        return commit
    return f"{commit}.{hashlib.sha256(' '.join(kept).encode()).hexdigest()[:12]}"


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


def _changes(stored: Mapping[str, CatalogItem], items: Mapping[str, PublishedItem]) -> _Changes:
    live = {item_id for item_id, row in stored.items() if not row.retired}
    return _Changes(
        added=[item_id for item_id in items if item_id not in live],
        changed=[
            item_id
            for item_id, item in items.items()
            if item_id in live and stored[item_id].published_revision != item.plan.revision
        ],
        removed=sorted(live - items.keys()),
        invalid=[item_id for item_id, item in items.items() if not item.valid],
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
    session: Session, catalog: str, stored: Mapping[str, CatalogItem], items: Mapping[str, PublishedItem]
) -> None:
    for item_id, item in items.items():
        row = stored.get(item_id)
        if row is None:
            row = CatalogItem(catalog=catalog, item_id=item_id)
            session.add(row)
        row.published_revision, row.valid, row.retired = item.plan.revision, item.valid, False
    for item_id in stored.keys() - items.keys():
        stored[item_id].retired = True


def _add_commit(session: Session, catalog: str, info: CommitInfo, changes: _Changes, now: dt.datetime) -> None:
    change = CatalogChange(catalog=catalog, type="published", at=now, commit=info.commit, items=[])
    session.add(change)
    session.flush()
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
