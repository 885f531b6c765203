"""The demonstration's directory: where each thing stands, and the two settings files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from voiceassist.errors import WrongUse

CLINIC = "demo-clinic"
ROOM = "room-1"
PROFILE = "generic-x86"


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of loopback."""

    hub: int
    broker: int
    cloud: int
    panel: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below the demonstration's directory."""

    root: Path

    @property
    def logs(self) -> Path:
        """What each process printed."""
        return self.root / "logs"

    @property
    def hub(self) -> Path:
        """The hub's data."""
        return self.root / "hub"

    @property
    def hub_settings(self) -> Path:
        """The hub's settings."""
        return self.root / "hub.toml"

    @property
    def broker(self) -> Path:
        """Mosquitto's configuration and data."""
        return self.root / "broker"

    @property
    def room(self) -> Path:
        """The room's data."""
        return self.root / "room"

    @property
    def identity(self) -> Path:
        """The room's keys and what enrolment brought."""
        return self.root / "identity"

    @property
    def room_settings(self) -> Path:
        """The room's settings."""
        return self.root / "appliance.toml"

    @property
    def authority(self) -> Path:
        """The clinic's certificate authority."""
        return self.hub / "keys" / "ca.crt"

    @property
    def kit(self) -> Path:
        """What the hub answers to the room's request."""
        return self.root / "kit.json"

    @property
    def spool(self) -> Path:
        """Recordings in, turns out."""
        return self.root / "spool"

    @property
    def cloud_log(self) -> Path:
        """What reached the cloud server, as JSON lines."""
        return self.root / "cloud.jsonl"

    @property
    def cloud_key(self) -> Path:
        """The key that the hub presents to the cloud server."""
        return self.root / "cloud.key"


def make_layout(root: Path) -> Layout:
    """Make the directories; raises `WrongUse` where `root` can't be used or holds something."""
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(root.iterdir()):
            raise WrongUse(f"{root} is not empty; name a new directory with --dir")
        layout = Layout(root.resolve())
        for folder in (layout.logs, layout.hub, layout.broker, layout.room, layout.spool):
            folder.mkdir(mode=0o700)
    except OSError as error:
        raise WrongUse(f"{root} can't be used ({error.strerror}); name another by --dir") from error
    return layout


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def hub_settings(layout: Layout, ports: Ports, model: str) -> str:
    """`hub.toml`."""
    return f"""\
clinic = "{CLINIC}"
data_dir = "{layout.hub}"
host = "127.0.0.1"
port = {ports.hub}
san = ["localhost", "127.0.0.1"]
profile = "{PROFILE}"

[session]
second_factor = "off"  # a clinic's own hub asks its administrators for one

[mqtt]
host = "127.0.0.1"
port = {ports.broker}

[cloud]
url = "http://127.0.0.1:{ports.cloud}/v1"
model = "{model}"
key_file = "{layout.cloud_key}"
"""


def room_settings(layout: Layout, ports: Ports) -> str:
    """`appliance.toml`."""
    return f"""\
clinic = "{CLINIC}"
room = "{ROOM}"
profile = "{PROFILE}"
data_dir = "{layout.room}"
identity_dir = "{layout.identity}"

[panel]
port = {ports.panel}
"""


def find_mosquitto() -> str:
    """Mosquitto's path, also where Debian keeps it outside a user's; raises `WrongUse`."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise WrongUse("mosquitto is not installed; run `sudo apt-get install mosquitto`")
    return found
