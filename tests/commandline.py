"""The command line in this process: a dozen interpreters would take most of a minute to start."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from click.testing import Result
from typer.testing import CliRunner

from monitor.cli import app

Monitor = Callable[..., Result]


@contextmanager
def commands() -> Iterator[Monitor]:
    """Give a function that runs one command; logging is put back as it was at the end."""
    root = logging.getLogger()
    before, level, config = root.handlers[:], root.level, structlog.get_config()
    runner = CliRunner()

    def run(*words: str) -> Result:
        done = runner.invoke(app, list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    try:
        yield run
    finally:
        logging.captureWarnings(False)
        root.handlers[:] = before
        root.setLevel(level)
        structlog.configure(**config)
