"""Add saved views, what a person has seen, grades, minutes, reprints, verdicts given together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.core.reprints import reprint_mark
from store.tables.base import Json, UTCDateTime

revision = "0006_desk"
down_revision = "0005_channels"
branch_labels = None
depends_on = None

TABLES = ("view", "look", "seen", "grade", "effort", "reprint")
STANDING = sa.text("undone_at IS NULL")
CHUNK = 500


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("verdict", sa.Column("batch", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_match_entity"), "match", ["entity", "item_key"])
    _personal()
    _shared()
    _mark_reprints()


def _personal() -> None:
    op.create_table(
        "view",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_view")),
    )
    op.create_index(op.f("ix_view_person_key"), "view", ["person_key"])
    op.create_table(
        "look",
        sa.Column("person_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=True),
        sa.Column("last_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_key", name=op.f("pk_look")),
    )
    op.create_table(
        "seen",
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("item_key", sa.Integer(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_key"], ["item.key"], name=op.f("fk_seen_item_key_item")),
        sa.PrimaryKeyConstraint("person_key", "item_key", name=op.f("pk_seen")),
    )


def _shared() -> None:
    op.create_table(
        "grade",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("item_key", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("given_at", UTCDateTime(), nullable=False),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["item_key"], ["item.key"], name=op.f("fk_grade_item_key_item")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_grade")),
    )
    op.create_index(
        "uq_grade_standing",
        "grade",
        ["item_key", "person_key"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_table(
        "effort",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("feed_key", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "feed_key", name=op.f("pk_effort")),
    )
    op.create_table(
        "reprint",
        sa.Column("item_key", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["item_key"], ["item.key"], name=op.f("fk_reprint_item_key_item")),
        sa.PrimaryKeyConstraint("item_key", name=op.f("pk_reprint")),
    )
    op.create_index("ix_reprint_mark", "reprint", ["mark", "item_key"])


def _mark_reprints() -> None:
    """Mark the headlines of the items that are there already."""
    item = sa.table("item", sa.column("key", sa.Integer), sa.column("title", sa.String))
    reprint = sa.table("reprint", sa.column("item_key", sa.Integer), sa.column("mark", sa.String))
    connection = op.get_bind()
    last = 0
    while True:
        query = sa.select(item.c.key, item.c.title).where(item.c.key > last)
        rows = connection.execute(query.order_by(item.c.key).limit(CHUNK)).all()
        if not rows:
            return
        marks = [{"item_key": row.key, "mark": reprint_mark(row.title)} for row in rows]
        if telling := [one for one in marks if one["mark"]]:
            connection.execute(reprint.insert(), telling)
        last = rows[-1].key


def downgrade() -> None:
    """Bring the schema back."""
    for name in TABLES:
        op.drop_table(name)
    op.drop_index(op.f("ix_match_entity"), "match")
    with op.batch_alter_table("verdict") as batch:
        batch.drop_column("batch")
