"""Settings of a machine: the environment, then its TOML file, then defaults. Frozen once read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)

from voiceassist.errors import WrongUse


class FileSettings(BaseSettings):
    """Settings whose every mistake is one line that names its file and key.

    A machine's class gives `model_config` with its `env_prefix`, `frozen` and `extra="forbid"`.
    """

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before what `load` passes from the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; raises `WrongUse` naming the file and the key at fault."""
        if not path.is_file():
            raise WrongUse(f"no settings at {path}; write them, or name the file with --config")
        try:
            values = TomlConfigSettingsSource(cls, toml_file=path)()
        except (ValueError, OSError) as error:
            raise WrongUse(f"{path} is not TOML ({error}); correct it") from error
        return cls.checked(str(path), values)

    @classmethod
    def checked(cls, origin: str, values: dict[str, Any]) -> Self:
        """Settings of `values`, which stand in `origin`; raises `WrongUse`."""
        cls._refuse_unknown_environment()
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                raise WrongUse(f"{origin}: unknown key {key!r}; remove or correct it") from error
            raise WrongUse(f"{origin}: {key}: {first['msg']}; correct it") from error

    @classmethod
    def _refuse_unknown_environment(cls) -> None:
        """Pydantic reads what it knows and passes over a misspelt variable in silence."""
        prefix = cls.model_config["env_prefix"]
        known = {f"{prefix}{name}".upper() for name in cls.model_fields}
        for name in os.environ:
            if name.startswith(prefix) and "__".join(name.split("__")[:2]).upper() not in known:
                raise WrongUse(f"environment: unknown setting {name}; unset or correct it")
