"""How much memory the main process takes with 5,000 feeds: after a cold round and a warm one.

Run from the checkout: `python bench/memory.py [--feeds 5000]`. The feeds are served on loopback by
another process. Prints the resident memory that /proc tells (VmRSS, and VmHWM for the most there
ever was) of the process that polls; its workers are processes of their own. Promised: 200 MB.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PROMISED = 200  # MB
SITE = """
import sys
sys.path.insert(0, "bench")
from http.server import ThreadingHTTPServer
from polling import _Site
server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
print(server.server_port, flush=True)
server.serve_forever()
"""
HOUSE = """
import sys
from monitor.app import open_watch
from monitor.logs import configure_logs
from monitor.settings import load_settings
configure_logs("error")
settings = load_settings({"config": sys.argv[1], "allow_private": sys.argv[2]}, environ={})
def memory(when):
    lines = [one for one in open("/proc/self/status") if one.startswith(("VmRSS", "VmHWM"))]
    print(when, *(one.split()[1] for one in reversed(lines)), flush=True)
with open_watch(settings, spacing=0.0) as watch:
    watch.sync_feeds()
    watch.workers
    memory("started")
    for when in ("cold", "warm"):
        report = watch.pipeline.poll(watch.enabled(), pages=False)
        print(dict(report.outcomes), report.entries, file=sys.stderr)
        memory(when)
"""


def main() -> None:
    """Poll many feeds twice in a process of its own; exit 1 when it grew beyond the promise."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--feeds", type=int, default=5_000)
    count = asked.parse_args().feeds
    words = [sys.executable, "-c", SITE]
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as site,
    ):
        assert site.stdout is not None
        place = f"127.0.0.1:{site.stdout.readline().strip()}"
        folder = Path(name)
        rows = (f"  - id: f{n}\n    url: http://{place}/f/{n}.xml\n" for n in range(count))
        (folder / "feeds.yaml").write_text("feeds:\n" + "".join(rows), encoding="utf-8")
        for part in ("rules", "corpus"):
            (folder / part).symlink_to(CHECKOUT / part)
        words = [sys.executable, "-c", HOUSE, name, place]
        said = subprocess.run(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
        site.terminate()
    most = 0
    for line in said.stdout.splitlines():
        if found := re.fullmatch(r"(\w+) (\d+) (\d+)", line):
            now, peak = int(found[2]) // 1024, int(found[3]) // 1024
            most = max(most, peak)
            print(f"{found[1]:8} {now:4} MB now, {peak:4} MB at most")
    sys.exit(most > PROMISED)


if __name__ == "__main__":
    main()
