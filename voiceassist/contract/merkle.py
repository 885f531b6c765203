"""Merkle trees over a log (RFC 6962, section 2; RFC 9162, section 2.1): roots and proofs. Pure.

A leaf is SHA-256 over a zero byte and its data, a node over a one byte and its two children, so
that neither can be passed off as the other. Hashes are 32 bytes; a tree of `size` leaves is split
at the largest power of two below `size`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

from voiceassist.errors import Unverified

# the root of the full subtree of 2**height leaves that begins at leaf index * 2**height
Nodes: TypeAlias = Callable[[int, int], bytes]

EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return sha256(b"\1" + left + right).digest()


class Growing:
    """The root of leaves that come one after another, in memory of the tree's height."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []  # the full subtrees that it consists of, the largest first

    def add(self, leaf: bytes) -> None:
        """Append a leaf's hash."""
        full, node, size = self._full, leaf, self.size
        while size & 1:
            node = sha256(b"\1" + full.pop() + node).digest()
            size >>= 1
        full.append(node)
        self.size += 1

    def parts(self) -> list[bytes]:
        """The roots of the full subtrees that it consists of, the largest first."""
        return list(self._full)

    def root(self) -> bytes:
        """The root of what was added."""
        return joined(self._full)


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaves' hashes."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def joined(parts: Sequence[bytes]) -> bytes:
    """The root of full subtrees, the largest first."""
    if not parts:
        return EMPTY
    node = parts[-1]
    for left in parts[-2::-1]:
        node = node_hash(left, node)
    return node


def root_of(nodes: Nodes, size: int) -> bytes:
    """The root of the first `size` leaves of a stored tree."""
    return _range(nodes, 0, size)


def inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` (from 0) is in the tree of the first `size` leaves."""
    if not 0 <= index < size:
        msg = f"leaf {index} is not in a tree of {size}"
        raise ValueError(msg)
    proof, first, end = [], 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            proof.append(_range(nodes, middle, end))
            end = middle
        else:
            proof.append(_range(nodes, first, middle))
            first = middle
    return proof[::-1]


def consistency(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old`."""
    if not 0 <= old <= new:
        msg = f"a tree of {old} leaves can't grow to one of {new}"
        raise ValueError(msg)
    if old in {0, new}:
        return []
    proof, first, end, whole = [], 0, new, True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            proof.append(_range(nodes, middle, end))
            end = middle
        else:
            proof.append(_range(nodes, first, middle))
            first, whole = middle, False
    return ([] if whole else [_range(nodes, first, end)]) + proof[::-1]


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise `Unverified` unless `proof` shows that `leaf` is leaf `index` of the tree of `size`."""
    if not 0 <= index < size:
        msg = f"leaf {index} is not in a tree of {size}: the proof is not of this log"
        raise Unverified(msg)
    at, last, node = index, size - 1, leaf
    for hashed in proof:
        if not last:
            break
        if at & 1 or at == last:
            node = node_hash(hashed, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, hashed)
        at, last = at >> 1, last >> 1
    if last or node != root or len(proof) != _path_length(index, size):
        msg = f"the proof does not lead from leaf {index} to the root of {size}: it was altered"
        raise Unverified(msg)


def check_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise `Unverified` unless `proof` shows that the new tree begins with the old one."""
    wrong = f"the log of {new} entries does not continue the one of {old}: history was rewritten"
    if old > new or (old == new and (old_root != new_root or proof)):
        raise Unverified(wrong)
    if old == new or (old == 0 and not proof):
        return
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if not steps or not old:
        raise Unverified(wrong)
    before = after = steps[0]
    for hashed in steps[1:]:
        if not last:
            raise Unverified(wrong)
        if at & 1 or at == last:
            before, after = node_hash(hashed, before), node_hash(hashed, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, hashed)
        at, last = at >> 1, last >> 1
    if last or (before, after) != (old_root, new_root):
        raise Unverified(wrong)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range(nodes: Nodes, first: int, end: int) -> bytes:
    """The root over leaves `first` to before `end`, a subtree of the tree."""
    parts = []
    while first < end:
        height = (end - first).bit_length() - 1
        parts.append(nodes(height, first >> height))
        first += 1 << height
    return joined(parts)


def _path_length(index: int, size: int) -> int:
    """How many hashes lead from leaf `index` to the root."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()
