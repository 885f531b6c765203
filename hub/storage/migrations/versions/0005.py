"""Commands to rooms."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "fleet_commands",
        sa.Column("room", sa.String(length=63), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("verb", sa.String(length=32), nullable=False),
        sa.Column("issued_s", sa.BigInteger(), nullable=False),
        sa.Column("expires_s", sa.BigInteger(), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("answered_s", sa.BigInteger(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["room"],
            ["fleet_rooms.room"],
            name=op.f("fk_fleet_commands_room_fleet_rooms"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("room", "number", name=op.f("pk_fleet_commands")),
        sa.UniqueConstraint("id", name=op.f("uq_fleet_commands_id")),
    )
    op.create_index("ix_fleet_commands_outcome", "fleet_commands", ["outcome"])


def downgrade() -> None:
    """Take them away; each stays in the trail."""
    op.drop_table("fleet_commands")
