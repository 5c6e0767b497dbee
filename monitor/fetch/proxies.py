"""Egress proxies: some sites answer only to addresses of their own country.

The proxy is asked for a connection to the address that we resolved and the guard passed, never to
a name: what the proxy's own resolver thinks of a name does not matter. TLS is spoken through it
with the site itself. The proxy's address is the operator's word and may be private.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import struct
from typing import Final

from monitor.core.egress import Egress, read_egress
from monitor.core.values import ErrorCode
from monitor.fetch.settings import Trouble
from monitor.guard import IPAddress

_MOST_HEAD: Final = 8_192


class Proxy(Egress):
    """One proxy that connects."""

    @classmethod
    def read(cls, text: str) -> Proxy:
        """Read a proxy's address. Raises ValueError with a sentence for the operator."""
        read = read_egress(text)
        return cls(read.scheme, read.host, read.port, read.user, read.password)

    async def connect(self, address: IPAddress, port: int) -> socket.socket:
        """Return a connection to an address through this proxy. Raises Trouble."""
        loop = asyncio.get_running_loop()
        try:
            rows = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
            sock = socket.socket(rows[0][0], socket.SOCK_STREAM)
        except OSError as error:
            raise _refused("cannot be found") from error
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, rows[0][4])
            if self.scheme == "socks5":
                await self._socks5(sock, address, port)
            else:
                await self._http(sock, address, port)
        except (OSError, EOFError) as error:
            sock.close()
            raise _refused("cannot be reached") from error
        except BaseException:
            sock.close()
            raise
        return sock

    async def _http(self, sock: socket.socket, address: IPAddress, port: int) -> None:
        """Ask by CONNECT (RFC 9110 9.3.6)."""
        goal = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
        lines = [f"CONNECT {goal} HTTP/1.1", f"Host: {goal}"]
        if self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {pair}")
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, ("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = await loop.sock_recv(sock, _MOST_HEAD)
            head += piece
            if not piece or len(head) > _MOST_HEAD:
                raise EOFError
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
            raise _refused("refuses the connection")

    async def _socks5(self, sock: socket.socket, address: IPAddress, port: int) -> None:
        """Ask by SOCKS 5 (RFC 1928, user names by RFC 1929)."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, b"\x05\x02\x00\x02" if self.user else b"\x05\x01\x00")
        method = (await _exactly(sock, 2))[1]
        if method == 2 and self.user:
            user, password = self.user.encode()[:255], self.password.encode()[:255]
            await loop.sock_sendall(
                sock, bytes([1, len(user)]) + user + bytes([len(password)]) + password
            )
            if (await _exactly(sock, 2))[1] != 0:
                raise _refused("does not accept the password")
        elif method != 0:
            raise _refused("wants another way of signing in")
        kind = 1 if address.version == 4 else 4
        asked = bytes([5, 1, 0, kind]) + address.packed + struct.pack(">H", port)
        await loop.sock_sendall(sock, asked)
        reply = await _exactly(sock, 4)
        if reply[1] != 0:
            raise _refused(f"refuses the connection (SOCKS reply {reply[1]})")
        bound = {1: 4, 4: 16}.get(reply[3]) or (await _exactly(sock, 1))[0]
        await _exactly(sock, bound + 2)


def _refused(what: str) -> Trouble:
    return Trouble(ErrorCode.CONNECT_ERROR, f"the proxy {what}")


async def _exactly(sock: socket.socket, count: int) -> bytes:
    """Receive so many bytes. Raises EOFError when the other side ends first."""
    received = b""
    while len(received) < count:
        piece = await asyncio.get_running_loop().sock_recv(sock, count - len(received))
        if not piece:
            raise EOFError
        received += piece
    return received
