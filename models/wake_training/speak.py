"""Speaks a phrase, what resembles it, and talk, with synthetic voices: 16 kHz clips in one .npz a kind.

    python speak.py --phrase "hey jarvis" --kokoro kokoro.onnx --voices package/voices --out clips

Needs kokoro-onnx. About one CPU second a second of audio; what is there already is kept.
"""

from __future__ import annotations

import argparse
import itertools
import random
from pathlib import Path

import numpy as np
from kokoro_onnx import Kokoro
from scipy.signal import resample_poly

RATE = 16_000
# never trained on: the figures are theirs
HELD_OUT = (
    "bm_daniel",
    "bm_george",
    "af_nova",
    "am_liam",
    "bf_lily",
    "af_sky",
    "am_onyx",
    "if_sara",
)
# the project's recorded turns are spoken by these
IN_TURNS = ("af_heart", "bf_emma", "am_michael")
SPEEDS = (0.75, 0.85, 1.0, 1.15, 1.3)
FORMS = ("{phrase}", "{phrase}.", "{phrase}!", "{phrase},", "{phrase}?")
TALK = (
    "I will see you again in two weeks", "take one tablet every morning with food",
    "does it hurt when I press here", "let me have a look at your throat",
    "the results came back normal", "we should check your blood pressure again",
    "have you been sleeping well", "any allergies to medicines that you know of",
    "she has been coughing for three days", "he is here for his vaccination",
    "please roll up your sleeve", "what brings you in today", "how long has this been going on",
    "I am going to listen to your chest", "breathe in and out please",
    "the pharmacy closes at six", "did you bring your insurance card",
    "her knee is swollen and warm", "we can try a lower dose first",
    "hey, are you feeling alright", "hey, come over here for a second",
    "the nurse will be with you shortly", "that should heal in about ten days",
    "turn your head to the left please", "good morning, how are you",
    "it started on Tuesday after lunch", "have you had any fever or chills",
    "there is nothing to worry about", "and now the weather for the weekend",
    "the match ended two to one in extra time", "police are asking for witnesses",
    "call now and get the second one free", "he told her that he was leaving in the morning",
)  # fmt: skip
NEAR = {
    "hey jarvis": (
        "hey travis", "hey charlie", "hey jar", "hey jarred", "hey harvest", "hey service",
        "hey marvin", "hey jasper", "hey carlos", "hey gervase", "a jar of this", "hey javier",
        "hey doctor", "hay fever", "hey there is", "hey judges", "hey you", "hey", "hey nervous",
        "a nervous", "the jarvis", "charge this", "hey chavez", "hey darwin", "the harvest",
        "hey that is", "hey jack", "say jars", "they jarred this", "hey parvus", "hey janice",
        "I saw jarvis yesterday", "doctor jarvis is on call", "ask mister jarvis about it",
        "okay nurse", "hey siri", "alexa", "okay google", "hey computer", "hey jenny",
        "hate jars", "hey chargers", "hey sergeants", "day jobs", "hey jobless", "age jarring",
    ),
}  # fmt: skip


def main() -> None:
    """Speak everything."""
    args = _arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    voices = {
        p.stem: np.fromfile(p, "<f4").reshape(-1, 1, 256) for p in sorted(args.voices.iterdir())
    }
    pack = args.out / "voices.npz"
    np.savez(pack, **voices)
    kokoro = Kokoro(str(args.kokoro), str(pack))
    rng = random.Random(args.seed)
    learned = [name for name in voices if name not in HELD_OUT + IN_TURNS]
    phrase = args.phrase.lower()
    near = NEAR.get(phrase) or near_of(phrase)
    held = [name for name in HELD_OUT if name in voices]
    kinds = {
        "held_calls": [(form, v, s) for form in FORMS[:2] for v in held for s in (0.85, 1.0, 1.15)],
        "calls": list(itertools.product(FORMS[:1], learned, SPEEDS)),
        "near": [
            (text, rng.choice(learned), rng.choice(SPEEDS)) for text in near for _ in range(8)
        ],
        "talk": [
            (text, rng.choice(learned), rng.choice(SPEEDS)) for text in TALK for _ in range(4)
        ],
        "calls_mixed": [
            (rng.choice(FORMS), tuple(rng.sample(learned, 2)), rng.choice(SPEEDS))
            for _ in range(400)
        ],
        "held_near": [
            (text, rng.choice(held), rng.choice(SPEEDS)) for text in near for _ in range(2)
        ],
        "held_talk": [(text, rng.choice(held), 1.0) for text in TALK for _ in range(2)],
    }
    for kind, rows in kinds.items():
        target = args.out / f"{kind}.npz"
        if target.exists():
            continue
        clips = {}
        for number, (form, voice, speed) in enumerate(rows):
            mixed = isinstance(voice, tuple)
            style = (voices[voice[0]] + voices[voice[1]]) / 2 if mixed else voices[voice]
            text = form.format(phrase=phrase)
            audio, rate = kokoro.create(text, voice=style, speed=speed, lang="en-us")
            sound = resample_poly(audio, RATE, rate)
            samples = np.clip(sound * 32767 * 0.7 / max(np.abs(sound).max(), 1e-4), -32768, 32767)
            label = "+".join(voice) if mixed else voice
            clips[f"{number:05d}|{label}|{text}"] = samples.astype(np.int16)
        np.savez(target, **clips)
        print(f"{kind}: {len(clips)} clips", flush=True)


def near_of(phrase: str) -> tuple[str, ...]:
    """What resembles an own phrase: its parts, and its words among others."""
    words = phrase.split()
    others = ("doctor", "nurse", "travis", "jarvis", "charlie", "please", "there", "computer")
    parts = [*words, *(f"{words[0]} {other}" for other in others), f"{words[-1]} {words[0]}"]
    parts += [f"{other} {words[-1]}" for other in others]
    parts += [f"I told {words[-1]} about it", f"the {words[-1]} is open", f"{words[0]} you"]
    return tuple(dict.fromkeys(part for part in parts if part != phrase))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phrase", default="hey jarvis")
    parser.add_argument("--kokoro", type=Path, required=True)
    parser.add_argument("--voices", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
