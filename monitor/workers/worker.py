"""What a worker does: wait for a task, do it within the limits, answer. One task at a time."""

from __future__ import annotations

import ctypes
import io
import logging
import math
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

from monitor.core.languages import language_of
from monitor.core.values import ErrorCode, ScoreInput
from monitor.workers.jobs import FindJob, ParseJob, ReadJob, Unread, WorkerLimits

LAST: Final = 0  # first byte of an answer: the worker ends after it
MORE: Final = 1
_PR_SET_PDEATHSIG: Final = 1


class Desk:
    """The functions that a worker runs, ready before it was born."""

    def __init__(
        self,
        parse: Callable[..., Any],
        find: Callable[..., Any],
        extract: Callable[..., Any],
        score: Callable[..., Any],
        rulebook: object | None,
    ) -> None:
        self._parse = parse
        self._find = find
        self._extract = extract
        self._score = score
        self._rulebook = rulebook

    def do(self, job: object) -> object:
        """Return the result of one job: a ParsedFeed; an article, its score and language; feeds."""
        if isinstance(job, ParseJob):
            return self._parse(
                job.body, url=job.url, headers=job.headers, feed=job.feed, now=job.now
            )
        if isinstance(job, ReadJob):
            return self._read(job)
        if isinstance(job, FindJob):
            # Plain texts: the other side builds nothing that a hostile page could choose.
            return [(one.url, one.how.value, one.title) for one in self._find(job.page, job.url)]
        raise TypeError(f"no such job: {type(job).__name__}")

    def _read(self, job: ReadJob) -> object:
        pending = job.pending
        feed = pending.feed
        article = self._extract(
            job.page, feed=feed, entry=pending.entry, link=pending.link, now=job.now
        )
        lang = language_of(f"{article.title}\n{article.text}", article.lang or feed.lang)
        given = ScoreInput(
            title=article.title,
            text=article.text,
            lang=lang,
            feed=feed.id,
            tags=feed.tags,
            weight=feed.weight,
            # As a stored item is scored again later: the same date, or none of them.
            on=pending.entry.published_at or article.published_at or pending.first_seen_at,
        )
        return article, self._score(given, self._rulebook), lang


def work(tasks: Connection, desk: Desk, limits: WorkerLimits, *, parent: int) -> None:
    """Do tasks until the other side closes, a limit is reached or enough were done."""
    _settle(parent)
    _bound_memory(limits.memory)
    logging.disable(logging.CRITICAL)  # libraries complain about pages; the answer says it all
    for count in range(1, limits.tasks + 1):
        try:
            job = pickle.loads(tasks.recv_bytes())
        except (EOFError, OSError):
            return
        _bound_processor(limits.cpu)
        result, spent = _done(desk, job)
        last = spent or count == limits.tasks
        try:
            tasks.send_bytes(bytes([LAST if last else MORE]) + result)
        except OSError:  # nobody waits any more
            return
        if last:
            return


def _done(desk: Desk, job: object) -> tuple[bytes, bool]:
    """Do one job; return the pickled answer, and whether the worker should not be used again."""
    try:
        return pickle.dumps(desk.do(job), pickle.HIGHEST_PROTOCOL), False
    except (MemoryError, RecursionError) as error:
        answer = Unread(
            code=ErrorCode.PARSE_MEMORY, detail=f"it needs too much ({type(error).__name__})"
        )
        return pickle.dumps(answer), True
    except Exception as error:  # the process border: parsers raise anything
        return pickle.dumps(_unread(error)), False


def _unread(error: Exception) -> Unread:
    code = getattr(error, "code", None)
    if isinstance(code, ErrorCode):  # what parse_feed raises for a document it cannot read
        return Unread(code=code, detail=str(getattr(error, "detail", error))[:500])
    trace = io.StringIO()
    traceback.print_exception(error, limit=-12, file=trace)
    return Unread(
        code=ErrorCode.PARSE_ERROR,
        detail=f"the parser gave up ({type(error).__name__})",
        trace=trace.getvalue()[-4_000:],
    )


def _settle(parent: int) -> None:
    """Leave ^C to the program, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)


def _bound_memory(most: int) -> None:
    with open("/proc/self/statm", encoding="ascii") as statm:
        occupied = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (occupied + most, occupied + most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _bound_processor(seconds: float) -> None:
    """The kernel ends this process (SIGXCPU) when the task has used its time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
