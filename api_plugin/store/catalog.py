"""The published catalog: written by the DAG processor's bundle refresh, read by the API through its cache."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base


class Catalog(Base):
    """One catalog: an environment that follows one ref of one repository."""

    __tablename__ = "catalog"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    tracking_ref: Mapped[str] = mapped_column(Text)
    commit: Mapped[str | None] = mapped_column(Text)
    """The published commit."""
    version: Mapped[str | None] = mapped_column(Text)
    """The bundle version of the published commit."""
    categories: Mapped[list[Any]]
    """The categories that the published commit knows."""
    problems: Mapped[list[Any]]
    """All problems of the published commit, as `pao validate --format json` gives them."""
    change_counter: Mapped[int] = mapped_column(default=0)
    """Raised by every change that a reader may see: readers compare it to know that their copy is fresh."""
    published_at: Mapped[dt.datetime | None]
    refreshed_at: Mapped[dt.datetime | None]
    """When the repository was last looked at with success."""
    failing_since: Mapped[dt.datetime | None]
    """Since when it can't be looked at; empty while it can."""
    failure: Mapped[str | None] = mapped_column(Text)
    """Why it can't be looked at, in a sentence."""
    repository: Mapped[str | None] = mapped_column(Text)
    """The repository's URL, without a sign-in."""
    owners: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The teams that the published commit knows, with how to reach each (`catalog_settings.Owner`)."""
    reported: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """For each owner, a digest of the problems that were last reported to them."""


class CatalogChange(Base):
    """What readers of a catalog may want to know, in order: a commit was `published`, items are `served`.

    Whoever writes one holds the lock of the catalog's row, so that a catalog's sequence becomes visible in order.
    """

    __tablename__ = "catalog_change"
    __table_args__ = (Index(None, "catalog", "seq"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    catalog: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime]
    commit: Mapped[str] = mapped_column(Text)
    """The commit that was published at that moment."""
    items: Mapped[list[Any]]
    """The ids that can now be ordered at a newer revision; empty for `published`, see `CatalogCommit`."""


class CatalogCommit(Base):
    """A commit's publication, with what it changed; a ref that is moved back publishes an old commit once more."""

    __tablename__ = "catalog_commit"
    __table_args__ = (Index(None, "catalog", "seq"),)

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """That of its `CatalogChange`."""
    catalog: Mapped[str] = mapped_column(Text)
    commit: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    committed_at: Mapped[dt.datetime]
    published_at: Mapped[dt.datetime]
    added: Mapped[list[Any]]
    changed: Mapped[list[Any]]
    removed: Mapped[list[Any]]
    invalid: Mapped[list[Any]]


class ItemRevision(Base):
    """One revision of an item: what requests are validated against."""

    __tablename__ = "item_revision"

    catalog: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[str] = mapped_column(Text, primary_key=True)
    document: Mapped[dict[str, Any]]
    """The parsed YAML document."""
    plan: Mapped[dict[str, Any]]
    """The compiled plan (`catalog_compiler.plan.ItemPlan`)."""
    file: Mapped[str] = mapped_column(Text)
    commit: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    committed_at: Mapped[dt.datetime]
    published_at: Mapped[dt.datetime]


class CatalogItem(Base):
    """An item of a catalog: its newest valid revision, and the one that is served because its DAGs are ready."""

    __tablename__ = "catalog_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["catalog", "item_id", "published_revision"],
            ["pao.item_revision.catalog", "pao.item_revision.item_id", "pao.item_revision.revision"],
        ),
    )

    catalog: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[str] = mapped_column(Text, primary_key=True)
    published_revision: Mapped[str] = mapped_column(Text)
    served_revision: Mapped[str | None] = mapped_column(Text)
    """The newest revision whose DAGs are ready; empty before the first is."""
    valid: Mapped[bool]
    """Whether the published commit's file is valid; where it is not, the last valid revision stays published."""
    retired: Mapped[bool] = mapped_column(default=False)
    """Removed from the catalog: not orderable, its DAGs kept while a request needs them."""


IS_PUBLISHED = (
    (CatalogItem.catalog == ItemRevision.catalog)
    & (CatalogItem.item_id == ItemRevision.item_id)
    & (CatalogItem.published_revision == ItemRevision.revision)
)
"""Joins each item with its newest valid revision."""


class WebhookDelivery(Base):
    """A notice of a git host that was taken, so that nobody can send it again."""

    __tablename__ = "webhook_delivery"

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    """SHA-256 of what the host signed, in hexadecimal."""
    host: Mapped[str] = mapped_column(Text)
    received_at: Mapped[dt.datetime] = mapped_column(index=True)
