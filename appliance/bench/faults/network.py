"""What lies between hub and room: it loses, cuts, alters, delays, repeats and forges.

Whoever sits here holds no key of the hub's, but has kept whatever the hub ever sent.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import zstandard

from appliance.bench.faults.hub import CLINIC, VirtualHub, in_chunks, offer_of
from voiceassist.contract.canonical import Json, canonical, parse
from voiceassist.contract.edition import MANIFEST_TYPE, PackRef, sign_manifest
from voiceassist.contract.packlist import make_update
from voiceassist.contract.signing import Envelope
from voiceassist.contract.trust import sign_trust, trust_in, write_chain
from voiceassist.errors import Unavailable
from voiceassist.knowledge.editions.packs import MAGIC
from voiceassist.knowledge.editions.source import Offer

MANIFESTS = (
    "down", "not modified", "stale", "cut", "altered", "unsigned", "wrong key", "wrong clinic",
    "expired", "kind", "nonsense", "huge",
)  # fmt: skip
CHAINS = ("down", "stale", "gap", "forged link", "cut", "altered")
LISTS = ("down", "stale", "wrong delta", "cut", "altered", "bomb", "whole")
PATCHES = ("none", "down", "another", "cut", "altered")
PACKS = ("down", "slow", "cut", "altered", "forged", "another", "endless", "offset ignored")


class FaultyNetwork:
    """A `LibrarySource` between `hub` and a room. Each call fails with chance `rate`."""

    def __init__(
        self, hub: VirtualHub, draw: random.Random, now_s: Callable[[], int], log: list[str]
    ) -> None:
        self._hub = hub
        self._draw = draw
        self._now_s = now_s
        self._log = log
        self._thief = hub.new_signer()
        self.rate = 0.0
        self.faults: Counter[str] = Counter()

    def manifest(self, etag: str) -> Offer | None:
        """The newest edition, or what passes for it."""
        match self._fault("manifest", MANIFESTS):
            case "":
                return self._hub.manifest(etag)
            case "not modified":
                return None
            case "stale" if self._hub.history:
                return offer_of(self._draw.choice(self._hub.history))
            case "huge":
                return Offer(b" " * (1 << 17), "huge")
            case "nonsense":
                return offer_of(self._nonsense())
            case fault:
                return self._spoiled(fault)

    def keys(self, after: int) -> bytes:
        """The statements after `after`, or what passes for them."""
        links = list(self._hub.chain[max(0, after - 1) :])
        match self._fault("keys", CHAINS):
            case "stale":
                links = links[:-1]
            case "gap":
                links = links[1:]
            case "forged link":
                following = trust_in(self._thief.public, clinic=CLINIC, version=after + 1)
                links = [sign_trust(following, self._thief)]
            case ("cut" | "altered") as fault:
                return self._damaged(write_chain(links), fault)
        return write_chain(links)

    def pack_list(self, root: str, held: str) -> bytes:
        """A list, or what passes for it."""
        lists = self._hub.memory.lists
        true = self._hub.pack_list(root, held)
        match self._fault("list", LISTS):
            case "stale":
                return make_update(self._draw.choice(list(lists.values())), lists.get(held))
            case "wrong delta":
                return make_update(lists[root], self._draw.choice(list(lists.values())))
            case "bomb":
                return zstandard.ZstdCompressor().compress(bytes(1 << 22))
            case "whole":
                return make_update(lists[root])
            case ("cut" | "altered") as fault:
                return self._damaged(true, fault)
        return true

    def pack(self, ref: PackRef, offset: int) -> Iterator[bytes]:
        """A pack's bytes, or what passes for them."""
        data = self._hub.packs[ref.sha256].data
        rest = data[offset:]
        fault = self._fault("pack", PACKS)
        match fault:
            case "slow" | "cut":
                yield from in_chunks(rest[: self._draw.randrange(len(rest) + 1)])
                if fault == "slow":
                    raise Unavailable("the hub answers too slowly; try again")
                return
            case "altered":
                rest = self._damaged(rest, fault)
            case "forged":
                rest = _forged(data)[offset:]
            case "another":
                rest = self._draw.choice(list(self._hub.packs.values())).data[offset:]
            case "endless":
                yield from chain(in_chunks(rest), repeat(bytes(4096)))
            case "offset ignored":
                rest = data
        yield from in_chunks(rest)

    def patch(self, ref: PackRef, base: str) -> bytes:
        """A patch, or what passes for one."""
        true = self._hub.patch(ref, base)
        match self._fault("patch", PATCHES):
            case "none":
                return b""
            case "another":
                other = self._draw.choice(list(self._hub.packs.values()))
                return self._hub.patch(other.ref, base)
            case ("cut" | "altered") as fault:
                return self._damaged(true, fault)
        return true

    def _fault(self, call: str, kinds: tuple[str, ...]) -> str:
        if self._draw.random() >= self.rate:
            return ""
        kind = self._draw.choice(kinds)
        self.faults[f"{call}: {kind}"] += 1
        self._log.append(f"  {call}: {kind}")
        if kind == "down":
            raise Unavailable("the hub can't be reached; try again")
        return kind

    def _spoiled(self, fault: str) -> Offer | None:
        """The newest manifest spoiled, or one that the hub would never have published."""
        true = self._hub.memory.offered
        if true is None:
            return None
        if fault in {"cut", "altered"}:
            return Offer(self._damaged(true.to_json(), fault), fault)
        refs = tuple(pack.ref for pack in self._hub.memory.editions[self._hub.memory.newest])
        above = self._hub.memory.newest + self._draw.randrange(1, 9)
        made = self._hub.manifest_of(refs[1:], above, self._now_s())
        self._hub.memory.lists.setdefault(made.state_root, refs[1:])
        match fault:
            case "wrong clinic":
                made = made.model_copy(update={"clinic": "clinic-b"})
            case "expired":
                made = made.model_copy(update={"expires_s": self._now_s()})
        signer = self._thief if fault in {"wrong key", "unsigned"} else self._hub.signer
        envelope = sign_manifest(made, signer)
        if fault == "unsigned":
            envelope = envelope.model_copy(update={"keyid": self._hub.signer.keyid})
        if fault == "kind":
            kind = "application/vnd.voiceassist.edition.v1+json"
            envelope = self._hub.signer.sign(kind, envelope.raw())
        return offer_of(envelope)

    def _nonsense(self) -> Envelope:
        """Well-formed JSON with a member that no manifest has so."""
        value = self._draw.choice(["[]", "1e999", '"x"', "{}", "-1", "null"])
        return self._thief.sign(MANIFEST_TYPE, f'{{"keys": {value}, "version": {value}}}'.encode())

    def _damaged(self, data: bytes, fault: str) -> bytes:
        place = self._draw.randrange(len(data)) if data else 0
        if fault == "cut":
            return data[:place]
        flipped = bytes(one ^ 1 << self._draw.randrange(8) for one in data[place : place + 1])
        return data[:place] + flipped + data[place + 1 :]


def _forged(data: bytes) -> bytes:
    """A well-formed pack that gives another dose, of the same size where that can be."""
    content = zstandard.ZstdDecompressor().decompress(data)
    start = len(MAGIC) + 4
    size = int.from_bytes(content[len(MAGIC) : start], "little")
    header, vectors = content[start : start + size], content[start + size :]
    text = parse(header)
    for dose in range(9, 0, -1):
        altered = canonical(_with_dose(text, dose))
        whole = MAGIC + len(altered).to_bytes(4, "little") + altered + vectors
        made = zstandard.ZstdCompressor(level=12, write_checksum=False).compress(whole)
        if altered != header and len(made) == len(data):
            return made
    return data[:-1] + bytes([data[-1] ^ 1])


def _with_dose(header: Json, dose: int) -> Json:
    assert isinstance(header, dict)  # noqa: S101 - what `build_pack` wrote
    text = str(header["text"])
    place = text.index(" mg daily") - 1
    return {**header, "text": f"{text[:place]}{dose}{text[place + 1 :]}"}
