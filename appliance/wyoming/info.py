"""What the room offers to Wyoming clients: the board's models, and whose they are."""

from __future__ import annotations

from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    Info,
    TtsProgram,
    TtsVoice,
    WakeModel,
    WakeProgram,
)

from voiceassist import __version__
from voiceassist.engines.manifest import ModelManifest
from voiceassist.engines.profile import Profile

_NAME = "voiceassist"
_LANGUAGES = ["en"]
_MICRO = Attribution(
    "microWakeWord (Kevin Ahrendt)", "https://github.com/OHF-Voice/micro-wake-word"
)
_HUB = "https://huggingface.co/"


def describe(profile: Profile, manifest: ModelManifest, *, speaks: bool) -> Info:
    """The services; the voice only where the room speaks for others."""
    by, about, name = Attribution("VoiceAssist", ""), "a VoiceAssist room", wake_name(profile)
    head = profile.wake.head
    wake = WakeModel(
        name=name, attribution=_whose(manifest, head) if head else _MICRO, installed=True,
        description=None, version=None, languages=_LANGUAGES, phrase=name.replace("_", " "),
    )  # fmt: skip
    asr = AsrModel(
        name=profile.stt.model, attribution=_whose(manifest, profile.stt.model), installed=True,
        description=None, version=None, languages=_LANGUAGES,
    )  # fmt: skip
    voice = TtsVoice(
        name=profile.tts.model, attribution=_whose(manifest, profile.tts.model), installed=True,
        description=None, version=None, languages=_LANGUAGES,
    )  # fmt: skip
    return Info(
        asr=[AsrProgram(_NAME, by, True, about, __version__, [asr])],  # noqa: FBT003 - the library's order
        wake=[WakeProgram(_NAME, by, True, about, __version__, [wake])],  # noqa: FBT003 - (likewise)
        tts=[TtsProgram(_NAME, by, True, about, __version__, [voice])] if speaks else [],  # noqa: FBT003 - (likewise)
    )


def wake_name(profile: Profile) -> str:
    """What the wake word is called."""
    return profile.wake.phrase or profile.wake.head


def _whose(manifest: ModelManifest, name: str) -> Attribution:
    model = manifest.model(name)
    return Attribution(
        f"{model.credit} ({model.licence})", _HUB + model.upstream if model.upstream else ""
    )
