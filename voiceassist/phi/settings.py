"""Reads a policy file; an unknown key, a bad value, less protection is one line that names it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from voiceassist.errors import WrongUse
from voiceassist.phi.policy import PhiPolicy, check_policy


def load_policy(path: Path) -> PhiPolicy:
    """The policy in the TOML file `path`; raises `WrongUse` (see `check_policy`, too)."""
    try:
        with path.open("rb") as file:
            policy = PhiPolicy.model_validate(tomllib.load(file))
    except OSError as error:
        raise WrongUse(f"{path} can't be read; name a policy file") from error
    except tomllib.TOMLDecodeError as error:
        raise WrongUse(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise WrongUse(f"{path}: {place}: {first['msg']}") from error
    check_policy(policy)
    return policy
