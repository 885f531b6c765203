"""Only the gate makes a Cleared: looked for in the tree, and asked of the type checker."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
PACKAGES = ("voiceassist", "appliance", "hub", "demo")
GATE = ROOT / "voiceassist" / "phi" / "gate.py"
SEALED = {"GateSeal", "Cleared"}


def makers(source: str) -> list[str]:
    """Names of the sealed types that `source` calls, however it imports them."""
    tree = ast.parse(source)
    renamed = {
        alias.asname: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [
        func.id if isinstance(func, ast.Name) else func.attr
        for func in called
        if isinstance(func, ast.Name | ast.Attribute)
    ]
    return [true for name in names if (true := renamed.get(name, name)) in SEALED]


def test_only_the_gate_constructs_the_seal() -> None:
    """No file but the gate's makes a GateSeal or a Cleared."""
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    assert GATE in files
    assert sorted(set(makers(GATE.read_text("utf-8")))) == sorted(SEALED)
    offenders = {str(p): m for p in files if p != GATE and (m := makers(p.read_text("utf-8")))}
    assert offenders == {}


def test_the_search_sees_through_renaming() -> None:
    """An alias or a module prefix does not hide a construction."""
    assert makers("from voiceassist.contract.verdict import GateSeal as G\nG()") == ["GateSeal"]
    assert makers("import x\nx.verdict.Cleared('a', s)") == ["Cleared"]


@pytest.mark.slow
def test_the_type_checker_refuses_a_held_query_at_the_door(tmp_path: Path) -> None:
    """A Held, a Verdict and a str are rejected where a Cleared is wanted; a Cleared is taken."""
    snippet = tmp_path / "door.py"
    snippet.write_text(
        "from voiceassist.contract.verdict import Cleared, Held, Verdict\n"
        "def door(query: Cleared) -> None: ...\n"
        "def use(held: Held, verdict: Verdict, cleared: Cleared) -> None:\n"
        "    door(held)\n"
        "    door(verdict)\n"
        "    door('words')\n"
        "    door(cleared)\n"
        "    if not isinstance(verdict, Held):\n"
        "        door(verdict)\n",
        "utf-8",
    )
    report, errors, status = api.run(
        [
            "--strict",
            "--no-incremental",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            str(snippet),
        ]
    )
    lines = [int(line.split(":")[1]) for line in report.splitlines() if ": error:" in line]
    assert errors == ""
    assert status == 1
    assert lines == [4, 5, 6]
