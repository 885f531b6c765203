# ruff: noqa: INP001 - Alembic runs this file, nobody imports it
"""Alembic's entry: runs the migrations on the connection that `hub.storage.migrate` opened."""

from __future__ import annotations

from alembic import context

from hub.storage.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
