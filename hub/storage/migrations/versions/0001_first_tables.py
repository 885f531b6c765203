"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

from voiceassist.errors import WrongUse

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of sign-in, documents, editions, fleet and the audit trail."""
    op.create_table('audit_entries',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('box', sa.String(length=64), nullable=False),
    sa.Column('epoch', sa.String(length=64), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('wall_ms', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.Column('received_ms', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_audit_entries')),
    sa.UniqueConstraint('box', 'epoch', 'seq', name=op.f('uq_audit_entries_box'))
    )
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.create_index('ix_audit_entries_action_route', ['action', 'route'], unique=False)
        batch_op.create_index('ix_audit_entries_action_wall_ms', ['action', 'wall_ms'], unique=False)
        batch_op.create_index('ix_audit_entries_actor_wall_ms', ['actor', 'wall_ms'], unique=False)
        batch_op.create_index('ix_audit_entries_box_wall_ms', ['box', 'wall_ms'], unique=False)
        batch_op.create_index('ix_audit_entries_subject', ['subject'], unique=False)

    op.create_table('audit_heads',
    sa.Column('box', sa.String(length=64), nullable=False),
    sa.Column('epoch', sa.String(length=64), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('boot', sa.Text(), nullable=False),
    sa.Column('mono_ms', sa.BigInteger(), nullable=False),
    sa.Column('checkpoint', sa.Text(), nullable=False),
    sa.Column('public_pem', sa.Text(), nullable=False),
    sa.Column('updated_ms', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('box', 'epoch', name=op.f('pk_audit_heads'))
    )
    op.create_table('audit_quarantine',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('room', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=64), nullable=False),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.Column('epoch', sa.String(length=64), nullable=False),
    sa.Column('last', sa.BigInteger(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('received_ms', sa.BigInteger(), nullable=False),
    sa.Column('released_ms', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_audit_quarantine'))
    )
    with op.batch_alter_table('audit_quarantine', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_quarantine_room'), ['room'], unique=False)

    op.create_table('auth_setup',
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('created_ms', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('code_hash', name=op.f('pk_auth_setup'))
    )
    op.create_table('auth_users',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('password_hash', sa.String(length=255), nullable=False),
    sa.Column('created_ms', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_auth_users')),
    sa.UniqueConstraint('email', name=op.f('uq_auth_users_email'))
    )
    op.create_table('documents',
    sa.Column('id', sa.String(length=200), nullable=False),
    sa.Column('title', sa.String(length=500), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('serving', sa.Integer(), nullable=False),
    sa.Column('removed_ms', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_documents'))
    )
    op.create_table('editions',
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_s', sa.BigInteger(), nullable=False),
    sa.Column('expires_s', sa.BigInteger(), nullable=False),
    sa.Column('documents', sa.Integer(), nullable=False),
    sa.Column('passages', sa.Integer(), nullable=False),
    sa.Column('state_root', sa.String(length=64), nullable=False),
    sa.Column('published_by', sa.String(length=64), nullable=False),
    sa.Column('etag', sa.String(length=64), nullable=False),
    sa.Column('envelope', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_editions'))
    )
    op.create_table('fleet_rooms',
    sa.Column('room', sa.String(length=63), nullable=False),
    sa.Column('machine_public_pem', sa.Text(), nullable=False),
    sa.Column('certificate_serial', sa.String(length=64), nullable=False),
    sa.Column('enrolled_ms', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('seen_ms', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('room', name=op.f('pk_fleet_rooms'))
    )
    op.create_table('auth_sessions',
    sa.Column('jti', sa.String(length=36), nullable=False),
    sa.Column('user_id', sa.String(length=36), nullable=False),
    sa.Column('expires_s', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['auth_users.id'], name=op.f('fk_auth_sessions_user_id_auth_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('jti', name=op.f('pk_auth_sessions'))
    )
    op.create_table('document_versions',
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=500), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('added_ms', sa.BigInteger(), nullable=False),
    sa.Column('added_by', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['document'], ['documents.id'], name=op.f('fk_document_versions_document_documents')),
    sa.PrimaryKeyConstraint('document', 'version', name=op.f('pk_document_versions'))
    )
    with op.batch_alter_table('document_versions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_document_versions_sha256'), ['sha256'], unique=False)

    op.create_table('document_jobs',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('progress', sa.Integer(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('not_before_ms', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['document', 'version'], ['document_versions.document', 'document_versions.version'], name=op.f('fk_document_jobs_document_document_versions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document_jobs'))
    )
    with op.batch_alter_table('document_jobs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_document_jobs_document'), ['document'], unique=False)
        batch_op.create_index(batch_op.f('ix_document_jobs_state'), ['state'], unique=False)

    op.create_table('document_packs',
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('passages', sa.Integer(), nullable=False),
    sa.Column('model', sa.String(length=200), nullable=False),
    sa.Column('model_sha256', sa.String(length=64), nullable=False),
    sa.Column('dimension', sa.Integer(), nullable=False),
    sa.Column('drugs', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['document', 'version'], ['document_versions.document', 'document_versions.version'], name=op.f('fk_document_packs_document_document_versions')),
    sa.PrimaryKeyConstraint('document', 'version', name=op.f('pk_document_packs'))
    )


def downgrade() -> None:
    """Take all tables away; refuses while the log holds anything."""
    count = sa.select(sa.func.count()).select_from(sa.table("audit_entries"))
    if op.get_bind().execute(count).scalar():
        raise WrongUse("the audit log has entries, which nothing may delete; keep this database")
    for table in (
        "document_packs",
        "document_jobs",
        "document_versions",
        "auth_sessions",
        "fleet_rooms",
        "editions",
        "documents",
        "auth_users",
        "auth_setup",
        "audit_quarantine",
        "audit_heads",
        "audit_entries",
    ):
        op.drop_table(table)
