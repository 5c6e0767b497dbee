"""A small real proxy on 127.0.0.1, SOCKS5 or CONNECT, that notes where it is sent."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TinyProxy:
    """A proxy that notes what it is asked for and connects to it, or misbehaves."""

    def __init__(self, kind: str, *, user: str = "", fault: bytes | None = None) -> None:
        self._kind, self._user, self._fault = kind, user, fault
        self.goals: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            if self._fault is not None:
                client.recv(4_096)
                client.sendall(self._fault)
                return
            goal = self._socks5(client) if self._kind == "socks5" else self._connect(client)
            if goal is None:
                return
            self.goals.append(f"{goal[0]}:{goal[1]}")
            with socket.create_connection(goal) as site:
                asked = client.recv(65_536)
                site.sendall(asked)
                while piece := site.recv(65_536):
                    client.sendall(piece)

    def _connect(self, client: socket.socket) -> tuple[str, int] | None:
        head = client.recv(4_096).decode()
        if self._user and "Proxy-Authorization: Basic cmVhZGVyOndvcmQ=" not in head:
            client.sendall(b"HTTP/1.1 407 Authentication Required\r\n\r\n")
            return None
        host, _, port = head.split(" ")[1].rpartition(":")
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return host, int(port)

    def _socks5(self, client: socket.socket) -> tuple[str, int] | None:
        methods = client.recv(255)[2:]
        if not self._user:
            client.sendall(b"\x05\x00")
        elif 2 not in methods:
            client.sendall(b"\x05\xff")
            return None
        else:
            client.sendall(b"\x05\x02")
            signed = client.recv(600)
            good = signed == b"\x01\x06reader\x04word"
            client.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return None
        asked = client.recv(600)
        assert asked[3] == 1
        client.sendall(b"\x05\x00\x00\x01" + bytes(4) + b"\x00\x00")
        return socket.inet_ntoa(asked[4:8]), struct.unpack(">H", asked[8:10])[0]


@contextmanager
def proxying(kind: str, **about: object) -> Iterator[TinyProxy]:
    """A running proxy."""
    proxy = TinyProxy(kind, **about)  # type: ignore[arg-type]
    try:
        yield proxy
    finally:
        proxy.close()
