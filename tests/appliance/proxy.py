"""A TCP proxy on loopback that does to a connection what networks do."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Proxy:
    """Passes connections on to a port of this machine.

    `deaf` holds what comes and lets nobody know (a half-open connection), `slow_s` delays each
    piece, `cut` ends all connections at once, `closed` lets no new one in.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self.deaf = False
        self.slow_s = 0.0
        self.closed = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection."""
        with self._lock:
            ended, self._open = self._open, set()
        for one in ended:
            _end(one)

    def close(self) -> None:
        """End, and let nobody in any more."""
        self.closed = True
        _end(self._server)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to), 5)
            except OSError:
                _end(near)
                continue
            if self.closed:
                _end(near)
                _end(far)
                continue
            with self._lock:
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                while self.deaf:
                    time.sleep(0.01)
                    if one.fileno() < 0:
                        return
                time.sleep(self.slow_s)
                other.sendall(data)
        except OSError:
            pass
        _end(one)
        _end(other)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
