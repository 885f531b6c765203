"""The hub's settings: environment, then the TOML file, then defaults. Frozen once read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from limits import parse
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from voiceassist.errors import WrongUse
from voiceassist.knowledge.documents.model import Ocr
from voiceassist.phi.policy import PhiPolicy
from voiceassist.settings import FileSettings

DEFAULT_CONFIG = Path("/etc/voiceassist/hub.toml")
_PREFIX = "VOICEASSIST_HUB__"
_Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_Port = Annotated[int, Field(ge=1, le=65535)]
FactorRule = Literal["off", "administrators", "everyone"]


def _check_rate(rate: str) -> str:
    parse(rate)  # raises ValueError
    return rate


_Rate = Annotated[str, AfterValidator(_check_rate)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _secret(file: Path | None, given: SecretStr, name: str) -> str:
    if file is None:
        return given.get_secret_value()
    try:
        return file.read_text().strip()
    except OSError as error:
        raise WrongUse(
            f"{name} {file} can't be read ({error.strerror}); correct hub.toml"
        ) from error


class MqttSettings(_Part):
    """The broker, as rooms and hub reach it.

    `bind` is where it listens: "" is every interface, or `host` alone where that is loopback.
    """

    host: str = "127.0.0.1"
    port: _Port = 8883
    bind: str = ""


class CloudSettings(_Part):
    """An OpenAI-compatible provider. No `url`, no escalation. `key_file` wins over `key`."""

    url: str = ""
    model: str = ""
    key: SecretStr = SecretStr("")
    key_file: Path | None = None
    timeout_s: float = Field(default=10.0, gt=0)

    def secret(self) -> str:
        """The provider's key; raises `WrongUse` when its file can't be read."""
        return _secret(self.key_file, self.key, "cloud.key_file")


class SessionSettings(_Part):
    """How long a sign-in lasts, and who must show a second factor.

    A refresh token renews a session up to `absolute_days`; a browser's session ends after
    `page_minutes`.
    """

    access_minutes: int = Field(default=15, ge=1, le=60)
    refresh_days: int = Field(default=7, ge=1, le=30)
    absolute_days: int = Field(default=30, ge=1, le=365)
    page_minutes: int = Field(default=480, ge=1, le=1440)
    second_factor: FactorRule = "administrators"


class OidcSettings(_Part):
    """The hospital's OpenID provider. No `issuer`, no such sign-in. `secret_file` wins.

    `roles` gives the role of each group that `groups_claim` may name; whoever is in none of them
    needs an account that an administrator made. `second_factor` says that the provider asks
    everyone for one; else its `amr` must say so where the hub demands one.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    secret_file: Path | None = None
    groups_claim: str = "groups"
    second_factor: bool = False
    roles: dict[str, Literal["clinician", "it", "administrator", "auditor"]] = {}

    def secret(self) -> str:
        """The client's secret; raises `WrongUse` when its file can't be read."""
        return _secret(self.secret_file, self.client_secret, "oidc.secret_file")


class RateSettings(_Part):
    """How often each is allowed, by address and by account, in the form of `limits`."""

    registration: _Rate = "5/hour"
    login: _Rate = "10/minute"
    refresh: _Rate = "20/minute"
    code: _Rate = "30/hour"


class LimitSettings(_Part):
    """The most that the hub takes."""

    upload_bytes: int = Field(default=256 << 20, ge=1024)
    document_bytes: int = Field(default=32 << 20, ge=1024)
    document_pages: int = Field(default=2000, ge=1)
    body_bytes: int = Field(default=1 << 20, ge=1024)
    voices: int = Field(default=20, ge=0)
    reading_s: float = Field(default=300.0, gt=0)
    reading_bytes: int = Field(default=1536 << 20, ge=512 << 20)


class AuditSettings(_Part):
    """How long entries are kept, and after how long without a word a room is alarmed for."""

    keep_years: int = Field(default=6, ge=1, le=100)
    silent_hours: int = Field(default=24, ge=1)


class OcrSettings(Ocr):
    """Recognising scanned pages with Debian's tesseract-ocr; off, a scan is refused."""

    enabled: bool = False


class HubSettings(FileSettings):
    """One clinic's hub.

    `trusted_hops` proxies of the site's own stand before it; `redis_url` shares the counting of
    attempts between processes.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    clinic: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    data_dir: Path
    host: str = "127.0.0.1"
    port: _Port = 8443
    public_url: str = ""
    san: tuple[str, ...] = ()
    trusted_hops: int = Field(default=0, ge=0, le=5)
    database_url: str = Field(default="", repr=False)
    redis_url: SecretStr = SecretStr("")
    profile: str = "generic-x86"
    models_dir: Path | None = None
    watch_dir: Path | None = None
    mqtt: MqttSettings = MqttSettings()
    cloud: CloudSettings = CloudSettings()
    session: SessionSettings = SessionSettings()
    rates: RateSettings = RateSettings()
    oidc: OidcSettings = OidcSettings()
    limits: LimitSettings = LimitSettings()
    ocr: OcrSettings = OcrSettings()
    audit: AuditSettings = AuditSettings()
    phi: PhiPolicy = PhiPolicy()
    log_level: Annotated[_Level, BeforeValidator(str.upper)] = "INFO"

    @property
    def url(self) -> str:
        """Where rooms and browsers reach the hub."""
        return self.public_url.rstrip("/") or f"https://{self.host}:{self.port}"

    @property
    def database(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'hub.sqlite'}"


def load(path: Path) -> HubSettings:
    """Read the settings; raises `WrongUse` naming the file and the key at fault."""
    return HubSettings.load(path)
