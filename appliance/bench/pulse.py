"""A sound server of one's own, without a sound card: a mouth to speak into, an ear to hear.

What is played into the sink `mouth` is what the room's microphone hears; what the room says goes
to the sink `speaker`, whose monitor can be recorded. ALSA knows them as `mouth` and `monitor`, and
`pulse` is what the server takes for its own microphone and speaker.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import Unavailable

ALSA = """
pcm.mouth { type pulse device "mouth.monitor" }
pcm.mouth.hint { description "what is said to the room" }
pcm.monitor { type pulse device "speaker.monitor" }
pcm.monitor.hint { description "what the room says" }
"""
MODULES = (
    "module-null-sink sink_name=mouth rate=16000 channels=1",
    "module-null-sink sink_name=speaker rate=48000 channels=1",
    "module-always-sink",
)


class Pulse:
    """A running PulseAudio, reached by its socket alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "run").mkdir(parents=True, exist_ok=True)
        (folder / ".asoundrc").write_text(ALSA)
        self.server = f"unix:{folder / 'run' / 'native'}"
        self._own = {
            "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run"),
            "PULSE_RUNTIME_PATH": str(folder / "run"), "PULSE_SERVER": self.server,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._prompt: list[subprocess.Popen[bytes]] = []
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to know to have this for its sound card."""
        return os.environ | self._own

    @property
    def process(self) -> int:
        """The server's process; 0 where it is stopped."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Begin to serve."""
        server = {key: value for key, value in self.environment.items() if key != "PULSE_SERVER"}
        command = [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            "--disallow-exit", "--high-priority=yes", "--log-level=error",
            "-L", f"module-native-protocol-unix socket={self.folder}/run/native auth-anonymous=1",
        ]  # fmt: skip
        for module in MODULES:
            command += ["-L", module]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, env=server, stdout=log, stderr=log)
        for _ in range(200):
            if self._control("info").returncode == 0:
                break
            time.sleep(0.05)
        self._settle()

    def _settle(self) -> None:
        self._demand("set-default-sink", "speaker")
        self._demand("set-default-source", "mouth.monitor")
        # an idle null sink renders two seconds at once; who listens all the time keeps it prompt
        self._release()
        self._prompt = [
            subprocess.Popen(
                ["parec", "--raw", f"--device={sink}.monitor", "--latency-msec=20"],
                env=self.environment, stdout=subprocess.DEVNULL,
            )
            for sink in ("mouth", "speaker")
        ]  # fmt: skip
        time.sleep(2.2)

    def stop(self) -> None:
        """End the server, and whoever listens."""
        self._release()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def unplug(self, sink: str) -> None:
        """Take a sink away, and its monitor; who used it is thrown out."""
        told = self._control("list", "short", "modules").stdout.decode()
        (number,) = [line.split()[0] for line in told.splitlines() if f"sink_name={sink} " in line]
        self._demand("unload-module", number)

    def plug(self, sink: str) -> None:
        """Bring it back."""
        (module,) = [one for one in MODULES if f"sink_name={sink} " in one]
        self._demand("load-module", *module.split())
        self._settle()

    def captures(self) -> int:
        """How many record from the microphone at this moment."""
        told = self._control("list", "short", "source-outputs").stdout.decode()
        return len(told.splitlines()) - len(self._prompt)

    def say(self, samples: Samples) -> None:
        """Into the microphone, as fast as it is spoken; returns when it has been."""
        command = ["paplay", "--raw", f"--rate={SAMPLE_RATE}", "--channels=1", "--format=s16le"]
        command += ["--device=mouth", "--latency-msec=200"]
        subprocess.run(
            command, input=samples.astype("<i2").tobytes(), env=self.environment, check=True,
            timeout=120,
        )  # fmt: skip

    @contextlib.contextmanager
    def saying(self, samples: Samples) -> Iterator[None]:
        """Into the microphone, while something else is done; cut off at the end of it."""
        path = self.folder / "said.raw"
        path.write_bytes(samples.astype("<i2").tobytes())
        command = ["paplay", "--raw", f"--rate={SAMPLE_RATE}", "--channels=1", "--format=s16le"]
        command += ["--device=mouth", "--latency-msec=200", str(path)]
        with subprocess.Popen(command, env=self.environment) as speaking:
            try:
                yield
            finally:
                speaking.kill()

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[Samples]]:
        """What the speaker says meanwhile: one array of samples at 16 kHz, once it is over."""
        command = ["parec", "--raw", f"--rate={SAMPLE_RATE}", "--channels=1", "--format=s16le"]
        command += ["--device=speaker.monitor", "--latency-msec=40"]
        heard: list[Samples] = []
        path = self.folder / "heard.raw"
        with path.open("wb") as file:
            recorder = subprocess.Popen(command, env=self.environment, stdout=file)
            time.sleep(0.3)
            try:
                yield heard
            finally:
                time.sleep(0.3)
                recorder.terminate()
                recorder.wait(10)
        data = path.read_bytes()
        heard.append(np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.int16))

    def _release(self) -> None:
        for listener in self._prompt:
            listener.kill()
            listener.wait(10)
        self._prompt = []

    def _demand(self, *words: str) -> None:
        if self._control(*words).returncode:
            raise Unavailable(f"the sound server refused {words[0]}; see {self.folder / 'log'}")

    def _control(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["pactl", *words],
            env=self.environment, capture_output=True, timeout=20, check=False,
        )  # fmt: skip


def available() -> bool:
    """Whether PulseAudio is installed."""
    return all(shutil.which(tool) for tool in ("pulseaudio", "pactl", "paplay", "parec"))
