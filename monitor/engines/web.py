"""Serves the review page from this process, on the loopback address alone until there is a log-in.

Signals belong to the command that runs us, not to the server: it says `stop` and waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from monitor.core.errors import ConfigurationErrors, Problem

PORTS_TRIED = 20


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class WebEngine:
    """One web server. `run` blocks until `stop` is called from elsewhere."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        self._listening = listening
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
                lifespan="off",
            )
        )

    def run(self) -> None:
        """Serve until told to stop."""
        asyncio.run(self._server.serve(sockets=[self._listening]))

    def stop(self) -> None:
        """End `run` soon; may be called from a signal handler, and more than once."""
        self._server.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on a loopback address, on `port` or the next free one.

    Raises ConfigurationErrors for any other address, and when twenty ports in a row are taken.
    """
    address = _loopback(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    for number in range(port, min(port + PORTS_TRIED, 65536)):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((str(address), number))
        except OSError as error:
            listening.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return listening
    message = f"ports {port} to {port + PORTS_TRIED - 1} are taken or not allowed; name another one"
    raise ConfigurationErrors([Problem(file="MONITOR_PORT", message=message)])


def _loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    name = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        message = (
            f"{host} is refused: the review page has no log-in yet and listens on 127.0.0.1 only; "
            "reach it from elsewhere through an SSH tunnel"
        )
        raise ConfigurationErrors([Problem(file="MONITOR_HOST", message=message)])
    return address
