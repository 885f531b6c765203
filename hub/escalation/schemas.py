"""What goes to the cloud and comes back, in the OpenAI chat-completions form."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ChatMessage(BaseModel):
    """One message of a chat."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    role: Literal["system", "user", "assistant"]
    content: str = Field(repr=False)


class ChatRequest(BaseModel):
    """A request for one completion."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: str
    messages: tuple[ChatMessage, ...]
    max_tokens: int
    temperature: float = 0.0


class ChatChoice(BaseModel):
    """One completion."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    message: ChatMessage


class ChatReply(BaseModel):
    """The provider's answer; what we don't use is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    model: str = ""
    choices: tuple[ChatChoice, ...] = Field(min_length=1)
