"""Brings a message into a chat: Slack, Telegram, Matrix, ntfy and whatever apprise knows.

The work is done by `alerts.chatting` in a process of its own that is ended after a minute; the
address, which is a secret, travels to it through a pipe and appears in no process list and no log.
Other people's words cannot call everybody in the room, nor become links or mark-up: each character
that the service gives a meaning is replaced by one that only looks like it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from alerts.payload import LINK, OURS
from monitor.core.channels import Channel
from monitor.core.telling import Delivery, DeliveryResult, Message

SECONDS = 60.0
BODY_LENGTH = 1_800  # Discord takes 2,000 characters, the others more
MISSING = "chats need the extra: pip install 'dispatch-watch[chat]'"

_SCRIPT = Path(__file__).with_name("chatting.py")
_LOOKS_LIKE = {
    "@": "＠", "<": "‹", ">": "›", "&": "＆", "`": "ˋ", "*": "∗", "_": "＿", "~": "∼", "|": "¦",
    "[": "(", "]": ")", "#": "＃", "\\": "＼",
}  # fmt: skip
_EVERY = "".join(_LOOKS_LIKE)
# What each service gives a meaning to; of one that is not listed we expect the worst.
_SPECIAL = {
    "slack": "@<>&`*_~|",
    "discord": "@<>`*_~|[]#\\",
    "tgram": "@<>&#`*_[]",
    "telegram": "@<>&#`*_[]",
    "matrix": "@<>&`*_~|[]#\\",
    "matrixs": "@<>&`*_~|[]#\\",
    "ntfy": "`*_[]<>",
    "ntfys": "`*_[]<>",
}


class ChatMailer:
    """The `Mailer` of chats."""

    def __init__(self, channels: Mapping[str, Channel], *, seconds: float = SECONDS) -> None:
        """`channels` by their address, `chat:NAME`; `seconds` for one message."""
        self._channels = channels
        self._seconds = seconds

    def deliver(self, message: Message) -> DeliveryResult:
        """Try once. Never raises for anything a service or the network does."""
        channel = self._channels.get(message.recipient)
        if channel is None:
            detail = f"{message.recipient} is not in the file of channels any more"
            return DeliveryResult(outcome=Delivery.NOT_CONFIGURED, detail=detail)
        title, body = written(json.loads(message.raw), service(channel.target))
        asked = json.dumps({"target": channel.target, "title": title, "body": body})
        try:
            done = subprocess.run(
                [sys.executable, "-P", str(_SCRIPT)],
                input=asked.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # apprise's words may hold the address
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            detail = f"no answer within {self._seconds:g} seconds"
            return DeliveryResult(outcome=Delivery.MAYBE, detail=detail)
        return _result(done.returncode, done.stdout)

    def close(self) -> None:
        """Nothing stays open."""


def service(target: str) -> str:
    """Return the service of an apprise address: what stands before `://`."""
    return target.partition("://")[0].lower()


def written(body: Mapping[str, object], name: str) -> tuple[str, str]:
    """Return title and text as they go to a service."""
    parts = body["parts"]
    assert isinstance(parts, Sequence)
    text = "".join(_part(kind, said, name) for kind, said in parts)
    if len(text) > BODY_LENGTH:
        text = text[: BODY_LENGTH - 1].rstrip() + "…"
    return harmless(str(body["title"]), name), text.strip()


def _part(kind: str, said: str, name: str) -> str:
    if kind == OURS:
        return said
    if kind == LINK:
        return "".join(f"%{ord(c):02X}" if c in "@<>`*|~[]\\" else c for c in said)
    return harmless(said, name)


def harmless(text: str, name: str) -> str:
    """Return other people's words without anything that the service would act on."""
    special = _SPECIAL.get(name, _EVERY)
    shown = text.replace("://", ":/ /")  # only our own links are links
    return "".join(_LOOKS_LIKE[c] if c in special else c for c in shown)


def _result(code: int, said: bytes) -> DeliveryResult:
    try:
        answer = json.loads(said)
        state, detail = str(answer["state"]), str(answer["detail"])
    except (ValueError, KeyError, TypeError):
        # It died on the way; whether the service has the message nobody knows.
        return DeliveryResult(outcome=Delivery.MAYBE, detail=f"the sender ended with {code}")
    if state == "sent":
        return DeliveryResult(outcome=Delivery.ACCEPTED)
    if state == "missing":
        return DeliveryResult(outcome=Delivery.NOT_CONFIGURED, detail=MISSING)
    outcome = Delivery.NOT_CONFIGURED if state == "unusable" else Delivery.RETRY
    return DeliveryResult(outcome=outcome, detail=detail)
