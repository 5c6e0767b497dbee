"""How fast `monitor poll` is, cold and warm, beside rss2email where that is installed.

Run from the checkout: `python bench/polling.py [--feeds 500] [--runs 5] [--site URL]`. The feeds
are served here on loopback, with ETag and 304, unless `--site` names a server that lists its feeds
at /urls.txt. Programs take turns within each run, so that a machine that slows down slows both;
medians and their ratio are printed. Neither fetches an article's page. Whole processes are timed,
start and end included.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

CHECKOUT = Path(__file__).resolve().parent.parent
ITEM = (
    "<item><title>Report {n} of feed {feed}</title><guid>{feed}-{n}</guid>"
    "<link>{site}/a/{feed}/{n}</link><description>{text}</description></item>"
)
TEXT = "Workers of a building company were seen at the railway station. " * 12


def main() -> None:
    """Poll everything new once and everything unchanged several times, with each program."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--feeds", type=int, default=500)
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--site")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, site_at(given.site) as site:
        with urllib.request.urlopen(f"{site}/urls.txt?n={given.feeds}") as answer:
            urls = answer.read().decode().split()
        programs = {"monitor": monitor(Path(folder), urls)}
        if shutil.which("r2e"):
            programs["rss2email"] = rss2email(Path(folder), urls)
        for phase, runs in (("cold", 1), ("warm", given.runs)):
            took: dict[str, list[float]] = {name: [] for name in programs}
            for _ in range(runs):
                for name, command in programs.items():
                    took[name].append(seconds(command, Path(folder)))
            for name, times in took.items():
                middle = statistics.median(times)
                spread = f"({min(times):.2f}-{max(times):.2f})"
                print(f"{phase:5}{name:10}{middle:7.2f} s {spread}, {len(urls) / middle:.0f}/s")
            if len(took) > 1:
                ratio = statistics.median(took["rss2email"]) / statistics.median(took["monitor"])
                print(f"{phase}: {ratio:.2f} times the speed of rss2email")


def seconds(command: list[str], home: Path) -> float:
    """Run a program to its end; return how long it took."""
    began = time.perf_counter()
    environment = {**os.environ, "HOME": str(home)}
    subprocess.run(command, env=environment, capture_output=True, check=True, cwd=CHECKOUT)
    return time.perf_counter() - began


def monitor(folder: Path, urls: list[str]) -> list[str]:
    """Prepare our own house; return the command that polls each feed once."""
    rows = "".join(f"  - id: f{n}\n    url: {url}\n" for n, url in enumerate(urls))
    (folder / "feeds.yaml").write_text(f"feeds:\n{rows}", encoding="utf-8")
    for name in ("rules", "corpus"):
        (folder / name).symlink_to(CHECKOUT / name)
    words = [sys.executable, "-m", "monitor", "poll", "--once", "--no-pages", "--spacing", "0"]
    for host in {urlsplit(url).netloc for url in urls}:
        words += ["--allow-private", host]
    return [*words, "--config", str(folder)]


def rss2email(folder: Path, urls: list[str]) -> list[str]:
    """Prepare rss2email; return the command that polls each feed once and mails nothing."""
    head = "[DEFAULT]\nfrom = a@localhost\nto = b@localhost\nemail-protocol = sendmail\n"
    rows = "".join(f"[feed.f{n}]\nurl = {url}\n" for n, url in enumerate(urls))
    (folder / "r2e.cfg").write_text(f"{head}sendmail = /bin/true\n{rows}", encoding="utf-8")
    return ["r2e", "-c", str(folder / "r2e.cfg"), "-d", str(folder / "r2e.json"), "run", "-n"]


class _Site(BaseHTTPRequestHandler):
    """Feeds of thirty entries that never change."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        site = f"http://{self.headers['Host']}"
        if self.path.startswith("/urls.txt"):
            count = int(self.path.partition("n=")[2] or 500)
            self._send("\n".join(f"{site}/f/{n}.xml" for n in range(count)).encode(), '"list"')
            return
        feed = self.path.removeprefix("/f/").removesuffix(".xml")
        if self.headers.get("If-None-Match") == f'"{feed}"':
            self.send_response(304)
            self.send_header("ETag", f'"{feed}"')
            self.end_headers()
            return
        items = "".join(ITEM.format(n=n, feed=feed, site=site, text=TEXT) for n in range(30))
        text = f"<rss version='2.0'><channel><title>Feed {feed}</title>{items}</channel></rss>"
        self._send(text.encode(), f'"{feed}"')

    def _send(self, body: bytes, etag: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def site_at(address: str | None) -> Iterator[str]:
    """Give the address of a site that is there, or of one that is served meanwhile."""
    if address is not None:
        yield address
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
