"""The one place that chooses an engine: the board's profile says which, this makes it."""

from __future__ import annotations

from voiceassist.engines.embed import MiniLm
from voiceassist.engines.llm import Llama
from voiceassist.engines.ports import (
    Embedder,
    Generator,
    PhiTagger,
    Reranker,
    SpeechToText,
    TextToSpeech,
    VoiceActivity,
    WakeWord,
    WordClassifier,
)
from voiceassist.engines.profile import Profile
from voiceassist.engines.rerank import CrossEncoder
from voiceassist.engines.runtimes import load_onnxruntime, load_openvino
from voiceassist.engines.store import ModelStore
from voiceassist.engines.stt import Whisper
from voiceassist.engines.tagger import RampartTagger
from voiceassist.engines.tts import Piper
from voiceassist.engines.vad import SileroVad
from voiceassist.engines.wake import MicroWake
from voiceassist.engines.wake_head import HeadWake, WakeHead
from voiceassist.engines.words import WordPieceClassifier


class Engines:
    """Makes engines for one board. Each call makes a new one, its weights checked first."""

    def __init__(self, profile: Profile, store: ModelStore) -> None:
        self.profile = profile
        self.store = store

    def wake(self) -> WakeWord:
        """The wake word: microWakeWord, a head of our own, or both."""
        profile = self.profile.wake
        first = MicroWake(profile) if profile.phrase else None
        if profile.head:
            files = [
                self.store.file(profile.head, name)
                for name in ("melspectrogram.onnx", "embedding_model.onnx", "head.npz")
            ]
            return HeadWake(WakeHead(*files), first, cutoff=profile.alone, agreed=profile.agreed)
        assert first is not None  # noqa: S101 - the profile has one or the other
        return first

    def vad(self) -> VoiceActivity:
        """The voice activity model."""
        return SileroVad(self.store.file(self.profile.vad.model, "silero_vad.onnx"))

    def stt(self) -> SpeechToText:
        """The recogniser."""
        return Whisper(self.store.folder(self.profile.stt.model), self.profile.stt)

    def tts(self) -> TextToSpeech:
        """The voice, its process started."""
        name = self.profile.tts.model
        folder = self.store.folder(name)
        voices = [one.name for one in self.store.manifest.model(name).files]
        onnx = next(one for one in voices if one.endswith(".onnx"))
        return Piper(folder / onnx, self.profile.tts)

    def embedder(self) -> Embedder:
        """The embedding model on the runtime that the board runs fastest."""
        profile = self.profile.embed
        path = self.store.file(profile.model, "model.onnx")
        load = load_openvino if profile.runtime == "openvino" else load_onnxruntime
        run, inputs = load(path, profile.threads)
        tokenizer = self.store.file(profile.model, "tokenizer.json")
        sha256 = self.store.manifest.model(profile.model).files[0].sha256
        return MiniLm(run, inputs, tokenizer, model=profile.model, sha256=sha256)

    def reranker(self) -> Reranker | None:
        """The cross-encoder, where the board has one."""
        profile = self.profile.rerank
        if profile is None:
            return None
        load = load_openvino if profile.runtime == "openvino" else load_onnxruntime
        run, inputs = load(self.store.file(profile.model, "model.onnx"), profile.threads)
        tokenizer = self.store.file(profile.model, "tokenizer.json")
        return CrossEncoder(run, inputs, tokenizer, model=profile.model)

    def phi_tagger(self) -> PhiTagger:
        """The PHI tagger."""
        profile = self.profile.tagger
        return RampartTagger(
            self.store.folder(profile.model), model=profile.model, threads=profile.threads
        )

    def phi_classifier(self) -> WordClassifier:
        """The classifier that the gate was given for clinicians' sentences."""
        profile = self.profile.classifier
        return WordPieceClassifier(
            self.store.folder(profile.model), model=profile.model, threads=profile.threads
        )

    def generator(self) -> Generator | None:
        """The local language model, where the board has one."""
        profile = self.profile.generate
        if profile is None:
            return None
        return Llama(self.store.file(profile.model, "model.gguf"), profile)
