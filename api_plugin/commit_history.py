"""The commits that a catalog published, newest first, as far as a caller may know."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.cursors import decode_cursor, encode_cursor, not_a_cursor
from api_plugin.datamodels.publishing import CommitAnswer, CommitPage
from api_plugin.permissions import Permission
from api_plugin.principals import Principal
from api_plugin.published_items import published_items, sees_published
from api_plugin.store.catalog import CatalogCommit

_NO_SEQ = 2**63
"""More than PostgreSQL's numbers reach."""


def commit_page(session: Session, catalog: str, caller: Principal, limit: int, cursor: str | None) -> CommitPage:
    """A page of the publications; one that was moved back to is there twice."""
    query = select(CatalogCommit).where(CatalogCommit.catalog == catalog)
    if cursor is not None:
        query = query.where(CatalogCommit.seq < _position(cursor))
    rows = list(session.scalars(query.order_by(CatalogCommit.seq.desc()).limit(limit + 1)))
    page = rows[:limit]
    seen = _seen_ids(session, catalog, caller, page)
    return CommitPage(
        commits=[_answer(row, seen) for row in page],
        next_cursor=encode_cursor(page[-1].seq) if len(rows) > limit else None,
    )


def _position(cursor: str) -> int:
    """The sequence number that the page before ended at."""
    (seq,) = decode_cursor(cursor, int)
    if not 0 <= seq < _NO_SEQ:
        raise not_a_cursor()
    return int(seq)


def _seen_ids(session: Session, catalog: str, caller: Principal, rows: list[CatalogCommit]) -> set[str]:
    """Which of the rows' items the caller may know of, by what each says now or said last."""
    ids = {item_id for row in rows for item_id in (*row.added, *row.changed, *row.removed, *row.invalid)}
    if caller.may(Permission.REQUEST_READ_ALL):
        return ids
    known = published_items(session, catalog, ids)
    return {item_id for item_id in ids if sees_published(caller, known.get(item_id))}


def _answer(row: CatalogCommit, seen: set[str]) -> CommitAnswer:
    told = seen.issuperset((*row.added, *row.changed, *row.removed))
    return CommitAnswer(
        commit=row.commit,
        author=row.author,
        message=row.message if told else None,
        committed_at=row.committed_at,
        published_at=row.published_at,
        added=[item_id for item_id in row.added if item_id in seen],
        changed=[item_id for item_id in row.changed if item_id in seen],
        removed=[item_id for item_id in row.removed if item_id in seen],
        invalid=[item_id for item_id in row.invalid if item_id in seen],
    )
