"""Serves the review page from this process, on the address that the operator named.

Beyond loopback the pages ask everybody to log in; that is the caller's part (`monitor.pages`).
What a proxy says about where a request comes from is believed of the named proxies alone.

Signals belong to the command that runs us, not to the server: it says `stop` and waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator, Sequence

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

    def __init__(
        self, app: ASGIApp, listening: socket.socket, *, proxies: Sequence[str] = ()
    ) -> None:
        """Serve `app`. `proxies`: addresses and networks whose X-Forwarded-For is believed."""
        self._listening = listening
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
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
    """Return a socket that listens on an address.

    On this machine on `port` or the next free one, elsewhere on `port` alone: a proxy or a
    container's port mapping waits there. Raises ConfigurationErrors for what is no address of this
    machine, and when twenty ports in a row are taken.
    """
    address = _address(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    tried = range(port, min(port + PORTS_TRIED, 65536) if address.is_loopback else port + 1)
    for number in tried:
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((str(address), number))
        except OSError as error:
            listening.close()
            if error.errno == errno.EADDRNOTAVAIL:
                message = f"{host} is no address of this machine"
                raise ConfigurationErrors([Problem(file="MONITOR_HOST", message=message)]) from None
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return listening
    which = f"ports {port} to {tried[-1]} are" if len(tried) > 1 else f"port {port} is"
    message = f"{which} taken or not allowed; name another one"
    raise ConfigurationErrors([Problem(file="MONITOR_PORT", message=message)])


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        message = (
            f"write an IP address of this machine, such as 127.0.0.1 or 0.0.0.0 (got {host!r})"
        )
        raise ConfigurationErrors([Problem(file="MONITOR_HOST", message=message)]) from None
