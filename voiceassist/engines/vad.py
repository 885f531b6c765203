"""Voice activity by Silero's ONNX model: 512 samples with 64 of context, and a state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.runtimes import onnx_session

_CONTEXT = 64


class SileroVad:
    """Tells speech from silence every 32 ms."""

    window = 512

    def __init__(self, path: Path) -> None:
        self._session = onnx_session(path, threads=1)
        self._rate = np.array(SAMPLE_RATE, dtype=np.int64)
        self._state: npt.NDArray[np.float32]
        self._context: npt.NDArray[np.float32]
        self.reset()

    def probability(self, samples: Samples) -> float:
        """The probability, 0 to 1, that the next `window` samples hold speech."""
        if samples.shape != (self.window,):
            msg = f"a window of {self.window} samples is wanted, got shape {samples.shape}"
            raise ValueError(msg)
        audio = np.concatenate([self._context, samples.astype(np.float32) / 32768])
        inputs = {"input": audio[np.newaxis], "state": self._state, "sr": self._rate}
        output, self._state = self._session.run(None, inputs)
        self._context = audio[-_CONTEXT:]
        return float(output[0, 0])

    def reset(self) -> None:
        """Forget what was heard."""
        self._state = np.zeros((2, 1, 128), dtype=np.float32)
        self._context = np.zeros(_CONTEXT, dtype=np.float32)
