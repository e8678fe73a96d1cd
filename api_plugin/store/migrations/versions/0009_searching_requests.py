"""Lists of requests along an index, however they are narrowed down and sorted, and their words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LISTED = ["status", "item_id", "owner", "user_id", "email"]
NEW: tuple[tuple[str, ...], ...] = (
    ("updated_at", "id"),
    ("email", "created_at", "id"),
    ("owner", "created_at", "id"),
    ("item_id", "status", "created_at", "id"),
    ("status", "created_at", "id"),
)
OLD: tuple[tuple[str, ...], ...] = (("catalog", "item_id", "created_at"), ("status", "created_at"))

# The words of requests that are there already: of texts that hold no secret, which are sealed and so objects.
_WORDS = r"""
INSERT INTO pao.request_words (request_id, words)
SELECT id, array_to_tsvector(ARRAY(
    SELECT DISTINCT left(word, 64)
    FROM regexp_split_to_table(lower(concat_ws(
        ' ', item_id, comment, "user" ->> 'name', "user" ->> 'email',
        (SELECT string_agg(left(value #>> '{}', 1000), ' ') FROM jsonb_each(fields)
         WHERE jsonb_typeof(value) IN ('string', 'number') AND value #>> '{}' NOT LIKE 'data:%')
    )), '[^[:alnum:]]+') AS word
    WHERE word <> ''
))
FROM pao.request
"""


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "request",
        sa.Column("email", sa.Text(), sa.Computed("lower((\"user\" ->> 'email'::text))", persisted=True)),
        schema="pao",
    )
    op.drop_index(op.f("ix_request_created_at_id"), "request", schema="pao")
    op.create_index(
        op.f("ix_request_created_at_id"), "request", ["created_at", "id"], schema="pao", postgresql_include=LISTED
    )
    for columns in OLD:
        op.drop_index(_name(columns), "request", schema="pao")
    for columns in NEW:
        included = LISTED if columns[0] == "updated_at" else []
        op.create_index(_name(columns), "request", list(columns), schema="pao", postgresql_include=included)
    op.create_index(
        op.f("ix_request_parent_id"), "request", ["parent_id"], schema="pao",
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "request_words",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["pao.request.id"],
            name=op.f("fk_request_words_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_request_words")),
        schema="pao",
    )
    op.execute(_WORDS)
    op.create_index(op.f("ix_request_words_words"), "request_words", ["words"], schema="pao", postgresql_using="gin")


def downgrade() -> None:
    """Take back."""
    op.drop_table("request_words", schema="pao")
    op.drop_index(op.f("ix_request_parent_id"), "request", schema="pao")
    for columns in NEW:
        op.drop_index(_name(columns), "request", schema="pao")
    for columns in OLD:
        op.create_index(_name(columns), "request", list(columns), schema="pao")
    op.drop_index(op.f("ix_request_created_at_id"), "request", schema="pao")
    op.create_index(op.f("ix_request_created_at_id"), "request", ["created_at", "id"], schema="pao")
    op.drop_column("request", "email", schema="pao")


def _name(columns: tuple[str, ...]) -> str:
    return str(op.f(f"ix_request_{'_'.join(columns)}"))
