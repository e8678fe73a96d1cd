"""Requests that go on by the manual fulfillment, and rollbacks of both ways."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "request_escalation",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("clear_number", sa.Integer(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["pao.request.id"],
            name=op.f("fk_request_escalation_request_id_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_request_escalation")),
        schema="pao",
    )
    modes = sa.Column("modes", postgresql.JSONB(), nullable=False, server_default="[]")
    op.add_column("request_rollback", modes, schema="pao")
    op.alter_column("request_rollback", "modes", server_default=None, schema="pao")


def downgrade() -> None:
    """Take back."""
    op.drop_column("request_rollback", "modes", schema="pao")
    op.drop_table("request_escalation", schema="pao")
