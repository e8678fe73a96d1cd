"""What the catalog did, in one sequence; commits that are published again; owners, reports and webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "catalog_change",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("commit", sa.Text(), nullable=False),
        sa.Column("items", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_catalog_change")),
        schema="pao",
    )
    op.create_index(op.f("ix_catalog_change_catalog_seq"), "catalog_change", ["catalog", "seq"], schema="pao")
    op.create_table(
        "webhook_delivery",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_webhook_delivery")),
        schema="pao",
    )
    op.create_index(op.f("ix_webhook_delivery_received_at"), "webhook_delivery", ["received_at"], schema="pao")
    for name in ("owners", "reported"):
        op.add_column("catalog", sa.Column(name, JSONB, nullable=False, server_default="{}"), schema="pao")
        op.alter_column("catalog", name, server_default=None, schema="pao")
    op.add_column("catalog", sa.Column("repository", sa.Text(), nullable=True), schema="pao")
    _number_commits()


def _number_commits() -> None:
    op.add_column("catalog_commit", sa.Column("seq", sa.BigInteger(), nullable=True), schema="pao")
    op.execute(
        "INSERT INTO pao.catalog_change (catalog, type, at, commit, items) "
        "SELECT catalog, 'published', published_at, commit, '[]' FROM pao.catalog_commit ORDER BY published_at"
    )
    op.execute(
        "UPDATE pao.catalog_commit c SET seq = ch.seq FROM pao.catalog_change ch "
        "WHERE ch.catalog = c.catalog AND ch.commit = c.commit"
    )
    op.drop_constraint(op.f("pk_catalog_commit"), "catalog_commit", schema="pao")
    op.alter_column("catalog_commit", "seq", nullable=False, schema="pao")
    op.create_primary_key(op.f("pk_catalog_commit"), "catalog_commit", ["seq"], schema="pao")
    op.drop_index(op.f("ix_catalog_commit_catalog_published_at"), "catalog_commit", schema="pao")
    op.create_index(op.f("ix_catalog_commit_catalog_seq"), "catalog_commit", ["catalog", "seq"], schema="pao")


def downgrade() -> None:
    """Take back."""
    op.execute(
        "DELETE FROM pao.catalog_commit c USING pao.catalog_commit newer "
        "WHERE newer.catalog = c.catalog AND newer.commit = c.commit AND newer.seq > c.seq"
    )
    op.drop_index(op.f("ix_catalog_commit_catalog_seq"), "catalog_commit", schema="pao")
    op.drop_constraint(op.f("pk_catalog_commit"), "catalog_commit", schema="pao")
    op.drop_column("catalog_commit", "seq", schema="pao")
    op.create_primary_key(op.f("pk_catalog_commit"), "catalog_commit", ["catalog", "commit"], schema="pao")
    op.create_index(
        op.f("ix_catalog_commit_catalog_published_at"), "catalog_commit", ["catalog", "published_at"], schema="pao"
    )
    for name in ("owners", "reported", "repository"):
        op.drop_column("catalog", name, schema="pao")
    op.drop_table("webhook_delivery", schema="pao")
    op.drop_table("catalog_change", schema="pao")
