"""The worker processes as the program sees them: begun, asked, answered or killed.

Knows one process at a time and nothing of batches. What a worker answers is unpickled with an
allow-list, because it has read hostile bytes.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from multiprocessing import Pipe, reduction
from multiprocessing.connection import Connection
from typing import Any, Final

from monitor.core.values import ErrorCode, Failed, Fetched
from monitor.workers.jobs import FindJob, ParseJob, ReadJob, Setup, Unread, WorkerLimits
from monitor.workers.worker import LAST

Job = ParseJob | ReadJob | FindJob

_START: Final = 60.0  # seconds for imports and for compiling the rules, on a busy machine
_STATUS: Final = 5.0  # seconds for the nursery to say how a worker ended
_REMEMBERED: Final = 1_000  # ends that nobody asked about
_ANSWER: Final = 64 << 20  # bytes of one answer


@dataclass(frozen=True, slots=True)
class Task:
    """One job of a batch, and what was tried already."""

    number: int
    job: Job
    patient: bool = False  # it had its quick turn
    crashes: int = 0

    def after(self, result: object) -> Task | None:
        """Return what to try next, None when the result stands."""
        if result is TOO_SLOW:
            return replace(self, patient=True)
        if not isinstance(result, Unread):
            return None
        if result.code is ErrorCode.PARSE_CRASH and self.crashes == 0:
            return replace(self, crashes=1)
        if isinstance(self.job, ReadJob) and isinstance(self.job.page, Fetched):
            failed = Failed(request=self.job.page.request, code=result.code, detail=result.detail)
            return Task(self.number, replace(self.job, page=failed))
        return None


TOO_SLOW: Final = object()


class Worker:
    """One process: begins a task, then answers it or is killed."""

    def __init__(self, pid: int, pipe: Connection, nursery: Nursery) -> None:
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

    def begin(self, task: Task, limits: WorkerLimits) -> None:
        """Send a task. A worker that died in the meantime is noticed when it should answer."""
        patience = limits.wall if task.patient else min(limits.quick, limits.wall)
        self.deadline = time.monotonic() + patience
        try:
            self.pipe.send_bytes(pickle.dumps(task.job, pickle.HIGHEST_PROTOCOL))
        except OSError:
            self._broken = True

    def answer(self, task: Task, limits: WorkerLimits) -> Any:
        """Return the task's result, an Unread, or TOO_SLOW for a first turn that took too long."""
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
        return Careful(io.BytesIO(raw[1:])).load()

    def _late(self, task: Task, limits: WorkerLimits) -> Any:
        self.kill()
        if not task.patient and limits.quick < limits.wall:
            return TOO_SLOW
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


class Careful(pickle.Unpickler):
    """Builds the values of this program only: a worker has read hostile bytes."""

    _MODULES = frozenset({"monitor.core.values", "monitor.workers.jobs", "datetime"})

    def find_class(self, module: str, name: str) -> Any:
        """Look a class up, or refuse."""
        if module in self._MODULES and "." not in name:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a worker answered with {module}.{name}")


class Nursery:
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

    def fork(self) -> Worker:
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
        return Worker(pid, mine, self)

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
