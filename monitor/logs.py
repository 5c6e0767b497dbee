"""Log lines: events with fields, on stderr, as text for people or JSON for programs.

Our own lines come from structlog (`structlog.get_logger(__name__).info("feed.polled", feed=...)`),
those of libraries from `logging`; both leave in the same shape. What feeds, pages and servers said
ends up in fields, so no line may carry a raw control character (a forged line, a terminal escape),
a secret, or the local variables of a traceback.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

if TYPE_CHECKING:
    from structlog.types import EventDict, Processor, WrappedLogger

MASK: Final = "********"
MAX_TEXT: Final = 10_000  # characters of one field; a log is no place for an article

# C0 and C1 controls, line separators, and the marks that turn the direction of what follows.
_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SECRET_KEY: Final = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api_?key|session_?id", re.IGNORECASE
)
_URL_PASSWORD: Final = re.compile(r"(://[^\s/@:]*):[^\s/@]+@")
# These write a line for every request or job run, which our own events tell better.
_TALKATIVE: Final = (
    "alembic",
    "apscheduler",
    "asyncio",
    "htmldate",
    "httpcore",
    "httpx",
    "pymorphy3",
    "trafilatura",
    "uvicorn",
)


def configure_logs(
    level: str = "info",
    *,
    style: Literal["text", "json"] = "text",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every log line of this process to stderr (or `stream`) in one shape.

    May be called again; the last call counts. `secrets` are texts that are masked wherever they
    appear. Each process calls it for itself.
    """
    import structlog
    from structlog.tracebacks import ExceptionDictTransformer

    clean = _Cleaner(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    tail: list[Processor]
    if style == "json":
        tail = [
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            clean,
            structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False),
        ]
    else:
        tail = [
            structlog.processors.format_exc_info,
            clean,
            structlog.dev.ConsoleRenderer(colors=False, sort_keys=False),
        ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _hush(root.level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a second call must reach loggers made before it
    )


def configure_logs_late(
    level: str = "info",
    *,
    style: Literal["text", "json"] = "text",
    secrets: Iterable[str] = (),
) -> None:
    """Do what `configure_logs` does when the first line is written: for commands that write none.

    Only where nothing logs through structlog itself; importing it takes as long as fifty polls.
    """
    if level == "debug":  # then there are lines at once, and libraries have theirs
        configure_logs(level, style=style, secrets=secrets)
        return
    root = logging.getLogger()
    root.handlers[:] = [_Late(level, style, tuple(secrets))]
    root.setLevel(level.upper())
    _hush(root.level)


def _hush(level: int) -> None:
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, level))
    logging.captureWarnings(True)


class _Late(logging.Handler):
    """Takes the first line, and makes way for the real handler."""

    def __init__(
        self, level: str, style: Literal["text", "json"], secrets: tuple[str, ...]
    ) -> None:
        super().__init__()
        self._level, self._style, self._secrets = level, style, secrets

    def emit(self, record: logging.LogRecord) -> None:
        """Configure the logs, and have them write this line."""
        configure_logs(self._level, style=self._style, secrets=self._secrets)
        logging.getLogger().handle(record)


def escaped(text: str) -> str:
    """Return `text` with every character that cannot be seen written as its escape."""
    return _UNSEEN.sub(lambda found: _escape(found.group()), text)


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


class _Cleaner:
    """The last step before a line is written: masks secrets, escapes what cannot be seen."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first, so that a secret which contains another is masked whole. Very short ones
        # would mask half of every line and hide nothing.
        known = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        lines = event.pop("exception", None)
        first = {
            key: event[key] for key in ("timestamp", "level", "event", "logger") if key in event
        }
        ordered = first | dict(event)
        cleaned = {
            escaped(str(key)): self._value(str(key), value) for key, value in ordered.items()
        }
        if isinstance(lines, str):
            # Indented, so that no line of a message can pass for a line of the log.
            cleaned["exception"] = "\n".join(
                f"    {self._text(line)}" for line in lines.split("\n")
            )
        elif lines is not None:
            cleaned["exception"] = self._value("", lines)
        return cleaned

    def _value(self, key: str, value: Any) -> Any:
        if _SECRET_KEY.search(key) and value not in (None, "", False, True):
            return MASK
        if isinstance(value, Mapping):
            return {
                escaped(str(name)): self._value(str(name), part) for name, part in value.items()
            }
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._value("", part) for part in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self._text(str(value))

    def _text(self, text: str) -> str:
        masked = self._secrets.sub(MASK, text) if self._secrets else text
        masked = _URL_PASSWORD.sub(rf"\1:{MASK}@", masked)
        if len(masked) > MAX_TEXT:
            masked = f"{masked[:MAX_TEXT]}... ({len(masked)} characters)"
        return escaped(masked)
