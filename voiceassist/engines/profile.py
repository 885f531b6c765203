"""A board's profile: firmware_config/<board>/profile.toml, which runtime runs what, how wide."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from voiceassist.errors import WrongUse
from voiceassist.resources import data_folder


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WakeProfile(_Part):
    """microWakeWord's `phrase` ("" for none), and the head of a model trained for it.

    A hit of microWakeWord is above `cutoff`, 0 to 1, on the mean of its last `window` scores (each
    30 ms). The head's scores, 0 to 1, are enough above `alone`; above `agreed` where both hear it.
    """

    phrase: str = "hey_jarvis"
    cutoff: float = Field(gt=0, lt=1)
    window: int = Field(ge=1, le=50)
    head: str = ""
    alone: float = Field(default=0.9, gt=0, lt=1)
    agreed: float = Field(default=0.5, gt=0, lt=1)

    @model_validator(mode="after")
    def _hears(self) -> Self:
        if not (self.phrase or self.head):
            raise ValueError("wake needs a phrase of microWakeWord, a head, or both")
        return self


class VadProfile(_Part):
    """The voice activity model."""

    model: str


class SttProfile(_Part):
    """The recogniser; `compute` is CTranslate2's type."""

    model: str
    device: Literal["cpu", "cuda"] = "cpu"
    compute: str = "int8"
    beam: int = Field(ge=1, le=10)
    threads: int = Field(ge=1, le=32)


class TtsProfile(_Part):
    """The voice; `length_scale` above 1 speaks slower."""

    model: str
    length_scale: float = Field(default=1.0, gt=0.3, lt=3)


class EmbedProfile(_Part):
    """The embedding model and what runs it."""

    model: str
    runtime: Literal["onnxruntime", "openvino"]
    threads: int = Field(ge=1, le=32)


class RerankProfile(_Part):
    """A cross-encoder that orders the best passages anew, and what runs it."""

    model: str
    runtime: Literal["onnxruntime", "openvino"]
    threads: int = Field(ge=1, le=32)


class TaggerProfile(_Part):
    """A model of the PHI gate and what runs it."""

    model: str
    threads: int = Field(default=1, ge=1, le=32)


class GenerateProfile(_Part):
    """The local language model; `gpu_layers` are put on the GPU where there is one."""

    model: str
    threads: int = Field(ge=1, le=32)
    context: int = Field(ge=512, le=32768)
    gpu_layers: int = Field(default=0, ge=-1)


class AudioProfile(_Part):
    """Capture and playback devices by name ("" is the system's default).

    The microphone is opened with so many `channels` and gives `channel`, -1 being the mean of all.
    WebRTC's `echo` cancellation, `noise` suppression and `gain` control; `echo_delay_ms` is what
    lies between the speaker's device and the air beyond what the device tells of.
    """

    input: str = ""
    output: str = ""
    channels: int = Field(default=1, ge=1, le=16)
    channel: int = Field(default=0, ge=-1, le=15)
    echo: bool = True
    echo_delay_ms: int = Field(default=0, ge=0, le=500)
    noise: bool = False
    gain: bool = False

    @model_validator(mode="after")
    def _captured(self) -> Self:
        if self.channel >= self.channels:
            raise ValueError("channel must be less than channels")
        return self


class SignsProfile(_Part):
    """What the board shows and what can be pressed on it.

    `lights` names LEDs below /sys/class/leds: one, or red, green and blue. `button` is an input
    device's name as the kernel tells it, `talk_key` and `mute_key` its key codes, 0 for none.
    """

    tones: bool = True
    lights: tuple[str, ...] = ()
    button: str = ""
    talk_key: int = Field(default=57, ge=0, le=767)
    mute_key: int = Field(default=50, ge=0, le=767)

    @model_validator(mode="after")
    def _one_or_three(self) -> Self:
        if len(self.lights) not in {0, 1, 3}:
            raise ValueError("lights are one LED, or three: red, green, blue")
        return self


class Profile(_Part):
    """One kind of board. Without `generate` the room only quotes.

    Without `rerank` search keeps the order of words and meaning.
    """

    name: str
    about: str
    wake: WakeProfile
    vad: VadProfile
    stt: SttProfile
    tts: TtsProfile
    embed: EmbedProfile
    tagger: TaggerProfile
    classifier: TaggerProfile
    generate: GenerateProfile | None = None
    rerank: RerankProfile | None = None
    audio: AudioProfile = AudioProfile()
    signs: SignsProfile = SignsProfile()

    @property
    def models(self) -> tuple[str, ...]:
        """The models that this board needs."""
        names = [self.vad.model, self.stt.model, self.tts.model, self.embed.model]
        names += [self.tagger.model, self.classifier.model]
        names += [part.model for part in (self.generate, self.rerank) if part]
        names += [self.wake.head] if self.wake.head else []
        return tuple(dict.fromkeys(names))


def profile_names() -> tuple[str, ...]:
    """The boards that this installation knows."""
    return tuple(
        sorted(p.parent.name for p in data_folder("firmware_config").glob("*/profile.toml"))
    )


def load_profile(name: str) -> Profile:
    """The profile of board `name`, or the one in the file of that name; raises `WrongUse`."""
    path = Path(name)
    if path.suffix != ".toml":
        if name not in profile_names():
            raise WrongUse(f"no board profile {name!r}; there are: {', '.join(profile_names())}")
        path = data_folder("firmware_config") / name / "profile.toml"
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise WrongUse(f"{path}: {key}: {first['msg']}; correct the profile") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise WrongUse(f"{path} can't be read as a profile: {error}") from error
