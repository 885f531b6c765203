"""Canonical bytes: one value, one byte string, on every machine.

The form is RFC 8785 (JCS) restricted to what we sign: objects with string keys, arrays,
strings, integers, booleans and null. Floats are refused, since their text is where
implementations differ; a score or a duration travels as an integer of a stated unit.
"""

from __future__ import annotations

import hashlib
import json
from typing import Never, cast

from typing_extensions import TypeAliasType

# a named alias, so that pydantic can follow it into itself
Json = TypeAliasType("Json", "bool | int | str | list[Json] | dict[str, Json] | None")

_LARGEST_EXACT = 2**53 - 1  # the integers every JSON reader keeps exact (RFC 8259, 6)


def canonical(value: Json) -> bytes:
    """Encode `value`; raises `ValueError` naming the place of what has no canonical form."""
    _check(value, "$")
    return _ENCODER.encode(value).encode("utf-8")


def parse(data: bytes) -> Json:
    """Decode canonical bytes; raises `ValueError` if `data` is not exactly their form."""
    try:
        value = cast("Json", _DECODER.decode(data.decode("utf-8")))
        same = _ENCODER.encode(value).encode("utf-8") == data
    except RecursionError as error:
        msg = "these bytes are JSON nested too deep to read"
        raise ValueError(msg) from error
    if not same:
        msg = "these bytes are JSON, but not in canonical form"
        raise ValueError(msg)
    return value


def sha256(data: bytes) -> str:
    """Lower-case hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def _whole(text: str) -> int:
    value = int(text)
    if abs(value) > _LARGEST_EXACT:
        msg = "these bytes have a whole number beyond those that JSON keeps exact"
        raise ValueError(msg)
    return value


def _no_float(text: str) -> Never:
    msg = f"these bytes have the number {text[:20]}, which has no canonical form"
    raise ValueError(msg)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_DECODER = json.JSONDecoder(parse_float=_no_float, parse_int=_whole, parse_constant=_no_float)


def _check(value: Json, place: str) -> None:
    match value:
        case None | bool() | str():
            return
        case int():
            if abs(value) > _LARGEST_EXACT:
                msg = f"{place}: {value} is beyond the integers that JSON keeps exact"
                raise ValueError(msg)
        case list():
            for index, item in enumerate(value):
                _check(item, f"{place}[{index}]")
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    msg = f"{place}: a key is {type(key).__name__}, not a string"
                    raise ValueError(msg)  # noqa: TRY004 - one error type for every bad value
                _check(item, f"{place}.{key}")
        case _:
            msg = f"{place}: {type(value).__name__} has no canonical form"
            raise ValueError(msg)
