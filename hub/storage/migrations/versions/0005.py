"""Commands to rooms."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin to keep commands, each with its reply."""
    op.create_table(
        "fleet_commands",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("room", sa.String(length=63), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("issued_s", sa.BigInteger(), nullable=False),
        sa.Column("expires_s", sa.BigInteger(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("answered_ms", sa.BigInteger(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fleet_commands")),
        sa.UniqueConstraint("room", "number", name=op.f("uq_fleet_commands_room")),
    )
    op.create_index("ix_fleet_commands_outcome", "fleet_commands", ["outcome"])


def downgrade() -> None:
    """Forget them. What was recorded of them stays in the audit trail."""
    op.drop_index("ix_fleet_commands_outcome", table_name="fleet_commands")
    op.drop_table("fleet_commands")
