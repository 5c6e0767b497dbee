"""The program's side of the workers: hand out tasks, watch the clock, replace what died.

Tasks of a batch are handed out in order, one to each worker. A task that takes longer than
`limits.quick` is stopped and begun again when all others have had their turn: fifty poisoned feeds
then delay the healthy ones by their first second, not by their last.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from monitor.core.values import ErrorCode, ParsedFeed, ReadEntry
from monitor.workers.jobs import (
    FindJob,
    ParseJob,
    ReadJob,
    Setup,
    Tasks,
    Unread,
    WorkerLimits,
)
from monitor.workers.processes import Job, Nursery, Task, Worker

if TYPE_CHECKING:
    from monitor.discover import Candidate

LOG = logging.getLogger("monitor.workers")

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
        self._idle: list[Worker] = []
        self._out = 0  # workers that a batch holds
        self._slow = 0  # of them, those that do a task for the second time, patiently
        self._has_rules = rule_source is not None
        self._nursery = Nursery(self._setup(rule_source))

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
        fresh = Nursery(self._setup(rule_source))
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

    def _run(self, jobs: Sequence[Job]) -> Iterator[tuple[Task, Any]]:
        waiting = deque(Task(number, job) for number, job in enumerate(jobs))
        running: dict[Connection, tuple[Worker, Task]] = {}
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
        self, waiting: deque[Task], running: dict[Connection, tuple[Worker, Task]]
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

    def _next(self, waiting: deque[Task]) -> Task | None:
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

    def _over(self, task: Task) -> None:
        if task.patient:
            with self._lock:
                self._slow -= 1

    def _ready(
        self, running: dict[Connection, tuple[Worker, Task]], *, starved: bool
    ) -> list[tuple[Worker, Task]]:
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

    def _result(self, worker: Worker, task: Task) -> Any:
        """Take a worker's answer, or find out why there is none, and give the worker back."""
        try:
            return worker.answer(task, self._limits)
        finally:
            self._over(task)
            self._give_back(worker)

    def _take(self) -> Worker | None:
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
        dead, self._nursery = self._nursery, Nursery(self._nursery.setup)
        dead.close()
        for worker in self._idle:
            worker.close()
        self._idle.clear()

    def _give_back(self, worker: Worker) -> None:
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

    def _retire(self, nursery: Nursery) -> None:
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
