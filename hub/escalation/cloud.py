"""An OpenAI-compatible provider over HTTPS."""

from __future__ import annotations

import httpx

from hub.escalation.schemas import ChatMessage, ChatReply, ChatRequest
from voiceassist.contract.verdict import Cleared
from voiceassist.engines.ports import Prompt
from voiceassist.errors import Unavailable


class OpenAICompatible:
    """`POST {url}/chat/completions`. No retries: the room has quoted its library meanwhile."""

    def __init__(self, client: httpx.Client, *, url: str, key: str, model: str) -> None:
        self._client = client
        self._url = url.rstrip("/") + "/chat/completions"
        self._key = key
        self.model = model

    def complete(self, query: Cleared, prompt: Prompt) -> str:
        """The model's words; raises `Unavailable` naming the status, never the words."""
        if not isinstance(query, Cleared):  # the type says so; this door checks all the same
            raise TypeError("only a cleared query goes to the cloud")
        body = ChatRequest(
            model=self.model,
            messages=(
                ChatMessage(role="system", content=prompt.system),
                ChatMessage(role="user", content=prompt.user),
            ),
            max_tokens=prompt.max_tokens,
        )
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            answer = self._client.post(self._url, json=body.model_dump(), headers=headers)
            answer.raise_for_status()
            return ChatReply.model_validate_json(answer.content).choices[0].message.content
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise Unavailable(
                f"the cloud model answered {status}; check cloud.url and its key in hub.toml"
            ) from error
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(
                "the cloud model can't be reached; check cloud.url and the hub's network"
            ) from error


class NoCloud:
    """Where none is configured: the rooms' own libraries answer everything."""

    model = "none"

    def complete(self, query: Cleared, prompt: Prompt) -> str:
        """Raises `Unavailable`."""
        del query, prompt
        raise Unavailable("no cloud model is configured; set cloud.url in hub.toml")
