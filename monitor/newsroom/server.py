"""Serves the sample newsroom on the loopback address, at the time to which its clock is set.

A plain threaded server of the standard library: it answers GET and HEAD with validators and honours
them, and nothing else. It never listens on any other address and never touches the network.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from monitor.newsroom.outletfiles import read_newsroom
from monitor.newsroom.outlets import SampleNewsroom, moment
from monitor.newsroom.site import Page, site_at


class Newsroom:
    """The running newsroom: `start`, turn its clock, `close`. Also a context manager.

    `requests` counts what was asked for since the start, as (path, status) pairs in order.
    """

    def __init__(self, newsroom: SampleNewsroom | None = None, *, port: int = 0) -> None:
        self._newsroom = newsroom or read_newsroom()
        self._clock = moment(0, "23:59")
        self._pages: dict[str, Page] = {}
        self.requests: list[tuple[str, int]] = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.newsroom = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def clock(self) -> datetime:
        """The moment that the newsroom shows."""
        return self._clock

    def start(self) -> str:
        """Begin to answer, at the end of day 0. Return the address."""
        self.set_clock(self._clock)
        self._thread.start()
        return self.url

    def set_clock(self, when: datetime) -> None:
        """Show the newsroom as it stands at that moment (aware)."""
        pages = site_at(when, newsroom=self._newsroom, base=self.url)
        self._clock, self._pages = when.astimezone(UTC), pages

    def page(self, path: str) -> Page | None:
        """Return what stands at a path now."""
        return self._pages.get(path)

    def close(self) -> None:
        """Stop answering and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    newsroom: Newsroom


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SampleNewsroom"
    sys_version = ""
    wbufsize = -1  # head and body leave together; apart, each answer waits 40 ms for an ACK
    server: _Server

    def do_GET(self) -> None:
        """Answer a path, with 304 where the caller's validator still holds."""
        newsroom = self.server.newsroom
        page = newsroom.page(urlsplit(self.path).path) or _NOT_FOUND
        fresh = page.status == 200 and _still_holds(
            page, self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        )
        status = HTTPStatus.NOT_MODIFIED if fresh else HTTPStatus(page.status)
        newsroom.requests.append((self.path, int(status)))
        self.send_response(status)
        if page.status == 200:
            self.send_header("ETag", page.etag)
            self.send_header("Last-Modified", _http_date(page.changed_at))
        for name, value in (page.headers or {}).items():
            self.send_header(name, value)
        if not fresh:
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if not fresh and self.command == "GET":
            self.wfile.write(page.body)

    do_HEAD = do_GET

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Date the answers by the newsroom's clock."""
        return _http_date(self.server.newsroom.clock)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the demo prints what it does itself."""


_NOT_FOUND = Page(
    body=b"<!doctype html><title>Not found</title><h1>Not found</h1>",
    content_type="text/html; charset=utf-8",
    changed_at=moment(0),
    status=404,
)


def _http_date(when: datetime) -> str:
    return format_datetime(when.astimezone(UTC), usegmt=True)


def _still_holds(page: Page, etag: str | None, since: str | None) -> bool:
    """Whether the caller's copy is current. An entity tag outranks a date (RFC 9110, 13.2.2)."""
    if etag is not None:
        return page.etag in {tag.strip().removeprefix("W/") for tag in etag.split(",")}
    if since is None:
        return False
    try:
        return page.changed_at <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
