"""What Airflow knew of requests that have ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "run_snapshot",
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["pao.request.id"], name=op.f("fk_run_snapshot_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dag_id", "run_id", name=op.f("pk_run_snapshot")),
        schema="pao",
    )
    op.create_index(op.f("ix_run_snapshot_request_id"), "run_snapshot", ["request_id"], schema="pao")
    op.add_column("request", sa.Column("snapshot_at", sa.DateTime(timezone=True), nullable=True), schema="pao")
    op.create_index(
        "ix_request_without_snapshot",
        "request",
        ["ended_at"],
        schema="pao",
        postgresql_where=sa.text("snapshot_at IS NULL"),
    )
    op.add_column("request", sa.Column("slimmed_at", sa.DateTime(timezone=True), nullable=True), schema="pao")
    op.create_index(
        "ix_request_to_retain",
        "request",
        ["ended_at"],
        schema="pao",
        postgresql_where=sa.text("slimmed_at IS NULL"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_request_to_retain", "request", schema="pao")
    op.drop_column("request", "slimmed_at", schema="pao")
    op.drop_index("ix_request_without_snapshot", "request", schema="pao")
    op.drop_column("request", "snapshot_at", schema="pao")
    op.drop_table("run_snapshot", schema="pao")
