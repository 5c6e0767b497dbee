"""A server of raw bytes on 127.0.0.1: says exactly what a test wants said, at the pace it wants.

An answer is a list of steps: bytes are sent, a float is waited, and three names do the rest.
`Asked` is what was asked, so that a test can see what the fetcher really sent.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

RESET = "reset"  # end the connection with RST
HOLD = "hold"  # say nothing more until the other side leaves

Step = bytes | float | str
Script = Iterable[Step] | Callable[["Asked"], Iterable[Step]]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    head: bytes
    body: bytes
    at: float  # time.monotonic()

    @property
    def path(self) -> str:
        """The request target."""
        return self.head.split(b" ", 2)[1].decode()

    def header(self, name: str) -> str | None:
        """The value of a header, None when it was not sent."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.decode().lower() == name.lower():
                return value.strip().decode("latin-1")
        return None


def answer(
    status: str = "200 OK", body: bytes = b"", *headers: str | bytes, length: bool = True
) -> list[Step]:
    """Return a whole answer as one step."""
    lines = [f"HTTP/1.1 {status}".encode()]
    lines += [line.encode() if isinstance(line, str) else line for line in headers]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return [b"\r\n".join(lines) + b"\r\n\r\n" + body]


class RawSite:
    """Serves scripts by path; a path without a script is a 404."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.scripts: dict[str, Script] = {}
        self.asked: list[Asked] = []
        self.open_now = 0
        self.open_most = 0
        self._tls = tls
        self._lock = threading.Lock()
        self._listener = socket.create_server((host, 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        self.opening = f"{host}:{self.port}"
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._start(self._accept)

    def say(self, path: str, script: Script) -> str:
        """Serve a script at a path; return its address."""
        self.scripts[path] = script
        return self.url + path

    def asked_for(self, path: str) -> list[Asked]:
        """Return the requests for a path, in their order."""
        return [asked for asked in self.asked if asked.path == path]

    def close(self) -> None:
        """Stop listening, and wait for the connections to end."""
        self._ended.set()
        # Closing alone does not wake a thread in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.open_now += 1
            self.open_most = max(self.open_most, self.open_now)
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._talk(connection)
        except OSError:
            pass  # the fetcher left: what it thought of that is what the tests look at
        finally:
            connection.close()
            with self._lock:
                self.open_now -= 1

    def _talk(self, connection: socket.socket) -> None:
        asked = _read_request(connection)
        if asked is None:
            return
        self.asked.append(asked)
        script = self.scripts.get(asked.path, answer("404 Not Found", b"nothing here"))
        for step in script(asked) if callable(script) else script:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, float):
                self._ended.wait(step)
            elif step == RESET:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            elif step == HOLD:
                connection.settimeout(10)
                while connection.recv(65_536):
                    pass


def _read_request(connection: socket.socket) -> Asked | None:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65_536)
        if not piece:
            return None
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    asked = Asked(head, body, time.monotonic())
    length = int(asked.header("content-length") or 0)
    while len(body) < length:
        body += connection.recv(65_536)
    return Asked(head, body, asked.at)


@contextmanager
def raw_site(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[RawSite]:
    """A running server."""
    site = RawSite(host, tls)
    try:
        yield site
    finally:
        site.close()
