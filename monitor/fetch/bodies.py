"""Decodes answer bodies within a bound: a bomb is found after one buffer, a cut body is an error.

httpx decodes a whole chunk before anyone can look (32 kB of zstd became 2 GB of memory), returns a
cut gzip body without a word and drops all but the first gzip member. So only gzip and deflate are
asked for, anything else is refused, and the decoding is done here.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Final

from monitor.core.values import ErrorCode
from monitor.fetch.settings import Trouble

ASKED_ENCODINGS: Final = "gzip, deflate"
_GZIP: Final = b"\x1f\x8b"
_GZIP_BITS: Final = 31  # zlib checks the member's CRC and length itself
_STEP: Final = 1 << 18
# Block-gzip files have a member every 64 kB; a body of empty members only costs time.
_MEMBERS: Final = 5_000


class Body:
    """Takes the raw pieces of one answer, gives its decoded bytes. Raises Trouble."""

    def __init__(self, encoding: str, *, limit: int) -> None:
        """`encoding` is the Content-Encoding header ('' when there is none)."""
        names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
        names = [name for name in names if name != "identity"]
        if len(names) > 1 or (names and names[0] not in ("gzip", "x-gzip", "deflate")):
            raise Trouble(
                ErrorCode.UNSUPPORTED_ENCODING, f"the answer is encoded as {', '.join(names)[:60]}"
            )
        self._declared = names[0].removeprefix("x-") if names else ""
        self._limit = limit
        self._out = BytesIO()
        self.size = 0
        self._head = b""  # the first bytes, until the format is known
        self._format = ""  # gzip, deflate or plain
        self._inflater: zlib._Decompress | None = None
        self._members = 0

    def feed(self, raw: bytes) -> None:
        """Take the next raw piece."""
        if not self._format:
            raw = self._head = self._head + raw
            if len(raw) < 2:
                return
            self._recognise(raw)
        if self._format == "plain":
            self._keep(raw)
        else:
            self._inflate(raw)

    def finish(self) -> bytes:
        """Return the decoded bytes after the last piece."""
        if not self._format:  # nothing, or a single byte
            if self._head and self._declared:
                raise Trouble(ErrorCode.DECODE_ERROR, f"the {self._declared} body is cut")
            return self._head
        if self._inflater is not None:
            raise Trouble(ErrorCode.DECODE_ERROR, f"the {self._format} body is cut")
        return self._out.getvalue()

    def _recognise(self, raw: bytes) -> None:
        if self._declared == "deflate":
            # RFC 9110 means the zlib format by "deflate"; some servers send the bare stream.
            wrapped = raw[0] & 0x0F == 8 and (raw[0] << 8 | raw[1]) % 31 == 0
            self._format = "deflate"
            self._inflater = zlib.decompressobj(15 if wrapped else -15)
        elif raw.startswith(_GZIP):  # also feed.xml.gz and servers that forget the header
            self._format = "gzip"
            self._inflater = zlib.decompressobj(_GZIP_BITS)
        elif self._declared:
            raise Trouble(ErrorCode.DECODE_ERROR, "the body is not gzip although it says so")
        else:
            self._format = "plain"

    def _inflate(self, raw: bytes) -> None:
        while raw:
            if self._inflater is None and not self._next_member(raw):
                return
            assert self._inflater is not None
            raw = self._step(self._inflater, raw)

    def _next_member(self, raw: bytes) -> bool:
        """Begin the member that `raw` starts with; what is no member is padding, and ignored."""
        if self._format != "gzip" or not raw.startswith(_GZIP[: len(raw)]):
            self._format = "padding"
            return False
        if self._members > _MEMBERS:
            raise Trouble(ErrorCode.DECODE_ERROR, "the gzip body has too many members")
        self._inflater = zlib.decompressobj(_GZIP_BITS)
        return True

    def _step(self, inflater: zlib._Decompress, raw: bytes) -> bytes:
        """Decode one bounded piece; return what is left of `raw`."""
        while True:
            try:
                piece = inflater.decompress(raw, _STEP)
            except zlib.error as error:
                raise Trouble(
                    ErrorCode.DECODE_ERROR, f"the {self._format} body is damaged: {error}"
                ) from None
            self._keep(piece)
            if inflater.eof:
                self._inflater = None
                self._members += 1
                return inflater.unused_data
            raw = inflater.unconsumed_tail
            if not raw and len(piece) < _STEP:
                return b""

    def _keep(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self._limit:
            raise Trouble(ErrorCode.TOO_LARGE, f"the answer is larger than {self._limit:,} bytes")
        self._out.write(piece)
