from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = "ansible/inventory.example.yml"

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_the_playbook_is_sound(ansible: Run) -> None:
    """Ansible reads the playbook and every role with the example's inventory."""
    done = ansible("ansible-playbook", "--syntax-check", "-i", INVENTORY, "ansible/site.yml")
    assert done.returncode == 0, done.stderr


def test_the_example_inventory_names_what_the_playbook_asks_for(ansible: Run) -> None:
    """The example has the groups that the playbook speaks to, and a name for the clinic."""
    listing = json.loads(ansible("ansible-inventory", "-i", INVENTORY, "--list").stdout)
    assert listing["hub"]["hosts"]
    assert listing["rooms"]["hosts"]
    variables = listing["_meta"]["hostvars"].values()
    assert all(one["voiceassist_clinic"] == "example-clinic" for one in variables)


def test_every_variable_of_the_example_exists() -> None:
    """No line of the example sets something that no role reads."""
    read = "".join(
        path.read_text() for path in (ROOT / "ansible/roles").rglob("*") if path.is_file()
    )
    example = (ROOT / INVENTORY).read_text()
    names = {word.strip(":") for word in example.split() if word.startswith("voiceassist_")}
    assert names
    assert {name for name in names if name not in read} == set()


@pytest.mark.slow
def test_ansible_lint_has_nothing_to_say(ansible: Run) -> None:
    """The roles hold to ansible-lint's profile for production."""
    done = ansible("ansible-lint", "--offline", "-c", ".ansible-lint", "ansible")
    assert done.returncode == 0, done.stdout + done.stderr
