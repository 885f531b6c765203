"""Conversations and messages. Each question is asked with the person's id: others' don't exist."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.chat.schemas import ConversationView, MessageView
from hub.storage.base import Base
from hub.storage.engine import Database

_LONGEST_TITLE = 60


class ConversationRow(Base):
    """A person's conversation."""

    __tablename__ = "chat_conversations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(36), index=True)
    title: Mapped[str] = mapped_column(Text)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    updated_ms: Mapped[int] = mapped_column(BigInteger, index=True)


class MessageRow(Base):
    """A message; `data` is its view as JSON."""

    __tablename__ = "chat_messages"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation: Mapped[str] = mapped_column(
        ForeignKey("chat_conversations.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[int] = mapped_column(Integer)
    data: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation, and its last message of a person, where there is one."""

    view: ConversationView
    last: MessageView | None


class ChatStore:
    """Reads and writes them; knows no rules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, conversation: str, user: str, title: str, now_ms: int) -> ConversationView:
        """A new conversation."""
        row = ConversationRow(
            id=conversation, user_id=user, title=title, created_ms=now_ms, updated_ms=now_ms
        )
        with self._database.write() as session:
            session.add(row)
        return _view(row, 0)

    def listing(self, user: str, offset: int, limit: int) -> tuple[list[ConversationView], int]:
        """A person's conversations, the newest first, and how many there are."""
        mine = ConversationRow.user_id == user
        newest = (ConversationRow.updated_ms.desc(), ConversationRow.id)
        count = (
            select(func.count())
            .where(MessageRow.conversation == ConversationRow.id)
            .scalar_subquery()
        )
        query = select(ConversationRow, count).where(mine).order_by(*newest)
        with self._database.read() as session:
            total = session.scalar(select(func.count()).select_from(ConversationRow).where(mine))
            rows = session.execute(query.offset(offset).limit(limit))
            return [_view(row, messages) for row, messages in rows], total or 0

    def get(self, conversation: str, user: str) -> Kept | None:
        """A person's conversation; None where they have no such."""
        with self._database.read() as session:
            row = _own(session, conversation, user)
            if row is None:
                return None
            newest = select(MessageRow.data).where(MessageRow.conversation == conversation)
            views = map(
                MessageView.model_validate_json,
                session.scalars(newest.order_by(MessageRow.number.desc()).limit(2)),
            )
            last = next((one for one in views if one.role == "user"), None)
            return Kept(_view(row, _count(session, conversation)), last)

    def rename(self, conversation: str, user: str, title: str) -> ConversationView | None:
        """Change the title; None where they have no such."""
        with self._database.write() as session:
            row = _own(session, conversation, user)
            if row is None:
                return None
            row.title = title
            return _view(row, _count(session, conversation))

    def delete(self, conversation: str, user: str) -> bool:
        """Delete a conversation with all its messages; False where they have no such."""
        with self._database.write() as session:
            row = _own(session, conversation, user)
            if row is None:
                return False
            session.execute(delete(MessageRow).where(MessageRow.conversation == conversation))
            session.delete(row)
            return True

    def messages(
        self, conversation: str, user: str, offset: int, limit: int
    ) -> tuple[list[MessageView], int] | None:
        """Messages, the oldest first, and how many there are; None where they have no such."""
        query = select(MessageRow.data).where(MessageRow.conversation == conversation)
        with self._database.read() as session:
            if _own(session, conversation, user) is None:
                return None
            data = session.scalars(query.order_by(MessageRow.number).offset(offset).limit(limit))
            return [MessageView.model_validate_json(one) for one in data], _count(
                session, conversation
            )

    def append(self, message: MessageView, user: str) -> bool:
        """Keep a message; False where the conversation is gone."""
        with self._database.write() as session:
            row = _own(session, message.conversation_id, user)
            if row is None:
                return False
            number = _count(session, message.conversation_id) + 1
            row.updated_ms = message.created_ms
            if not row.title:
                row.title = " ".join(message.text.split())[:_LONGEST_TITLE]
            session.add(
                MessageRow(
                    id=message.id,
                    conversation=message.conversation_id,
                    number=number,
                    data=json.dumps(message.model_dump(mode="json"), ensure_ascii=False),
                )
            )
            return True

    def expire(self, before_ms: int) -> int:
        """Delete conversations in which nothing was said since; how many."""
        old = select(ConversationRow.id).where(ConversationRow.updated_ms < before_ms)
        with self._database.write() as session:
            gone = list(session.scalars(old))
            session.execute(delete(MessageRow).where(MessageRow.conversation.in_(gone)))
            session.execute(delete(ConversationRow).where(ConversationRow.id.in_(gone)))
            return len(gone)


def _own(session: Session, conversation: str, user: str) -> ConversationRow | None:
    row = session.get(ConversationRow, conversation)
    return row if row is not None and row.user_id == user else None


def _count(session: Session, conversation: str) -> int:
    query = select(func.count()).where(MessageRow.conversation == conversation)
    return session.scalar(query) or 0


def _view(row: ConversationRow, messages: int) -> ConversationView:
    return ConversationView(
        id=row.id,
        title=row.title,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
        messages=messages,
    )
