"""Whose turn it was, where limits make requests wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "queue_turn",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_queue_turn")),
        schema="pao",
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("queue_turn", schema="pao")
