"""Cancellations, and the runs of requests that were started in Airflow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("request", sa.Column("run_id", sa.Text(), nullable=True), schema="pao")
    op.execute("UPDATE pao.request SET run_id = id::text")
    op.alter_column("request", "run_id", nullable=False, schema="pao")
    op.create_index(op.f("ix_request_dag_id_run_id"), "request", ["dag_id", "run_id"], unique=True, schema="pao")
    op.add_column("request", sa.Column("cancellation", postgresql.JSONB(), nullable=True), schema="pao")


def downgrade() -> None:
    """Take back."""
    op.drop_column("request", "cancellation", schema="pao")
    op.drop_index(op.f("ix_request_dag_id_run_id"), "request", schema="pao")
    op.drop_column("request", "run_id", schema="pao")
