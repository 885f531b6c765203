"""Documents that are held for review, what administrators say of documents, and recipes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them. What is there counts as unjudged and of no recipe, so it is indexed anew."""
    with op.batch_alter_table("documents") as batch_op:
        batch_op.add_column(sa.Column("held", sa.Integer(), nullable=False, server_default="0"))
        for name in ("described", "sidecar", "info"):
            batch_op.add_column(sa.Column(name, sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("document_versions") as batch_op:
        batch_op.add_column(sa.Column("described", sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("document_packs") as batch_op:
        for name in ("recipe", "judged"):
            batch_op.add_column(
                sa.Column(name, sa.String(length=64), nullable=False, server_default="")
            )
        batch_op.add_column(sa.Column("unread", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("problem", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "document_findings",
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["document", "version"],
            ["document_packs.document", "document_packs.version"],
            name=op.f("fk_document_findings_document_document_packs"),
        ),
        sa.PrimaryKeyConstraint("document", "version", "number", name=op.f("pk_document_findings")),
    )
    op.create_table(
        "document_releases",
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("released_ms", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["document"], ["documents.id"], name=op.f("fk_document_releases_document_documents")
        ),
        sa.PrimaryKeyConstraint("document", "digest", name=op.f("pk_document_releases")),
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("document_releases", "document_findings"):
        op.drop_table(table)
    columns = {
        "document_packs": ("recipe", "judged", "unread", "problem"),
        "document_versions": ("described",),
        "documents": ("held", "described", "sidecar", "info"),
    }
    for table, names in columns.items():
        with op.batch_alter_table(table) as batch_op:
            for name in names:
                batch_op.drop_column(name)
