"""The clinic's own lists: names of patients, staff and places as salted hashes, and its formulary.

Law: no name stands in the file in clear, and a file that is missing, altered or readable by
others gives no lists and so no gate.

What the hashes give: who sees the file by chance, or gets a part of it, reads no name; two
clinics' files can't be compared, and no table made beforehand fits, since each file has a random
salt. What they don't give: names are few and guessable. Whoever has the file, and so the salt,
tries all common given names with all common surnames in minutes, and at once whether one
person is on the list. A slow hash would not mend that: the box looks up hundreds of forms in
every turn. So the file is kept like the names: mode 0600, owned by the service, out of backups
that others read. The salt is in the file because a box starts unattended: a key file beside it
would be read by the same people. The checksum is made with the salt, too: it finds damage and
edits by hand, not the work of somebody who can write the file as the service.

A hash is 64 bits of HMAC-SHA256: with a million forms on the list and a thousand looked up in a
turn, a stranger's word is taken for a listed one in one turn of 10^10, and a file of 50,000
patients stays near 10 MB. Fewer bits would raise false alarms; more would hide nothing better.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.canonical import Json, canonical, parse
from voiceassist.errors import BadInput, Unverified, WrongUse
from voiceassist.files import full_disk_named, replace_durable
from voiceassist.phi.lexicon import Lexicon
from voiceassist.phi.name_forms import WORD, Mark, person_forms, place_forms, spoken
from voiceassist.phi.policy import reads_as_identifying

SALT_BYTES = 32
_HASH_BYTES = 8
_DOMAIN = b"voiceassist-lists-v1\0"  # no form holds a NUL, so no form's hash is a checksum
_OTHERS = 0o077
_HEADERS = frozenset(["name", "names", "patient", "patients", "place", "places", "drug", "drugs"])


@dataclass(frozen=True, slots=True)
class Sources:
    """Lines of the clinic's files, one name a line; an empty line is none."""

    patients: Sequence[str] = field(default=(), repr=False)
    staff: Sequence[str] = field(default=(), repr=False)
    places: Sequence[str] = field(default=(), repr=False)
    formulary: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A list file's bytes; how many entries of each source went in; which lines could not."""

    data: bytes = field(repr=False)
    counts: Mapping[str, int]
    unused: tuple[str, ...]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    v: Literal[1]
    salt: str = Field(pattern=r"^([0-9a-f]{2}){16,}$", repr=False)
    words: int = Field(ge=0)  # of the longest form
    hashes: str = Field(repr=False)
    marks: str = Field(repr=False)
    formulary: tuple[str, ...]


class SiteLists:
    """Looks forms up in the clinic's lists. Immutable, so safe between threads."""

    def __init__(
        self,
        salt: bytes,
        hashes: array[int],
        marks: bytes,
        formulary: tuple[str, ...],
        longest: int,
    ) -> None:
        self._keyed = hmac.new(salt, digestmod=hashlib.sha256)
        self._hashes = hashes
        self._marks = marks
        self.formulary = formulary
        self.longest = longest

    def mark(self, form: str) -> Mark:
        """What `form` (folded words, one space between) is on the lists."""
        return Mark(self.bits(form))

    def bits(self, form: str) -> int:
        """Like `mark`, as a plain integer: for the inner loop."""
        wanted = _hash(self._keyed, form)
        at = bisect_left(self._hashes, wanted)
        found = at < len(self._hashes) and self._hashes[at] == wanted
        return self._marks[at] if found else 0

    def is_patient(self, stretch: str) -> bool:
        """Whether `stretch` of a text is a patient's whole name, a possessive's "s" or not."""
        form = " ".join(map(spoken, WORD.findall(stretch)))
        return bool((self.bits(form) | self.bits(form.removesuffix("s"))) & Mark.PATIENT)


def no_lists() -> SiteLists:
    """The lists of a clinic that has none."""
    return SiteLists(bytes(SALT_BYTES), array("Q"), b"", (), 0)


def make_lists(sources: Sources, salt: bytes, lexicon: Lexicon) -> Made:
    """The bytes of a list file. Pure; raises `BadInput` naming the source and line at fault."""
    forms: dict[str, Mark] = {}
    counts: dict[str, int] = {}
    unused: list[str] = []
    readers: dict[str, Callable[[str], dict[str, Mark]]] = {
        "patients": lambda line: person_forms(line, Mark.WHOLE | Mark.PATIENT, lexicon),
        "staff": lambda line: person_forms(line, Mark.WHOLE, lexicon),
        "places": lambda line: place_forms(line, lexicon),
    }
    for source, read in readers.items():
        lines = _lines(getattr(sources, source))
        for number, line in lines:
            found = _read(read, source, number, line)
            for form, mark in found.items():
                forms[form] = forms.get(form, Mark.NONE) | mark
            unused += [] if found else [f"{source} line {number}"]
        counts[source] = len(lines)
    drugs = _lines(sources.formulary)
    counts["formulary"] = len(drugs)
    unused += [f"formulary line {n}" for n, line in drugs if reads_as_identifying(line, lexicon)]
    free = {line.lower() for _, line in drugs if not reads_as_identifying(line, lexicon)}
    return Made(_encoded(forms, sorted(free), salt), counts, tuple(unused))


def _lines(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Numbered lines that hold something, without the quotes and heading of a CSV."""
    kept = [(n, line.strip().strip('"').strip()) for n, line in enumerate(lines, 1)]
    return [(n, line) for n, line in kept if line and not (n == 1 and line.lower() in _HEADERS)]


def _read(
    read: Callable[[str], dict[str, Mark]], source: str, number: int, line: str
) -> dict[str, Mark]:
    try:
        return read(line)
    except ValueError as error:  # its message has no word of the line
        raise BadInput(
            f"{source} line {number} is no name ({error}); give one name a line, in Latin letters, "
            "as it is spoken"
        ) from error


def _encoded(forms: Mapping[str, Mark], formulary: list[str], salt: bytes) -> bytes:
    keyed = hmac.new(salt, digestmod=hashlib.sha256)
    table: dict[int, int] = {}
    for form, mark in forms.items():
        for part, bits in ((form, mark), (form.split()[0], Mark.BEGINS)):
            key = _hash(keyed, part)
            table[key] = table.get(key, 0) | int(bits)
    keys = sorted(table)  # their order tells nothing of the names'
    body: dict[str, Json] = {
        "v": 1,
        "salt": salt.hex(),
        "words": max((form.count(" ") + 1 for form in forms), default=0),
        "hashes": _base64(b"".join(key.to_bytes(_HASH_BYTES, "big") for key in keys)),
        "marks": _base64(bytes(table[key] for key in keys)),
        "formulary": list(formulary),
    }
    return canonical({**body, "check": _check(salt, canonical(body))})


def write_lists(path: Path, data: bytes) -> None:
    """Write the file whole or not at all, readable by its owner alone from the first byte on.

    A crash leaves at most `path` with `.part` added, of the same mode.
    """
    part = path.with_name(path.name + ".part")
    with full_disk_named("the lists"):
        try:
            part.unlink(missing_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError as error:
            raise WrongUse(f"{path.parent} is no folder; name another --out") from error
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        replace_durable(part, path)


def load_lists(path: Path | None) -> SiteLists:
    """The lists in the file `path`; raises `WrongUse` or `Unverified`, naming it."""
    if path is None:
        return no_lists()
    try:
        mode, data = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise WrongUse(
            f"the lists {path} can't be read ({error.strerror}); put the file back, or make it "
            "again with `voiceassist phi lists make`"
        ) from error
    if mode & _OTHERS:
        raise Unverified(f"others can read the lists {path}; run chmod 600 on it")
    try:
        return _decoded(data)
    except (ValueError, KeyError, TypeError) as error:
        raise Unverified(
            f"the lists {path} are altered, damaged or another release's; make them again with "
            "`voiceassist phi lists make`"
        ) from error


def _decoded(data: bytes) -> SiteLists:
    body = parse(data)
    if not isinstance(body, dict):
        raise TypeError("no object")
    check = body.pop("check")
    read = _File.model_validate(body)
    salt = bytes.fromhex(read.salt)
    if not hmac.compare_digest(str(check), _check(salt, canonical(body))):
        raise ValueError("checksum")
    hashes = array("Q")
    hashes.frombytes(base64.b64decode(read.hashes, validate=True))
    if sys.byteorder == "little":
        hashes.byteswap()
    marks = base64.b64decode(read.marks, validate=True)
    if len(hashes) != len(marks):
        raise ValueError("length")
    return SiteLists(salt, hashes, marks, read.formulary, read.words)


def _hash(keyed: hmac.HMAC, form: str) -> int:
    one = keyed.copy()
    one.update(form.encode())
    return int.from_bytes(one.digest()[:_HASH_BYTES], "big")


def _check(salt: bytes, body: bytes) -> str:
    return hmac.new(salt, _DOMAIN + body, hashlib.sha256).hexdigest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
