"""Trains the head that looks at a wake word's candidates, from clips of `speak.py`.

    python train.py --clips clips --mel melspectrogram.onnx --embedding embedding_model.onnx \
        --talk talk.npy --out wake_head.npz

Every window is 1.5 s, with a room, noise and loudness of its own. The seed makes it the same again.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from features import RATE, WINDOW, Features
from scipy.signal import fftconvolve, firwin, lfilter, resample_poly

Wave = npt.NDArray[np.float64]
HIDDEN = 64
EPOCHS = 40


def room(rng: np.random.Generator) -> Wave:
    """A room's impulse response: the direct sound and an exponential decay."""
    seconds = rng.uniform(0.08, 0.6)
    at = np.arange(round(seconds * RATE)) / RATE
    tail = rng.standard_normal(len(at)) * np.exp(-6.9 * at / seconds) * rng.uniform(0.02, 0.25)
    tail[0] = 1.0
    return tail


def noise(length: int, rng: np.random.Generator, talk: npt.NDArray[np.int16]) -> Wave:
    """White to brown noise, hum, or babble of three talkers; RMS 1."""
    kind = rng.integers(4)
    if kind == 0:
        starts = rng.integers(0, len(talk) - length, 3)
        wave = sum(talk[at : at + length].astype(np.float64) for at in starts)
    elif kind == 1:
        at = np.arange(length) / RATE
        base = rng.choice([50.0, 60.0, 100.0, 120.0])
        wave = sum(np.sin(2 * np.pi * base * k * at + rng.uniform(0, 6)) / k for k in range(1, 8))
        wave = wave + rng.standard_normal(length) * 0.3
    else:
        bins = np.fft.rfft(rng.standard_normal(length))
        bins /= np.maximum(np.arange(len(bins)), 10) ** rng.uniform(0, 1)
        wave = np.fft.irfft(bins, length)
    return np.asarray(wave) / max(float(np.sqrt(np.mean(np.square(wave)))), 1e-9)


def degraded(
    wave: Wave, rng: np.random.Generator, talk: npt.NDArray[np.int16]
) -> npt.NDArray[np.int16]:
    """A window of `wave` as a room's microphone would hear it."""
    if rng.random() < 0.6:
        wave = fftconvolve(wave, room(rng))[: len(wave)]
    if rng.random() < 0.4:
        wave = lfilter(firwin(65, rng.uniform(2800, 7500), fs=RATE), 1.0, wave)
    loud = float(np.sqrt(np.mean(wave**2))) or 1e-3
    if rng.random() < 0.8:
        wave = wave + noise(len(wave), rng, talk) * loud * 10 ** (-rng.uniform(0, 30) / 20)
    wave = wave * 10 ** (rng.uniform(-34, -10) / 20) / max(float(np.sqrt(np.mean(wave**2))), 1e-9)
    return np.asarray(np.clip(wave, -1, 1) * 32767).astype(np.int16)


def ending(
    clip: npt.NDArray[np.int16], after: int, rng: np.random.Generator, talk: npt.NDArray[np.int16]
) -> Wave:
    """A window in which `clip` ends `after` samples before its end; what is around it is random."""
    clip = trimmed(clip)
    if rng.random() < 0.3:
        clip = resample_poly(clip, 100, int(rng.integers(93, 108))).astype(np.int16)
    wave = np.zeros(WINDOW + 8000)
    end = len(wave) - max(after, 0)
    kept = clip[: len(clip) + min(after, 0)].astype(np.float64)[-end:]
    wave[end - len(kept) : end] = kept
    loud = float(np.sqrt(np.mean(kept**2))) if len(kept) else 1000.0
    for begin, stop, chance in ((0, end - len(kept), 0.3), (end, len(wave), 0.5)):
        if stop > begin and rng.random() < chance:
            at = rng.integers(0, len(talk) - (stop - begin))
            piece = talk[at : at + stop - begin].astype(np.float64)
            wave[begin:stop] = piece * loud / max(float(np.sqrt(np.mean(piece**2))), 300.0)
    return wave[-WINDOW:] / 32768


def trimmed(clip: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Without the silence around."""
    loud = np.flatnonzero(np.abs(clip.astype(int)) > 0.03 * np.abs(clip.astype(int)).max())
    return clip[loud[0] : loud[-1] + 1] if len(loud) else clip


def windows(args: argparse.Namespace) -> list[tuple[npt.NDArray[np.int16], int]]:
    """All windows to learn from, and whether each is the phrase."""
    rng = np.random.default_rng(args.seed)
    talk = np.load(args.talk)
    load = lambda kind: list(np.load(args.clips / f"{kind}.npz").values())  # noqa: E731
    calls, near, talks = load("calls") + load("calls_mixed"), load("near"), load("talk")
    made: list[tuple[Wave, int]] = []
    for clip in calls:
        made += [(ending(clip, int(rng.integers(-800, 6000)), rng, talk), 1) for _ in range(10)]
        for _ in range(4):  # only its beginning
            part = trimmed(clip)[: int(len(trimmed(clip)) * rng.uniform(0.25, 0.62))]
            made.append((ending(part, int(rng.integers(0, 3000)), rng, talk), 0))
    for clip in near:
        made += [(ending(clip, int(rng.integers(-800, 6000)), rng, talk), 0) for _ in range(10)]
    for clip in talks:
        made += [
            (ending(clip[: int(rng.integers(8000, max(8001, len(clip))))], 0, rng, talk), 0)
            for _ in range(12)
        ]
    for _ in range(6000):
        at = int(rng.integers(0, len(talk) - WINDOW))
        made.append((talk[at : at + WINDOW].astype(np.float64) / 32768, 0))
    made += [(noise(WINDOW, rng, talk) * 0.05, 0) for _ in range(800)]
    return [(degraded(wave, rng, talk), label) for wave, label in made]


def embedded(job: tuple[list[npt.NDArray[np.int16]], Path, Path]) -> npt.NDArray[np.float32]:
    """Features of some windows."""
    samples, mel, embedding = job
    features = Features(mel, embedding)
    return np.stack([features(one).ravel() for one in samples])


def main() -> None:
    """Make the windows, embed them, train, write."""
    args = _arguments()
    torch.manual_seed(args.seed)
    made = windows(args)
    print(f"{len(made)} windows, {sum(label for _, label in made)} of them the phrase", flush=True)
    parts = [made[at : at + 500] for at in range(0, len(made), 500)]
    jobs = [([wave for wave, _ in part], args.mel, args.embedding) for part in parts]
    with ProcessPoolExecutor(args.workers) as pool:
        inputs = torch.from_numpy(np.concatenate(list(pool.map(embedded, jobs))))
    labels = torch.tensor([float(label) for _, label in made])
    mean, spread = inputs.mean(0), inputs.std(0) + 1e-3
    inputs = (inputs - mean) / spread
    order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(args.seed))
    kept, rest = order[: len(order) // 10], order[len(order) // 10 :]
    head = torch.nn.Sequential(
        torch.nn.Dropout(0.2), torch.nn.Linear(inputs.shape[1], HIDDEN), torch.nn.ReLU(),
        torch.nn.Dropout(0.3), torch.nn.Linear(HIDDEN, 1),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for epoch in range(EPOCHS):
        head.train()
        for batch in rest[torch.randperm(len(rest))].split(256):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                head(inputs[batch])[:, 0], labels[batch], pos_weight=torch.tensor(0.7)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        rates.step()
        if epoch % 10 == 9:
            head.eval()
            with torch.no_grad():
                said = head(inputs[kept])[:, 0] > 0
            right = said == (labels[kept] > 0.5)
            misses = (~said & (labels[kept] > 0.5)).sum() / (labels[kept] > 0.5).sum()
            false = (said & (labels[kept] < 0.5)).sum() / (labels[kept] < 0.5).sum()
            print(
                f"epoch {epoch + 1}: loss {loss:.3f}, right {right.float().mean():.3f}, "
                f"missed {misses:.3f}, false {false:.4f}",
                flush=True,
            )
    weights = {
        "mean": mean.numpy(), "spread": spread.numpy(),
        "w1": head[1].weight.detach().numpy().T, "b1": head[1].bias.detach().numpy(),
        "w2": head[4].weight.detach().numpy()[0], "b2": head[4].bias.detach().numpy(),
        "clip": surest(head, mean, spread, args),
    }  # fmt: skip
    np.savez(args.out, **{name: value.astype(np.float32) for name, value in weights.items()})
    args.out.with_suffix(".json").write_text(
        json.dumps({"phrase": args.phrase, "window": WINDOW}) + "\n"
    )


def surest(
    head: torch.nn.Module, mean: torch.Tensor, spread: torch.Tensor, args: argparse.Namespace
) -> npt.NDArray[np.int16]:
    """The call that the head is surest of: the room tests itself with it."""
    features = Features(args.mel, args.embedding)
    calls = [trimmed(clip) for clip in np.load(args.clips / "calls.npz").values()][::4]
    head.eval()

    def score(clip: npt.NDArray[np.int16]) -> float:
        window = np.concatenate([np.zeros(WINDOW, np.int16), clip, np.zeros(1600, np.int16)])
        heard = torch.from_numpy(features(window[-WINDOW:]).ravel())
        with torch.no_grad():
            return float(head((heard - mean) / spread))

    return max(calls, key=score)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phrase", default="hey jarvis")
    for name in ("clips", "mel", "embedding", "talk", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
