"""Roles, second factors, sessions with refresh tokens, one-time codes, the site's settings.

Who is signed in signs in again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXTS = {"totp": sa.Text(), "recovery": sa.Text(), "subject": sa.String(length=500)}


def upgrade() -> None:
    """Whoever has an account is an administrator, as before."""
    op.drop_table("auth_sessions")
    with op.batch_alter_table("auth_users") as batch_op:
        for name, value in (("role", "administrator"), ("state", "active")):
            batch_op.add_column(
                sa.Column(name, sa.String(length=16), nullable=False, server_default=value)
            )
        for name, kind in _TEXTS.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0")
        )
    op.create_index("ix_auth_users_subject", "auth_users", ["subject"])
    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("refresh", sa.String(length=36), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("created_s", "last_s", "expires_s", "until_s")
        ),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=120), nullable=False),
        _of_user("auth_sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_sessions")),
    )
    op.create_index("ix_auth_sessions_user_id", "auth_sessions", ["user_id"])
    op.create_table(
        "auth_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("expires_s", sa.BigInteger(), nullable=False),
        _of_user("auth_codes"),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_auth_codes")),
    )
    op.create_table(
        "user_preferences",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_preferences")),
    )
    op.create_table(
        "site_settings",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_site_settings")),
    )


def downgrade() -> None:
    """Only administrators keep their accounts: the release before knows no other role."""
    for table in ("site_settings", "user_preferences", "auth_codes", "auth_sessions"):
        op.drop_table(table)
    op.execute("DELETE FROM auth_users WHERE role != 'administrator' OR state != 'active'")
    op.drop_index("ix_auth_users_subject", "auth_users")
    with op.batch_alter_table("auth_users") as batch_op:
        for name in ("role", "state", "totp_step", *_TEXTS):
            batch_op.drop_column(name)
    op.create_table(
        "auth_sessions",
        sa.Column("jti", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("expires_s", sa.BigInteger(), nullable=False),
        _of_user("auth_sessions"),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_auth_sessions")),
    )


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_user_id_auth_users")
    return sa.ForeignKeyConstraint(["user_id"], ["auth_users.id"], name=name, ondelete="CASCADE")
