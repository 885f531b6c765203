from __future__ import annotations

import itertools
import random
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.log_of_hub import nodes_of
from voiceassist.contract.merkle import (
    EMPTY,
    Growing,
    check_consistency,
    check_inclusion,
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    root,
    root_of,
)
from voiceassist.errors import Unverified


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % one) for one in range(count)]


def test_hashes_are_those_of_rfc_6962() -> None:
    """The published values: the empty tree, an empty leaf, a leaf, a node (Trillian's vectors)."""
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"").hex() == empty
    assert leaf_hash(b"L123456") == sha256(b"\0L123456").digest()
    assert node_hash(b"N123", b"N456").hex() == (
        "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


@given(st.integers(0, 300), st.data())
def test_every_proof_holds(size: int, data: st.DataObject) -> None:
    """Any leaf is shown to be in, and any earlier tree to be continued by, any tree."""
    tree = leaves(size)
    nodes, top = nodes_of(tree), root(tree)
    assert root_of(nodes, size) == top
    old = data.draw(st.integers(0, size))
    check_consistency(old, root(tree[:old]), size, top, consistency(nodes, old, size))
    if size:
        index = data.draw(st.integers(0, size - 1))
        check_inclusion(tree[index], index, size, inclusion(nodes, index, size), top)


def _elsewhere(rng: random.Random, proof: list[bytes]) -> list[bytes]:
    at = rng.randrange(len(proof))
    return [*proof[:at], rng.randbytes(32), *proof[at + 1 :]]


_SPOILED: dict[str, Callable[[random.Random, list[bytes]], list[bytes]]] = {
    "altered": _elsewhere,
    "shorter": lambda _r, proof: proof[:-1],
    "beheaded": lambda _r, proof: proof[1:],
    "longer": lambda r, proof: [*proof, r.randbytes(32)],
    "reordered": lambda _r, proof: proof[::-1],
}


@pytest.mark.parametrize("spoil", _SPOILED.values(), ids=_SPOILED.keys())
def test_no_spoiled_proof_holds(spoil: Callable[[random.Random, list[bytes]], list[bytes]]) -> None:
    """1,000 seeded ways to spoil a proof, of each kind: none is believed."""
    rng = random.Random(6)
    for _ in range(1000):
        size = rng.randrange(2, 200)
        tree = leaves(size)
        nodes, top = nodes_of(tree), root(tree)
        index, old = rng.randrange(size), rng.randrange(1, size)
        path, grown = inclusion(nodes, index, size), consistency(nodes, old, size)
        for proof, check in (
            (path, lambda p, i=index, s=size, t=tree, r=top: check_inclusion(t[i], i, s, p, r)),
            (
                grown,
                lambda p, o=old, s=size, t=tree, r=top: check_consistency(o, root(t[:o]), s, r, p),
            ),
        ):
            bad = spoil(rng, proof)
            if bad != proof:
                with pytest.raises(Unverified):
                    check(bad)


def test_no_proof_holds_for_another_place_or_tree() -> None:
    """A leaf is not shown at another's place, nor past the tree's end."""
    rng = random.Random(7)
    for _ in range(1000):
        size = rng.randrange(2, 200)
        tree = leaves(size)
        nodes, top = nodes_of(tree), root(tree)
        index = rng.randrange(size)
        path = inclusion(nodes, index, size)
        other = rng.randrange(size)
        if other != index:
            with pytest.raises(Unverified):
                check_inclusion(tree[index], other, size, path, top)
            with pytest.raises(Unverified):
                check_inclusion(tree[other], index, size, path, top)
        with pytest.raises(Unverified):
            check_inclusion(tree[index], size, size, path, top)


def test_a_node_is_not_passed_off_as_a_leaf() -> None:
    """A subtree's root, given as an entry's hash, is in no proof of a leaf of that tree."""
    tree = leaves(8)
    nodes, top = nodes_of(tree), root(tree)
    inner = nodes(1, 0)
    shorter = inclusion(nodes, 0, 8)[1:]
    for index, size in ((0, 8), (1, 8), (0, 7)):
        with pytest.raises(Unverified):
            check_inclusion(inner, index, size, shorter, top)
    assert leaf_hash(tree[0] + tree[1]) != inner, "nor can its preimage be an entry's bytes"


def test_a_rewritten_history_has_no_proof() -> None:
    """A log that changed one old entry can't be shown to continue the old one."""
    tree = leaves(40)
    forged = [*tree[:11], leaf_hash(b"forged"), *tree[12:]]
    grown = consistency(nodes_of(forged), 20, 40)
    with pytest.raises(Unverified, match="rewritten"):
        check_consistency(20, root(tree[:20]), 40, root(forged), grown)
    with pytest.raises(Unverified, match="rewritten"):
        check_consistency(40, root(tree), 40, root(forged), [])
    with pytest.raises(Unverified, match="rewritten"):
        check_consistency(40, root(tree), 20, root(tree[:20]), [])


_PYMERKLE = """
import sys
from pymerkle import InmemoryTree
tree = InmemoryTree(algorithm="sha256")
for one in range(int(sys.argv[1])):
    tree.append_entry(b"%d" % one)
    size = tree.get_size()
    print("root", size, tree.get_state(size).hex())
size = tree.get_size()
for index in range(1, size + 1):
    proof = tree.prove_inclusion(index, size)
    print("in", index - 1, *(one.hex() for one in proof.path[1:]))
"""


def test_pymerkle_says_the_same() -> None:
    """An implementation of others has the same roots and paths, and our proofs hold for its roots.

    It is in a process of its own: its licence asks for that, and it is in no release.
    """
    size = 77
    tree, growing = leaves(size), Growing()
    nodes = nodes_of(tree)
    told = subprocess.run(
        [sys.executable, "-c", _PYMERKLE, str(size)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(told) == 2 * size
    roots = {}
    for line in told:
        kind, at, *rest = line.split()
        if kind == "root":
            growing.add(tree[int(at) - 1])
            assert rest == [growing.root().hex()]
            roots[int(at)] = bytes.fromhex(rest[0])
        else:
            assert rest == [one.hex() for one in inclusion(nodes, int(at), size)]
    for old, new in itertools.combinations(roots, 2):
        proof = consistency(nodes_of(tree[:new]), old, new)
        check_consistency(old, roots[old], new, roots[new], proof)
