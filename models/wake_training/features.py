"""Speech embeddings of a window, as the room computes them: shape (windows of 80 ms, 96)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

RATE = 16_000
WINDOW = 24_000  # samples, 1.5 s: what the head looks at
_FRAMES, _HOP = 76, 8  # of mel, for one embedding and between two

Floats = npt.NDArray[np.float32]


class Features:
    """Mel spectrogram and Google's speech embedding, by onnxruntime."""

    def __init__(self, mel: Path, embedding: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._mel = onnxruntime.InferenceSession(str(mel), options)
        self._embedding = onnxruntime.InferenceSession(str(embedding), options)

    def __call__(self, samples: npt.NDArray[np.int16]) -> Floats:
        """Embeddings of one window, the oldest first."""
        mel = self._mel.run(None, {"input": samples[np.newaxis].astype(np.float32) / 32768})[0]
        mel = mel.reshape(-1, 32) / 10 + 2
        starts = range(0, len(mel) - _FRAMES + 1, _HOP)
        windows = np.stack([mel[at : at + _FRAMES] for at in starts])[..., np.newaxis]
        out = self._embedding.run(None, {"input_1": windows.astype(np.float32)})[0]
        return np.asarray(out, dtype=np.float32).reshape(len(windows), 96)
