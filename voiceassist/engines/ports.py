"""What the stages ask of a model, whatever runs it.

Audio is mono at 16 kHz unless a rate is given. Implementations are not thread-safe unless
they say so; `close` frees the model and may be called twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from voiceassist.contract.speech import Transcript

SAMPLE_RATE = 16_000

Samples: TypeAlias = npt.NDArray[np.int16]  # shape (n,)
Vectors: TypeAlias = npt.NDArray[np.float32]  # shape (n, dimension), unit length


@dataclass(frozen=True, slots=True)
class WakeHit:
    """The wake word was heard; `sample` is where in the stream it ended, `score` 0 to 1."""

    sample: int
    score: float


class WakeWord(Protocol):
    """Scores a stream of samples, in chunks of any size."""

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        """Hear the next samples; the hits among them, if any."""

    def reset(self) -> None:
        """Forget what was heard, as before the first sample."""


@runtime_checkable
class SelfTesting(Protocol):
    """A model that brings a clip along which it must hear."""

    def hears(self) -> bool:
        """Whether it does; the stream that it listens to goes on as though nothing had been."""


class VoiceActivity(Protocol):
    """Tells speech from silence, a window at a time."""

    window: int

    def probability(self, samples: Samples) -> float:
        """The probability, 0 to 1, that the next `window` samples hold speech."""

    def reset(self) -> None:
        """Forget what was heard."""


class SpeechToText(Protocol):
    """Recognises one utterance."""

    def transcribe(self, samples: Samples, *, prompt: str = "") -> Transcript:
        """What was said. `prompt` holds words to expect, such as the clinic's drug names."""

    def score(self, samples: Samples, texts: Sequence[str], *, prompt: str = "") -> list[float]:
        """The log-probability of each of `texts`, were it what was said; highest is likeliest."""

    def close(self) -> None:
        """Free the model."""


class TextToSpeech(Protocol):
    """Speaks one sentence at a time."""

    sample_rate: int

    def synthesize(self, text: str, *, slowness: float = 1.0) -> Iterator[Samples]:
        """Chunks of speech at `sample_rate` Hz, the first as soon as there is one.

        `slowness` is how many times as long as usual it takes to say.

        Raises `Unavailable` when the voice's process has died; the next call restarts it.
        """

    def abort(self) -> None:
        """End what is being made, though it hangs; from any thread. The next call starts anew."""

    def close(self) -> None:
        """Stop the voice's process."""


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product is their likeness. Thread-safe."""

    model: str
    sha256: str
    dimension: int

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), float32, each of unit length."""


class Reranker(Protocol):
    """Reads a question together with each of some texts. Thread-safe."""

    model: str

    def rerank(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """How well each text answers, 0 to 1, shape (len(texts),), in their order."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat prompt for a local model, with the most tokens it may answer in."""

    system: str
    user: str = field(repr=False)
    max_tokens: int = 96
    grammar: str = ""


@dataclass(frozen=True, slots=True)
class Speed:
    """What a generator was measured to do on this machine, in tokens per second."""

    prompt: float
    generation: float


class Generator(Protocol):
    """A local language model. One generation at a time; `stop` may come from any thread."""

    model: str

    def generate(self, prompt: Prompt) -> Iterator[str]:
        """Pieces of the answer as they come. Ends early once `stop` was called."""

    def stop(self) -> None:
        """End a running generation at its next token."""

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` takes."""

    def measure(self) -> Speed:
        """Time a short generation on this machine."""

    def close(self) -> None:
        """Free the model."""


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A stretch of text that a model takes for something that identifies a person.

    `kind` is the model's own label in upper case, without the B- or I- of its scheme;
    `start` and `end` are character offsets; `score` is 0 to 1, the least of its tokens.
    """

    kind: str
    start: int
    end: int
    score: float


class PhiTagger(Protocol):
    """Finds what identifies a person in written text. Thread-safe."""

    model: str

    def tag(self, text: str) -> Sequence[TaggedSpan]:
        """The spans in `text`, in order, none overlapping."""


class WordClassifier(Protocol):
    """Tells of each word what kind of identifier it may be. Thread-safe."""

    model: str
    kinds: tuple[str, ...]
    """What the columns mean; the first is "none of them"."""
    operating_point: float
    """The chance of being any of them at which a word was found worth holding, 0 to 1."""

    def classify(
        self, words: Sequence[str], known: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Probabilities (words, kinds) of `words` in order, with (words, features) told of them."""
