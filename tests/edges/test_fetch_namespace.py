"""The guard against a real name server that lies, in a network of its own.

The resolver of the system is asked by the real fetcher; the name server is ours and answers as an
attacker's would. Needs a network namespace (Linux, and a machine that allows one).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# Runs inside the namespace. Port 80 of 127.0.0.2 is the forbidden listener; anything that connects
# to it is counted. Each name's answers are given in turn, the last of them for ever.
PROGRAM = r"""
import json, socket, struct, sys, threading, time
from monitor.core.values import Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed

ANSWERS = {
    "plain.test": [["127.0.0.2"]],
    "mixed.test": [["203.0.114.1", "127.0.0.2"]],
    "flip.test": [["127.0.0.1"], ["127.0.0.2"]],
    "good.test": [["127.0.0.1"]],
    "none.test": [[]],
}
asked = []

def serve_names(server):
    while True:
        query, client = server.recvfrom(1024)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        question = query[12 : at + 5]
        name, kind = ".".join(labels), struct.unpack(">H", query[at + 1 : at + 3])[0]
        known = ANSWERS.get(name)
        addresses = []
        if known is not None and kind == 1:
            asked.append(name)
            addresses = known.pop(0) if len(known) > 1 else known[0]
        flags = 0x8180 if known is not None else 0x8183
        head = query[:2] + struct.pack(">HHHHH", flags, 1, len(addresses), 0, 0)
        rows = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
            for address in addresses
        )
        server.sendto(head + question + rows, client)

def serve_pages(listener, hits):
    while True:
        connection, _ = listener.accept()
        hits.append(1)
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>")
        connection.close()

names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 53))
threading.Thread(target=serve_names, args=(names,), daemon=True).start()
allowed_hits, forbidden_hits = [], []
for address, hits in (("127.0.0.1", allowed_hits), ("127.0.0.2", forbidden_hits)):
    listener = socket.create_server((address, 80))
    threading.Thread(target=serve_pages, args=(listener, hits), daemon=True).start()

settings = FetchSettings(
    allowed=Allowed.read(["127.0.0.1:80"]), spacing=0, connect=5, retry_pause=0, robots=False
)
codes = {}
with HttpFetcher(settings) as fetcher:
    for label, url in (
        ("plain", "http://plain.test/"),
        ("mixed", "http://mixed.test/"),
        ("flip, first", "http://flip.test/"),
        ("flip, then", "http://flip.test/"),
        ("good", "http://good.test/"),
        ("none", "http://none.test/"),
        ("unknown", "http://unknown.test/"),
    ):
        [outcome] = fetcher.fetch_many([Request(url=url)])
        codes[label] = getattr(outcome, "code", "fetched")
print(json.dumps([codes, len(allowed_hits), len(forbidden_hits), asked.count("flip.test")]))
"""
INSIDE = 'ip link set lo up && mount --bind "$1" /etc/resolv.conf && exec "$2" -c "$3"'


def test_lying_name_server_reaches_nothing_inside() -> None:
    """Private, mixed and changing answers of a real name server never lead to a private address."""

    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None:
        pytest.skip("NOT TESTED: a network namespace needs the programs unshare and ip")
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as resolv:
        resolv.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        resolv.flush()
        ran = subprocess.run(
            [unshare, "-rnm", "sh", "-c", INSIDE, "sh", resolv.name, sys.executable, PROGRAM],
            capture_output=True,
            text=True,
            timeout=60,
            env={
                "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path]),
                "PATH": os.defpath + ":/sbin:/usr/sbin",
            },
        )
    if ran.returncode and "Traceback" not in ran.stderr:
        pytest.skip(f"NOT TESTED: no network namespace here ({ran.stderr.strip()[:100]})")
    codes, allowed_hits, forbidden_hits, look_ups = json.loads(ran.stdout or "null") or ran.stderr

    assert codes == {
        "plain": "private_address",
        "mixed": "private_address",
        "flip, first": "fetched",
        "flip, then": "private_address",
        "good": "fetched",
        "none": "dns_error",
        "unknown": "dns_error",
    }
    assert (allowed_hits, forbidden_hits, look_ups) == (2, 0, 2)
