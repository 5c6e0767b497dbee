"""The program's side of the workers: hand out tasks, watch the clock, replace what died.

Tasks of a batch are handed out in order, one to each worker. A task that takes longer than
`limits.quick` is stopped and begun again when all others have had their turn: fifty poisoned feeds
then delay the healthy ones by their first second, not by their last.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pipe, connection, reduction
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from monitor.core.values import ErrorCode, Failed, Fetched, ParsedFeed, ReadEntry
from monitor.workers.jobs import (
    FindJob,
    ParseJob,
    ReadJob,
    Setup,
    Tasks,
    Unread,
    WorkerLimits,
)
from monitor.workers.worker import LAST

if TYPE_CHECKING:
    from monitor.discover import Candidate

LOG = logging.getLogger("monitor.workers")

_Job = ParseJob | ReadJob | FindJob

_START: Final = 60.0  # seconds for imports and for compiling the rules, on a busy machine
_STATUS: Final = 5.0  # seconds for the nursery to say how a worker ended
_REMEMBERED: Final = 1_000  # ends that nobody asked about
_ANSWER: Final = 64 << 20  # bytes of one answer
_LOOK: Final = 0.05  # seconds between looks for a worker that another batch holds


class Workers:
    """A few supervised processes. Safe to use from several threads; close it when done."""

    def __init__(
        self,
        count: int,
        rule_source: object | None = None,
        limits: WorkerLimits | None = None,
        *,
        tasks: Tasks | None = None,
    ) -> None:
        """`rule_source` is what `tasks.compile` takes; without it only feeds can be parsed.

        Raises what compiling the rules raises.
        """
        self._count = max(count, 1)
        self._limits = limits or WorkerLimits()
        self._tasks = tasks or Tasks()
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._out = 0  # workers that a batch holds
        self._slow = 0  # of them, those that do a task for the second time, patiently
        self._has_rules = rule_source is not None
        self._nursery = _Nursery(self._setup(rule_source))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def use(self, rule_source: object) -> None:
        """Score with other rules from the next task on. Raises, changing nothing, if they fail."""
        fresh = _Nursery(self._setup(rule_source))
        with self._lock:
            old, self._nursery = self._nursery, fresh
            idle, self._idle = self._idle, []
            old.retired = self._has_rules = True
        for worker in idle:
            worker.close()
        self._retire(old)

    def parse_many(self, jobs: Sequence[ParseJob]) -> list[ParsedFeed | Unread]:
        """Parse feed documents; one result for each job, in the order of jobs."""
        results: dict[int, ParsedFeed | Unread] = dict(self.parse_each(jobs))
        return [results[number] for number in range(len(jobs))]

    def parse_each(self, jobs: Sequence[ParseJob]) -> Iterator[tuple[int, ParsedFeed | Unread]]:
        """Parse feed documents; yield (position in `jobs`, result) as they are done."""
        for task, result in self._run(jobs):
            yield task.number, result if isinstance(result, ParsedFeed) else _as_unread(result)

    def find_feeds(self, page: bytes, url: str) -> list[Candidate]:
        """Return where a page says or suggests that feeds are; none when no worker survives it."""
        from monitor.discover import Candidate, How

        for _, result in self._run([FindJob(page=page, url=url)]):
            if isinstance(result, list):
                return [Candidate(url=at, how=How(how), title=title) for at, how, title in result]
        return []

    def read_many(self, jobs: Sequence[ReadJob]) -> list[ReadEntry | Unread]:
        """Read and score entries; one result for each job, in the order of jobs."""
        results: dict[int, ReadEntry | Unread] = dict(self.read_each(jobs))
        return [results[number] for number in range(len(jobs))]

    def read_each(self, jobs: Sequence[ReadJob]) -> Iterator[tuple[int, ReadEntry | Unread]]:
        """Read and score entries; yield (position in `jobs`, result) as they are done.

        A page that cannot be read costs the page only: the feed's own text is scored instead, and
        the article's `error` says why.
        """
        if not self._has_rules:
            raise ValueError("these workers were given no rules to score with")
        for task, result in self._run(jobs):
            if isinstance(result, tuple):
                article, score, lang = result
                pending = jobs[task.number].pending
                yield (
                    task.number,
                    ReadEntry(pending=pending, article=article, score=score, lang=lang),
                )
            else:
                yield task.number, _as_unread(result)

    def close(self) -> None:
        """End all workers. May be called twice."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._nursery.retired = True
        for worker in idle:
            worker.close()
        self._nursery.close()

    # ---------------------------------------------------------------- one batch

    def _run(self, jobs: Sequence[_Job]) -> Iterator[tuple[_Task, Any]]:
        waiting = deque(_Task(number, job) for number, job in enumerate(jobs))
        running: dict[Connection, tuple[_Worker, _Task]] = {}
        try:
            while waiting or running:
                starved = self._hand_out(waiting, running)
                for worker, task in self._ready(running, starved=starved):
                    result = self._result(worker, task)
                    again = task.after(result)
                    if again is not None:
                        waiting.append(again)
                    else:
                        if isinstance(result, Unread) and result.trace:
                            LOG.error("worker.unforeseen %s", result.trace)
                        yield task, result
        finally:  # the caller may have stopped listening
            for worker, task in running.values():
                worker.kill()
                self._over(task)
                self._give_back(worker)

    def _hand_out(
        self, waiting: deque[_Task], running: dict[Connection, tuple[_Worker, _Task]]
    ) -> bool:
        """Give waiting tasks to free workers; return whether one waits for another batch."""
        while waiting:
            task = self._next(waiting)
            if task is None:
                return True
            try:
                worker = self._take()
            except BaseException:
                self._over(task)
                raise
            if worker is None:
                self._over(task)
                waiting.appendleft(task)
                return True
            running[worker.pipe] = (worker, task)
            worker.begin(task, self._limits)
        return False

    def _next(self, waiting: deque[_Task]) -> _Task | None:
        """Take the next task out; None when slow ones alone wait, and enough of them run.

        One worker is left to quick tasks, so that slow ones of all batches never hold them all.
        """
        with self._lock:
            for _ in range(len(waiting)):
                task = waiting.popleft()
                if not task.patient:
                    return task
                if self._slow < max(self._count - 1, 1):
                    self._slow += 1
                    return task
                waiting.append(task)
        return None

    def _over(self, task: _Task) -> None:
        if task.patient:
            with self._lock:
                self._slow -= 1

    def _ready(
        self, running: dict[Connection, tuple[_Worker, _Task]], *, starved: bool
    ) -> list[tuple[_Worker, _Task]]:
        """Wait for the next answer or deadline; return the workers that are done with it."""
        if not running:
            time.sleep(_LOOK)
            return []
        nearest = min(worker.deadline for worker, _ in running.values()) - time.monotonic()
        patience = max(nearest, 0.0)
        if starved and len(running) < self._count:
            patience = min(patience, _LOOK)
        answered = connection.wait(list(running), patience)
        now = time.monotonic()
        done = [
            pipe
            for pipe, (worker, _) in running.items()
            if pipe in answered or worker.deadline <= now
        ]
        return [running.pop(pipe) for pipe in done]

    def _result(self, worker: _Worker, task: _Task) -> Any:
        """Take a worker's answer, or find out why there is none, and give the worker back."""
        try:
            return worker.answer(task, self._limits)
        finally:
            self._over(task)
            self._give_back(worker)

    def _take(self) -> _Worker | None:
        """Return a free worker, a fresh one when none is idle; None while all are held."""
        with self._lock:
            if self._out >= self._count:
                return None
            if not self._nursery.is_alive and not self._nursery.retired:
                self._revive()
            nursery = self._nursery
            self._out += 1
            nursery.out += 1
            while self._idle:
                worker = self._idle.pop()
                if not worker.has_died:
                    return worker
                worker.close()
        try:
            return nursery.fork()
        except BaseException:
            with self._lock:
                self._out -= 1
                nursery.out -= 1
            raise

    def _revive(self) -> None:
        """Start another nursery in place of one that died (the system kills when memory is short);
        its workers died with it."""
        LOG.error("worker.nursery_died")
        dead, self._nursery = self._nursery, _Nursery(self._nursery.setup)
        dead.close()
        for worker in self._idle:
            worker.close()
        self._idle.clear()

    def _give_back(self, worker: _Worker) -> None:
        nursery = worker.nursery
        with self._lock:
            self._out -= 1
            nursery.out -= 1
            keep = worker.usable and nursery is self._nursery and not nursery.retired
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.close()
        self._retire(nursery)

    def _retire(self, nursery: _Nursery) -> None:
        """End a nursery whose rules are no longer used, once its last worker is back."""
        with self._lock:
            over = nursery.retired and nursery.out == 0
        if over:
            nursery.close()

    def _setup(self, rule_source: object | None) -> Setup:
        return Setup(
            tasks=self._tasks, limits=self._limits, rule_source=rule_source, path=tuple(sys.path)
        )


def _as_unread(result: object) -> Unread:
    if isinstance(result, Unread):
        return result
    return Unread(code=ErrorCode.PARSE_CRASH, detail=f"a worker answered {type(result).__name__}")


@dataclass(frozen=True, slots=True)
class _Task:
    """One job of a batch, and what was tried already."""

    number: int
    job: _Job
    patient: bool = False  # it had its quick turn
    crashes: int = 0

    def after(self, result: object) -> _Task | None:
        """Return what to try next, None when the result stands."""
        if result is _TOO_SLOW:
            return replace(self, patient=True)
        if not isinstance(result, Unread):
            return None
        if result.code is ErrorCode.PARSE_CRASH and self.crashes == 0:
            return replace(self, crashes=1)
        if isinstance(self.job, ReadJob) and isinstance(self.job.page, Fetched):
            failed = Failed(request=self.job.page.request, code=result.code, detail=result.detail)
            return _Task(self.number, replace(self.job, page=failed))
        return None


_TOO_SLOW: Final = object()


class _Worker:
    """One process: begins a task, then answers it or is killed."""

    def __init__(self, pid: int, pipe: Connection, nursery: _Nursery) -> None:
        self._pid = pid
        self.pipe = pipe
        self.nursery = nursery
        self.deadline = 0.0
        self.usable = True
        self._broken = False

    @property
    def has_died(self) -> bool:
        """Tell of an idle worker whether its end of the pipe is closed: it never speaks first."""
        return self.pipe.poll()

    def begin(self, task: _Task, limits: WorkerLimits) -> None:
        """Send a task. A worker that died in the meantime is noticed when it should answer."""
        patience = limits.wall if task.patient else min(limits.quick, limits.wall)
        self.deadline = time.monotonic() + patience
        try:
            self.pipe.send_bytes(pickle.dumps(task.job, pickle.HIGHEST_PROTOCOL))
        except OSError:
            self._broken = True

    def answer(self, task: _Task, limits: WorkerLimits) -> Any:
        """Return the task's result, an Unread, or _TOO_SLOW for a first turn that took too long."""
        try:
            if self._broken:
                raise EOFError
            if not self.pipe.poll():
                return self._late(task, limits)
            raw = self.pipe.recv_bytes(_ANSWER)
        except (EOFError, OSError):
            self.usable = False
            return self._death()
        self.usable = raw[0] != LAST
        return _Careful(io.BytesIO(raw[1:])).load()

    def _late(self, task: _Task, limits: WorkerLimits) -> Any:
        self.kill()
        if not task.patient and limits.quick < limits.wall:
            return _TOO_SLOW
        return Unread(code=ErrorCode.PARSE_TIMEOUT, detail=f"stopped after {limits.wall:g} seconds")

    def _death(self) -> Unread:
        status = self.nursery.status(self._pid)
        number = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
        if number == signal.SIGXCPU:
            return Unread(
                code=ErrorCode.PARSE_TIMEOUT, detail="stopped: it used too much processor time"
            )
        # SIGKILL is the system's when memory is short; it need not have been this task's fault.
        name = signal.Signals(number).name if number is not None else f"status {status}"
        return Unread(code=ErrorCode.PARSE_CRASH, detail=f"the worker died ({name})")

    def kill(self) -> None:
        """End the process at once."""
        self.usable = False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        """Let the process end: it does when its pipe closes."""
        self.pipe.close()


class _Careful(pickle.Unpickler):
    """Builds the values of this program only: a worker has read hostile bytes."""

    _MODULES = frozenset({"monitor.core.values", "monitor.workers.jobs", "datetime"})

    def find_class(self, module: str, name: str) -> Any:
        """Look a class up, or refuse."""
        if module in self._MODULES and "." not in name:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a worker answered with {module}.{name}")


class _Nursery:
    """The process that forks workers; see `monitor.workers.nursery`."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._control, theirs = Pipe()
        self._lock = threading.Lock()
        self._ended: dict[int, int] = {}
        self.out = 0  # workers that a batch holds
        self.retired = False  # its rules are no longer used
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",  # not the working directory: it may hold a package of our name
                "-c",
                "import sys; from monitor.workers.nursery import main; main(int(sys.argv[1]))",
                str(theirs.fileno()),
            ],
            pass_fds=[theirs.fileno()],
            env={"PYTHONPATH": os.pathsep.join(setup.path), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # ^C in the terminal is the program's business
        )
        theirs.close()
        try:
            self._control.send(setup)
            said = self._said("ready", "failed", within=_START)
            if said[0] == "failed":
                raise said[1]
        except BaseException:
            self.close()
            raise

    @property
    def is_alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process.poll() is None

    def fork(self) -> _Worker:
        """Return a fresh worker."""
        mine, theirs = Pipe()
        try:
            with self._lock:
                if len(self._ended) > _REMEMBERED:
                    self._ended.clear()
                self._control.send_bytes(b"fork")
                reduction.send_handle(self._control, theirs.fileno(), self._process.pid)
                pid = self._said("forked", within=_START)[1]
        except BaseException:
            mine.close()
            raise
        finally:
            theirs.close()
        return _Worker(pid, mine, self)

    def status(self, pid: int) -> int | None:
        """Return how a worker ended (as `os.waitpid` says it), None when nobody knows."""
        until = time.monotonic() + _STATUS
        with self._lock:
            while pid not in self._ended and (left := until - time.monotonic()) > 0:
                try:
                    self._said("ended", within=left)
                except (OSError, EOFError, TimeoutError):
                    return None
            return self._ended.pop(pid, None)

    def _said(self, *kinds: str, within: float) -> tuple[Any, ...]:
        """Return the next message of these kinds, noting all ends on the way."""
        until = time.monotonic() + within
        while True:
            if not self._control.poll(max(until - time.monotonic(), 0.0)):
                raise TimeoutError("the process that starts workers does not answer")
            message: tuple[Any, ...] = self._control.recv()
            if message[0] == "ended":
                self._ended[message[1]] = message[2]
            if message[0] in kinds:
                return message

    def close(self) -> None:
        """End the process: its workers end with their pipes."""
        self._control.close()
        try:
            self._process.wait(_STATUS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
