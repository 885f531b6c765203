"""The local language model by llama.cpp: short answers from short prompts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias, cast

from voiceassist.engines.ports import Prompt, Speed
from voiceassist.engines.profile import GenerateProfile

_Piece: TypeAlias = dict[str, Any]
_PROBE = Prompt(
    system="You answer in one short sentence.",
    user="Say which day of the week follows Monday, and which one follows Friday.",
    max_tokens=16,
)


class Llama:
    """One generation at a time; the prompt's common beginning stays in the cache."""

    def __init__(self, path: Path, profile: GenerateProfile) -> None:
        from llama_cpp import Llama as Model  # noqa: PLC0415 - runtimes load when made

        self.model = profile.model
        self._llama = Model(
            model_path=str(path),
            n_ctx=profile.context,
            n_threads=profile.threads,
            n_threads_batch=profile.threads,
            n_gpu_layers=profile.gpu_layers,
            verbose=False,
        )
        self._turn = threading.Lock()
        self._stop = threading.Event()

    def generate(self, prompt: Prompt) -> Iterator[str]:
        """Pieces of the answer as they come. Ends early once `stop` was called."""
        from llama_cpp.llama_grammar import LlamaGrammar  # noqa: PLC0415 - loaded already

        grammar = (
            LlamaGrammar.from_string(prompt.grammar, verbose=False) if prompt.grammar else None
        )
        with self._turn:
            self._stop.clear()
            pieces = self._llama.create_chat_completion(
                messages=[
                    {"role": "system", "content": prompt.system},
                    {"role": "user", "content": prompt.user},
                ],
                max_tokens=prompt.max_tokens,
                temperature=0.0,
                grammar=grammar,
                stream=True,
            )
            for piece in cast("Iterator[_Piece]", pieces):
                if self._stop.is_set():
                    return
                if text := _text_of(piece):
                    yield text

    def stop(self) -> None:
        """End a running generation at its next token."""
        self._stop.set()

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` takes."""
        return len(self._llama.tokenize(text.encode(), add_bos=False))

    def measure(self) -> Speed:
        """Time a short generation on this machine, once the model's pages are in memory."""
        list(self.generate(Prompt(system="", user="Hello.", max_tokens=1)))
        tokens = self.count_tokens(_PROBE.system + _PROBE.user)
        began = time.perf_counter()
        marks = [time.perf_counter() for _ in self.generate(_PROBE)]
        if len(marks) < 2:  # noqa: PLR2004 - two marks make an interval
            return Speed(prompt=0.0, generation=0.0)
        return Speed(
            prompt=tokens / (marks[0] - began),
            generation=(len(marks) - 1) / (marks[-1] - marks[0]),
        )

    def close(self) -> None:
        """Free the model."""
        self.stop()
        with self._turn:
            self._llama.close()


def _text_of(piece: _Piece) -> str:
    return str(piece["choices"][0]["delta"].get("content") or "")
