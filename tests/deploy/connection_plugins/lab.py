"""Ansible's way into a machine of `scripts/lab`: the namespaces of its PID 1."""

from __future__ import annotations

import subprocess
from pathlib import Path

# Ansible ships no types
from ansible.errors import AnsibleConnectionFailure  # type: ignore[import-untyped]
from ansible.plugins.connection import ConnectionBase  # type: ignore[import-untyped]

DOCUMENTATION = """
name: lab
short_description: Runs tasks in a machine that scripts/lab booted
description: The controller must be root.
options:
  remote_addr:
    description: The machine's folder, as it was given to `lab boot`.
    vars:
      - name: ansible_host
"""


class Connection(ConnectionBase):  # type: ignore[misc]
    """Every command is a process of this machine that enters the other's namespaces."""

    transport = "lab"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def _inside(self, *command: str, data: bytes | None = None) -> tuple[int, bytes, bytes]:
        try:
            pid = Path(self.get_option("remote_addr"), "pid").read_text().strip()
        except OSError as error:
            raise AnsibleConnectionFailure(f"the machine is not running: {error}") from error
        done = subprocess.run(
            ["nsenter", "--target", pid, "--all", "--", *command],
            input=data or b"",
            capture_output=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def exec_command(
        self,
        cmd: str,
        in_data: bytes | None = None,
        sudoable: bool = True,  # noqa: FBT001, FBT002 - the port's signature
    ) -> tuple[int, bytes, bytes]:
        """Run `cmd` in a login-free shell of the machine."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._inside("/bin/sh", "-c", cmd, data=in_data)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file in."""
        super().put_file(in_path, out_path)
        data = Path(in_path).read_bytes()
        self._copied(self._inside("/bin/sh", "-c", 'cat >"$0"', out_path, data=data), out_path)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file out."""
        super().fetch_file(in_path, out_path)
        Path(out_path).write_bytes(self._copied(self._inside("cat", in_path), in_path))

    @staticmethod
    def _copied(result: tuple[int, bytes, bytes], path: str) -> bytes:
        code, out, err = result
        if code:
            raise AnsibleConnectionFailure(f"{path}: {err.decode(errors='replace').strip()}")
        return out

    def close(self) -> None:
        """Nothing stays open."""
        self._connected = False
