"""Log lines have one shape, whoever wrote them, and carry no secret, no escape and no locals."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import structlog

from monitor.logs import configure_logs, escaped

Styles = Literal["text", "json"]
BOTH: list[Styles] = ["text", "json"]


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> Iterator[Callable[..., list[str]]]:
    """Return a function that configures logs, runs something, and returns the lines written."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, structlog.get_config(), warnings.showwarning)

    def run(act: Callable[[], Any], style: Styles = "json", **more: Any) -> list[str]:
        stream = io.StringIO()
        configure_logs(style=style, secrets=["hunter2-secret"], stream=stream, **more)
        act()
        return stream.getvalue().splitlines()

    yield run
    logging.captureWarnings(False)
    root.handlers[:], config = before[0], before[2]
    root.setLevel(before[1])
    structlog.configure(**config)


def fail() -> None:
    """Raise, with a secret in a local variable and a forged line in the message."""
    password = "local-canary"
    raise ValueError(f"first line\n2026-01-01 [info] forged {len(password)}")


def log_failure() -> None:
    """Log an exception the usual way."""
    try:
        fail()
    except ValueError:
        structlog.get_logger("monitor.test").exception("feed.failed", feed="a")


def test_our_lines_and_those_of_libraries_have_one_shape(lines: Any) -> None:
    """Time, level, event, logger come first; fields bound to the work at hand are on both."""

    def act() -> None:
        with structlog.contextvars.bound_contextvars(feed="rfa-ko"):
            structlog.get_logger("monitor.poll").info("feed.polled", status=304)
            logging.getLogger("some.library").warning("third %s", "party")

    ours, theirs = (json.loads(line) for line in lines(act))

    assert list(ours) == ["timestamp", "level", "event", "logger", "status", "feed"]
    assert (ours["level"], ours["event"], ours["status"]) == ("info", "feed.polled", 304)
    assert list(theirs) == ["timestamp", "level", "event", "logger", "feed"]
    assert (theirs["event"], theirs["feed"]) == ("third party", "rfa-ko")
    assert ours["timestamp"].endswith("Z")


@pytest.mark.parametrize("style", BOTH)
def test_a_hostile_title_stays_in_its_line(lines: Any, style: Styles) -> None:
    """Line breaks, terminal escapes and direction marks come out as escapes, in keys too."""
    hostile = "a\r\n2026 forged \x1b[31m\u2028\u202e\x9b\x00\ud800"

    found = lines(
        lambda: structlog.get_logger().info("feed.polled", title=hostile, **{"k\n": [hostile]}),
        style,
    )

    assert len(found) == 1
    assert not any(ord(character) < 32 or character in "\u2028\u202e\x9b" for character in found[0])
    assert "forged" in found[0]


@pytest.mark.parametrize("style", BOTH)
def test_secrets_are_masked_wherever_they_stand(lines: Any, style: Styles) -> None:
    """Known secrets, passwords in addresses and fields named like secrets never get out."""

    def act() -> None:
        log = structlog.get_logger()
        log.info("x hunter2-secret", url="https://me:canary-url@host/", smtp_password="canary-key")
        log.info("y", deep={"headers": {"Authorization": "canary-deep", "n": ["hunter2-secret"]}})
        logging.getLogger("lib").error("z %s", "hunter2-secret")
        try:
            raise ValueError("hunter2-secret")
        except ValueError:
            log.exception("failed")

    text = "\n".join(lines(act, style))

    assert "hunter2" not in text
    assert "canary" not in text
    assert text.count("********") >= 6


@pytest.mark.parametrize("style", BOTH)
def test_a_traceback_tells_where_but_no_local_variables(lines: Any, style: Styles) -> None:
    """The place and the message are there; values of variables are not."""
    text = "\n".join(lines(log_failure, style))

    assert "test_logs.py" in text
    assert "ValueError" in text
    assert "local-canary" not in text


def test_no_line_of_a_traceback_can_pass_for_a_line_of_the_log(lines: Any) -> None:
    """In text every line of a traceback is indented."""
    first, *rest = lines(log_failure, "text")

    assert "feed.failed" in first
    assert all(line.startswith("    ") for line in rest)
    assert any("forged" in line for line in rest)


def test_an_enormous_field_is_cut(lines: Any) -> None:
    """A log is no place for an article; the length is told."""
    (line,) = lines(lambda: structlog.get_logger().info("x", body="a" * 1_000_000))

    assert len(line) < 11_000
    assert "(1000000 characters)" in line


def test_the_level_holds_for_everyone_and_talkative_libraries_are_quiet(lines: Any) -> None:
    """Debug lines need asking for, and a line for each request of a library never comes."""

    def act() -> None:
        structlog.get_logger("monitor").debug("no")
        logging.getLogger("httpx").info("no")
        logging.getLogger("apscheduler.scheduler").info("no")
        logging.getLogger("httpx").warning("yes")

    assert [json.loads(line)["event"] for line in lines(act)] == ["yes"]
    assert len(lines(act, level="debug")) == 2


def test_warnings_of_python_become_lines(lines: Any) -> None:
    """A deprecation in a library is a line in the same shape, not text between the lines."""

    def act() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            # Asked twice it would do nothing, and pytest may have put its own hook there since.
            logging.captureWarnings(False)
            logging.captureWarnings(True)
            warnings.warn("old", stacklevel=1)

    (line,) = lines(act)

    assert json.loads(line)["logger"] == "py.warnings"


def test_a_logger_made_before_obeys_the_new_configuration(lines: Any) -> None:
    """Modules make their loggers on import, before the command line was read."""
    early = structlog.get_logger("monitor.early")
    lines(lambda: early.info("first"), "text")

    (line,) = lines(lambda: early.info("second"), "json")

    assert json.loads(line)["event"] == "second"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain 북한 朝鮮", "plain 북한 朝鮮"),
        ("a\tb", "a\\x09b"),
        ("\u202e", "\\u202e"),
        ("\x85", "\\x85"),
    ],
)
def test_only_what_cannot_be_seen_is_escaped(text: str, expected: str) -> None:
    """Letters of every script stay readable."""
    assert escaped(text) == expected
