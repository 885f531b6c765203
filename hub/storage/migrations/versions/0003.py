"""The audit log as a Merkle tree with signed words; indexes in the order that pages show.

An entry's hash is another one from here on, so that what was recorded before is kept as it is,
in tables of its own.
"""

import sqlalchemy as sa
from alembic import op

from voiceassist.errors import WrongUse

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OLD = ("action_route", "action_wall_ms", "actor_wall_ms", "box_wall_ms", "subject")
_SEARCHED = ("box", "actor", "action", "outcome", "subject")


def upgrade() -> None:
    """Begin the log anew, beside the old one."""
    for name in _OLD:
        op.drop_index(f"ix_audit_entries_{name}", table_name="audit_entries")
    count = sa.select(sa.func.count()).select_from(sa.table("audit_entries"))
    recorded = op.get_bind().execute(count).scalar()
    if recorded:
        with op.batch_alter_table("audit_entries") as batch_op:
            batch_op.drop_constraint("uq_audit_entries_box", type_="unique")
    for name in ("audit_entries", "audit_heads"):
        if recorded:
            op.rename_table(name, f"{name}_before_0003")
        else:
            op.drop_table(name)
    with op.batch_alter_table("auth_users") as batch_op:
        batch_op.add_column(
            sa.Column("salt", sa.String(length=32), nullable=False, server_default="")
        )
    _entries()
    _heads()
    op.create_table(
        "audit_pruned",
        sa.Column("box", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("box", "epoch", name=op.f("pk_audit_pruned")),
    )
    op.create_table(
        "audit_logs",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_logs")),
    )
    op.create_table(
        "audit_tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_audit_tiles")),
    )
    op.create_table(
        "audit_words",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("public_pem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", "hour", name=op.f("pk_audit_words")),
    )


def _entries() -> None:
    position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = ("wall_ms", "actor", "action", "outcome", "subject", "route")
    op.create_table(
        "audit_entries",
        sa.Column("position", position, autoincrement=False, nullable=False),
        sa.Column("box", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column(text[0], sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in text[1:]),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("box", "epoch", "seq", name=op.f("uq_audit_entries_box")),
    )
    for name in _SEARCHED:
        op.create_index(f"ix_audit_entries_{name}_wall_ms", "audit_entries", [name, "wall_ms"])
    op.create_index("ix_audit_entries_wall_ms", "audit_entries", ["wall_ms"])
    op.create_index("ix_audit_entries_action_route", "audit_entries", ["action", "route"])
    columns = ["action", "outcome", "wall_ms"]
    op.create_index("ix_audit_entries_action_outcome", "audit_entries", columns)


def _heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("box", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("public_pem", sa.Text(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("box", "epoch", name=op.f("pk_audit_log_heads")),
    )


def downgrade() -> None:
    """Go back to the empty tables of before; refuses while the log holds anything.

    The release before can't read this log, and nothing may delete it: it needs the copy of the
    data that was taken before the upgrade.
    """
    count = sa.select(sa.func.count()).select_from(sa.table("audit_entries"))
    if op.get_bind().execute(count).scalar():
        raise WrongUse(
            "the audit log has entries that the release before can't read; restore the copy of "
            "data_dir that was taken before the upgrade"
        )
    for name in ("words", "tiles", "logs", "pruned", "heads", "entries"):
        op.drop_table(f"audit_{name}")
    with op.batch_alter_table("auth_users") as batch_op:
        batch_op.drop_column("salt")
    kept = set(sa.inspect(op.get_bind()).get_table_names())
    for name in ("audit_entries", "audit_heads"):
        if f"{name}_before_0003" in kept:
            op.rename_table(f"{name}_before_0003", name)
    if "audit_entries_before_0003" in kept:
        _index_as_before()
        with op.batch_alter_table("audit_entries") as batch_op:
            batch_op.create_unique_constraint("uq_audit_entries_box", ["box", "epoch", "seq"])
        return
    _make_as_before()


def _index_as_before() -> None:
    for name in _OLD:
        columns = ["action", "route"] if name == "action_route" else [name.removesuffix("_wall_ms")]
        if name.endswith("wall_ms"):
            columns.append("wall_ms")
        op.create_index(f"ix_audit_entries_{name}", "audit_entries", columns)


def _make_as_before() -> None:
    position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit_entries",
        sa.Column("position", position, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.String(length=64), nullable=False) for name in ("box", "epoch")),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("actor", "action", "outcome", "subject", "route")
        ),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("box", "epoch", "seq", name=op.f("uq_audit_entries_box")),
    )
    _index_as_before()
    op.create_table(
        "audit_heads",
        *(sa.Column(name, sa.String(length=64), nullable=False) for name in ("box", "epoch")),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("public_pem", sa.Text(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("box", "epoch", name=op.f("pk_audit_heads")),
    )
