"""Make the recorded turns: "hey jarvis", a short gap, a question, in several voices.

The recordings in `demo/turns` were made with this script in an environment of its own, which
the project does not need: `pip install kokoro-onnx==0.6.1 soundfile soxr`, the model
Kokoro-82M int8 (Apache-2.0, sha256 6e742170…) and the voices of kokoro-js 1.2.1 (float32,
shape (510, 1, 256)). No person's voice was recorded. Then:

    python -m demo.make_turns --model kokoro.onnx --voices FOLDER_OF_BIN_FILES

Each recording is 16 kHz mono FLAC: 0.8 s of room, the wake word, a gap, the question, and
1.6 s of room. `wake_end_s` and `speech_end_s` in the manifest are where the words truly end.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.bench.acoustics import (
    RATE,
    ROOM_DB,
    SPEECH_DB,
    Wave,
    noise,
    pcm,
    silence,
    trimmed,
)

LEAD_S, TAIL_S = 0.8, 1.6
WAKE = "hey jarvis"


@dataclass(frozen=True, slots=True)
class Turn:
    """One recording to make; `say` is the text where the voice needs other spelling."""

    name: str
    kind: str
    text: str
    voice: str
    gap_s: float
    snr_db: int | None = None
    say: str = ""
    speed: float = 1.0


TURNS = (
    Turn("00-library", "library", "what are the red flags in back pain", "af_heart", 0.3),
    Turn("01-command", "command", "which source was that", "af_heart", 0.5),
    Turn(
        "02-drug",
        "drug",
        "what is the maximum daily dose of acetaminophen in an adult",
        "am_michael",
        0.4,
    ),
    Turn("03-command", "command", "repeat that please", "am_michael", 0.6),
    Turn(
        "04-phi",
        "phi",
        "margaret ellis born june fifth nineteen forty eight has a nosebleed on warfarin "
        "what should i do",
        "bf_emma",
        0.4,
        say="Margaret Ellis, born June fifth, nineteen forty eight, has a nosebleed on "
        "warfarin. What should I do?",
    ),
    Turn("05-drug", "drug", "which statins interact with clarithromycin", "af_bella", 0.3),
    Turn("06-library", "library", "what do i do when the vaccine fridge fails", "bf_emma", 0.5, 20),
    Turn("07-outside", "outside", "who won the football game last night", "am_michael", 0.2),
    Turn(
        "08-phi",
        "phi",
        "m r n four four one two nine six needs a repeat potassium how do we draw it",
        "af_heart",
        0.5,
        say="M R N four, four, one, two, nine, six, needs a repeat potassium. How do we draw it?",
    ),
    Turn(
        "09-library",
        "library",
        "what is the first line treatment for bell's palsy",
        "am_fenrir",
        0.4,
        20,
    ),
    Turn(
        "10-drug",
        "drug",
        "how do i adjust enoxaparin for poor kidney function",
        "af_sarah",
        0.3,
    ),
    Turn("11-command", "command", "stop", "af_heart", 0.5),
)


def main() -> None:
    """Make every recording and the manifest."""
    words = argparse.ArgumentParser(description=main.__doc__)
    words.add_argument("--model", type=Path, required=True)
    words.add_argument("--voices", type=Path, required=True)
    words.add_argument("--out", type=Path, default=Path(__file__).parent / "turns")
    options = words.parse_args()
    with tempfile.NamedTemporaryFile(suffix=".npz") as packed:
        voices: dict[str, Any] = {t.voice: read_voice(options.voices, t.voice) for t in TURNS}
        np.savez(packed.name, **voices)
        speaker = load_speaker(options.model, packed.name)
        rows = [make(turn, speaker, options.out) for turn in TURNS]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (options.out / "manifest.jsonl").write_text(lines, encoding="utf-8")


def read_voice(folder: Path, name: str) -> npt.NDArray[np.float32]:
    """A voice's style vectors, shape (510, 1, 256)."""
    return np.fromfile(folder / f"{name}.bin", dtype=np.float32).reshape(-1, 1, 256)


def load_speaker(model: Path, voices: str) -> Any:
    """The synthesiser."""
    from kokoro_onnx import Kokoro  # type: ignore[import-not-found]  # noqa: PLC0415 - see above

    return Kokoro(str(model), voices)


def make(turn: Turn, speaker: Any, folder: Path) -> dict[str, object]:
    """Write one recording and return its row of the manifest."""
    import soundfile  # noqa: PLC0415 - see above

    wake = say(speaker, turn, "Hey Jarvis!")
    question = say(speaker, turn, turn.say or f"{turn.text.capitalize()}.")
    parts = (silence(LEAD_S), wake, silence(turn.gap_s), question, silence(TAIL_S))
    ends = np.cumsum([len(part) for part in parts]) / RATE
    wave = np.concatenate(parts)
    seed = int(turn.name[:2])
    wave += noise(len(wave), ROOM_DB if turn.snr_db is None else SPEECH_DB - turn.snr_db, seed)
    soundfile.write(folder / f"{turn.name}.flac", pcm(wave), RATE, subtype="PCM_16")
    row = asdict(turn)
    return {
        "file": f"{turn.name}.flac",
        "wake": WAKE,
        **{key: row[key] for key in ("text", "kind", "voice", "gap_s", "snr_db")},
        "phi": turn.kind == "phi",
        "wake_end_s": round(float(ends[1]), 3),
        "speech_end_s": round(float(ends[3]), 3),
        "seconds": round(float(ends[4]), 3),
    }


def say(speaker: Any, turn: Turn, text: str) -> Wave:
    """Speech at 16 kHz without silence around it, at the same loudness for every voice."""
    import soxr  # type: ignore[import-not-found]  # noqa: PLC0415 - see above

    language = "en-gb" if turn.voice.startswith("b") else "en-us"
    audio, rate = speaker.create(text, voice=turn.voice, speed=turn.speed, lang=language)
    return trimmed(soxr.resample(np.asarray(audio, dtype=np.float64), rate, RATE))


if __name__ == "__main__":
    main()
