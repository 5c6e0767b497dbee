"""A small mail host for tests: enough IMAP4rev1 (RFC 3501) over TLS for reading a mailbox.

It keeps mails in memory, notes every command, and refuses all that would change something: what a
test then sees in `commands` is what was asked. It can be told to misbehave.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class ImapHost:
    """The mailbox and its ways."""

    user: str = "watch"
    password: str = "a pass word"
    uid_validity: int = 1
    mails: dict[int, bytes] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    port: int = 0
    hangs_at: str = ""  # a command that is never answered
    lies_about_size: bool = False
    drops_at: str = ""  # a command at which the connection ends

    def put(self, *raws: bytes) -> None:
        """Let mails arrive."""
        for raw in raws:
            self.mails[max(self.mails, default=0) + 1] = raw

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it leaves."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            writer.write(b"* OK ready\r\n")
            while line := await reader.readline():
                tag, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
                verb = rest.upper().removeprefix("UID ").partition(" ")[0]
                shown = re.sub(r"(?i)^(LOGIN) .*", r"\1", rest)
                self.commands.append(shown)
                if verb == self.drops_at:
                    break
                if verb == self.hangs_at:
                    await asyncio.sleep(60)
                writer.write(self._answer(tag, verb, rest))
                await writer.drain()
                if verb == "LOGOUT":
                    break
        writer.close()

    def _answer(self, tag: str, verb: str, rest: str) -> bytes:
        ok = f"{tag} OK done\r\n".encode()
        if verb == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n" + ok
        if verb == "LOGIN":
            right = rest == f'LOGIN {self.user} "{self.password}"'
            return ok if right else f"{tag} NO wrong: {rest}\r\n".encode()
        if verb == "EXAMINE":
            head = f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.uid_validity}] here\r\n"
            return head.encode() + f"{tag} OK [READ-ONLY] done\r\n".encode()
        if verb == "SEARCH":
            return f"* SEARCH {' '.join(map(str, self._found(rest)))}\r\n".encode() + ok
        if verb == "FETCH":
            return self._mail(int(rest.split()[2])) + ok
        if verb == "LOGOUT":
            return b"* BYE bye\r\n" + ok
        return f"{tag} BAD {verb} changes something, or is unknown here\r\n".encode()

    def _found(self, rest: str) -> list[int]:
        uids = sorted(self.mails)
        if asked := re.search(r"UID (\d+):\*", rest):
            first = int(asked[1])
            # As real servers do: `N:*` names the last mail even when N is beyond it.
            return [one for one in uids if one >= first] or uids[-1:]
        if asked := re.search(r'HEADER Message-ID "([^"]+)"', rest):
            return [uid for uid in uids if asked[1].encode() in self.mails[uid]]
        return uids

    def _mail(self, uid: int) -> bytes:
        raw = self.mails.get(uid)
        if raw is None:
            return b""
        size = 4_000_000_000 if self.lies_about_size else len(raw)
        head = f"* 1 FETCH (UID {uid} BODY[]<0> {{{size}}}\r\n".encode()
        return head + raw + b")\r\n"


@contextlib.contextmanager
def imap_host(certificate: tuple[Path, Path], host: ImapHost) -> Iterator[ImapHost]:
    """Run a host on the loopback address for the length of a block."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    loop = asyncio.new_event_loop()
    started = threading.Event()
    ending = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(host.serve, "127.0.0.1", 0, ssl=context)
        host.port = server.sockets[0].getsockname()[1]
        started.set()
        await ending.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield host
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(5)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
