"""The room's settings: environment, then the TOML file, then defaults. Frozen once read."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, IPvAnyAddress, model_validator
from pydantic_settings import SettingsConfigDict

from appliance.rules.route import Policy
from voiceassist.phi.policy import PhiPolicy
from voiceassist.settings import FileSettings

DEFAULT_CONFIG = Path("/etc/voiceassist/appliance.toml")
_PREFIX = "VOICEASSIST_APPLIANCE__"
_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_Port = Annotated[int, Field(ge=1, le=65535)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HubSettings(_Part):
    """Where the hub is, if not where enrolment said."""

    url: str = ""


class MqttSettings(_Part):
    """Where the broker is, if not where enrolment said."""

    host: str = ""
    port: _Port | None = None


class PolicySettings(_Part):
    """`escalate`: "cleared" lets the hub be asked about what the gate cleared, "never" nothing.

    "ask" lets it be asked where the room's library has nothing, and on a spoken yes alone.
    `generalise`: where "cleared" and the hub is there, offer to ask a held question without whom
    it is about, on a spoken yes.
    """

    escalate: Policy = "cleared"
    generalise: bool = False


class PanelSettings(_Part):
    """The room's own page: on loopback, or elsewhere with a certificate of its own.

    `shows` "signs" keeps all words off it, for a panel that patients see. After `fades_s` seconds
    in which nothing happened the words are gone.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8500
    certificate: Path | None = None
    key: Path | None = None
    shows: Literal["words", "signs"] = "words"
    fades_s: float = Field(default=300, ge=10, le=86_400)

    @model_validator(mode="after")
    def _private(self) -> Self:
        if self.host not in _LOOPBACK and not (self.certificate and self.key):
            raise ValueError("panel.host beyond this machine needs panel.certificate and panel.key")
        return self


class RecordingSettings(_Part):
    """Turns kept for finding a fault, words and all, sealed for `key` (X25519, public, PEM).

    Off unless `consented_by`, `until` and `key` are all given. `audio` keeps what was said, too.
    """

    consented_by: str = Field(default="", max_length=100)
    until: AwareDatetime | None = None
    key: Path | None = None
    audio: bool = False
    hours: float = Field(default=72, gt=0, le=720)
    most_mb: int = Field(default=200, ge=1, le=10_000)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = (bool(self.consented_by), self.until is not None, self.key is not None)
        if any(given) and not all(given):
            raise ValueError("recording needs consented_by, until and key, or none of them")
        return self

    def on(self, now: float) -> bool:
        """Whether turns are kept at Unix time `now`."""
        return self.until is not None and now < self.until.timestamp()


class PeersSettings(_Part):
    """Boxes of one `zone` hear one another's wake words, so one of them answers; "" is none.

    They tell each other by UDP at `group`, a multicast or broadcast address of the boxes' network
    segment, and `port`; `interface` by name, "" for the one of the default route.
    """

    zone: Annotated[str, Field(pattern=r"^$|" + _NAME)] = ""
    group: IPv4Address = IPv4Address("239.255.86.65")
    port: _Port = 47_865
    interface: str = Field(default="", max_length=15)


class WatchSettings(_Part):
    """How much memory the room and its processes may take before it does without something."""

    memory_mb: int = Field(default=3500, ge=500)


class WyomingSettings(_Part):
    """The room's stages over Wyoming, which has neither passwords nor encryption: off, or loopback.

    Beyond this machine only `clients`, by address, are answered. `speaks`: they may have the room's
    voice say any text on their own speakers.
    """

    on: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 10_300
    clients: tuple[IPvAnyAddress, ...] = ()
    speaks: bool = False

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.host not in _LOOPBACK and not self.clients:
            raise ValueError("Wyoming beyond this machine needs wyoming.clients, their addresses")
        return self


class AudioSettings(_Part):
    """Sound devices by name; "" is the board's own choice."""

    input: str = ""
    output: str = ""


class ListenSettings(_Part):
    """Milliseconds: silence that ends a question, silence that gives up, the longest question."""

    end_ms: int = Field(default=600, ge=250, le=3000)
    leading_ms: int = Field(default=5000, ge=1000, le=30_000)
    longest_ms: int = Field(default=20_000, ge=2000, le=60_000)


class ApplianceSettings(FileSettings):
    """One room. A room that is not enrolled needs `data_dir` alone."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    clinic: Annotated[str, Field(pattern=_NAME)] | None = None
    room: Annotated[str, Field(pattern=_NAME)] = "room"
    profile: str = "generic-x86"
    data_dir: Path
    models_dir: Path | None = None
    identity_dir: Path | None = None
    hub: HubSettings = HubSettings()
    mqtt: MqttSettings = MqttSettings()
    policy: PolicySettings = PolicySettings()
    panel: PanelSettings = PanelSettings()
    audio: AudioSettings = AudioSettings()
    listen: ListenSettings = ListenSettings()
    watch: WatchSettings = WatchSettings()
    peers: PeersSettings = PeersSettings()
    recording: RecordingSettings = RecordingSettings()
    wyoming: WyomingSettings = WyomingSettings()
    phi: PhiPolicy = PhiPolicy()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


def load(path: Path) -> ApplianceSettings:
    """Read the settings; raises `WrongUse` naming the file and the key at fault."""
    return ApplianceSettings.load(path)


def without_file(data_dir: Path, profile: str) -> ApplianceSettings:
    """The settings of a room that is tried out: defaults, and what the environment says."""
    values = {"data_dir": data_dir, "profile": profile}
    return ApplianceSettings.checked("environment", values)
