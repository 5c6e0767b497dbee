"""A task may loop, crash or fill the memory: it gets a typed answer, and its neighbours theirs."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core.values import (
    Entry,
    ErrorCode,
    Failed,
    Feed,
    Fetched,
    ParsedFeed,
    PendingEntry,
    ReadEntry,
    Request,
    TextState,
)
from monitor.discover import How
from monitor.workers import ParseJob, ReadJob, Tasks, Unread, WorkerLimits, Workers
from monitor.workers.processes import Careful

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FEED = Feed(id="f", url="http://example.org/feed", title="F")
TASKS = Tasks(
    parse="edges.worker_tasks:parse",
    extract="edges.worker_tasks:extract",
    compile="edges.worker_tasks:compile_rules",
    score="edges.worker_tasks:score",
)
LIMITS = WorkerLimits(quick=0.3, wall=1.0, cpu=5.0, memory=256 << 20, tasks=20)
Code = ErrorCode


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two workers with limits of a second."""
    with Workers(2, "rules", LIMITS, tasks=TASKS) as running:
        yield running


def parse_job(body: bytes) -> ParseJob:
    """Return a job whose body says what the worker should do."""
    return ParseJob(body=body, url=FEED.url, headers={}, feed=FEED, now=NOW)


def read_job(page: bytes | Failed | None, text: str = "the feed's text") -> ReadJob:
    """Return a job for an entry with a text of its own and a page that says what to do."""
    entry = Entry(guid="g", link="http://example.org/1", title="Title", summary=text)
    pending = PendingEntry(
        fate_key=1, entry_key=2, feed_key=3, feed=FEED, entry=entry, link=entry.link,
        is_backfill=False, is_revision=False, item_key=None, first_seen_at=NOW,
    )  # fmt: skip
    if isinstance(page, bytes):
        request = Request(url="http://example.org/1", kind="page")
        found = Fetched(
            request=request, url=request.url, status=200, headers={}, body=page, body_hash=""
        )
        return ReadJob(pending=pending, page=found, now=NOW)
    return ReadJob(pending=pending, page=page, now=NOW)


def title_of(result: ParsedFeed | Unread) -> str:
    """Return the title of the one entry of a result that must be a feed."""
    assert isinstance(result, ParsedFeed), result
    return result.entries[0].title


def pid_of(result: ParsedFeed | Unread) -> int:
    """Return the worker that made a result."""
    assert isinstance(result, ParsedFeed), result
    return int(result.entries[0].tags[0])


def is_alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# ---------------------------------------------------------------- tasks that fail


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (b"!regex", Code.PARSE_TIMEOUT),
        (b"!sleep 9", Code.PARSE_TIMEOUT),
        (b"!memory", Code.PARSE_MEMORY),
        (b"!deep", Code.PARSE_MEMORY),
        (b"!crash", Code.PARSE_CRASH),
        (b"!exit", Code.PARSE_CRASH),
        (b"!unparsable", Code.NOT_A_FEED),
        (b"!bug", Code.PARSE_ERROR),
    ],
)
def test_failing_task_has_its_code_and_harms_no_neighbour(
    workers: Workers, order: bytes, code: Code
) -> None:
    """Whatever a task does to its process, the tasks before and behind it are done."""
    jobs = [parse_job(body) for body in (b"a", b"b", order, b"c", b"d")]
    first, second, bad, third, fourth = workers.parse_many(jobs)

    assert [title_of(one) for one in (first, second, third, fourth)] == ["a", "b", "c", "d"]
    assert isinstance(bad, Unread)
    assert bad.code is code
    assert "\n" not in bad.detail


def test_processor_limit_stops_what_the_clock_does_not() -> None:
    """A task that burns its processor time is stopped by the kernel, with the same answer."""
    limits = WorkerLimits(quick=20.0, wall=20.0, cpu=0.5, memory=256 << 20)
    with Workers(1, limits=limits, tasks=TASKS) as workers:
        started = time.monotonic()
        [result] = workers.parse_many([parse_job(b"!regex")])

    assert isinstance(result, Unread)
    assert result.code is Code.PARSE_TIMEOUT
    assert time.monotonic() - started < 8


def test_crash_that_does_not_repeat_costs_nothing(workers: Workers, tmp_path: Path) -> None:
    """A task whose worker died is tried once more in a fresh one."""
    order = f"!crash-once {tmp_path / 'crashed'}".encode()
    [result] = workers.parse_many([parse_job(order)])

    assert title_of(result) == order.decode()


def test_worker_killed_from_outside_costs_one_retry(workers: Workers) -> None:
    """An idle worker that the system killed is replaced when it is next needed."""
    pid = pid_of(workers.parse_many([parse_job(b"a")])[0])
    os.kill(pid, signal.SIGKILL)
    results = workers.parse_many([parse_job(b"b")] * 6)

    assert [title_of(result) for result in results] == ["b"] * 6


def test_workers_come_back_after_the_process_that_forks_them_is_killed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """When the system kills the nursery (memory), its workers go with it, and all start anew."""
    with Workers(2, "rules", LIMITS, tasks=TASKS) as workers:
        results = workers.parse_many([parse_job(b"!sleep 0.05")] * 2)
        stat = Path(f"/proc/{pid_of(results[0])}/stat").read_text()
        os.kill(int(stat.rsplit(")", 1)[1].split()[1]), signal.SIGKILL)
        time.sleep(0.2)
        results = workers.parse_many([parse_job(b"b")] * 6)
        [read] = workers.read_many([read_job(b"text")])

    assert [title_of(result) for result in results] == ["b"] * 6
    assert isinstance(read, ReadEntry)
    assert "nursery_died" in caplog.text


def test_unforeseen_error_is_logged_with_its_place(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator sees one line, the log the whole traceback."""
    [result] = workers.parse_many([parse_job(b"!bug")])

    assert isinstance(result, Unread)
    assert result.detail == "the parser gave up (KeyError)"
    assert "worker_tasks.py" in caplog.text


def test_unparsable_document_is_no_error_in_the_log(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    """A document that is no feed is an outcome, not an event for the log."""
    [result] = workers.parse_many([parse_job(b"!unparsable")])

    assert isinstance(result, Unread)
    assert result.detail == "this is a page"
    assert caplog.text == ""


# ---------------------------------------------------------------- order and fairness


def test_results_stand_in_the_order_of_jobs(workers: Workers) -> None:
    """However long each takes, the n-th result belongs to the n-th job."""
    bodies = [b"!sleep 0.05" if n % 7 == 0 else b"%d" % n for n in range(60)]
    results = workers.parse_many([parse_job(body) for body in bodies])

    assert [title_of(result).encode() for result in results] == bodies


def test_poisoned_feeds_come_last(workers: Workers) -> None:
    """Healthy feeds behind poisoned ones wait for the quick turn of these, not for their end."""
    jobs = [parse_job(b"!regex")] * 3 + [parse_job(b"a")] * 30
    done = [position for position, _ in workers.parse_each(jobs)]

    assert sorted(done) == list(range(33))
    assert set(done[:30]) == set(range(3, 33))


def test_workers_are_used_again_and_then_replaced(workers: Workers) -> None:
    """A process serves many tasks, but not for ever: parsers leak."""
    pids = [pid_of(result) for result in workers.parse_many([parse_job(b"x")] * 100)]

    assert 5 <= len(set(pids)) <= 12
    assert max(pids.count(pid) for pid in pids) <= LIMITS.tasks


def test_several_threads_share_the_workers(workers: Workers) -> None:
    """Batches of different threads do not mix up their results, nor wait for each other's end."""
    results: dict[str, list[str]] = {}

    def run(name: str) -> None:
        jobs = [parse_job(f"{name}{n}".encode()) for n in range(50)]
        results[name] = [title_of(result) for result in workers.parse_many(jobs)]

    threads = [threading.Thread(target=run, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == {name: [f"{name}{n}" for n in range(50)] for name in "abc"}


def test_listener_that_stops_frees_the_workers() -> None:
    """Leaving the loop in the middle kills what runs and leaves the pool usable."""
    limits = WorkerLimits(quick=60.0, wall=60.0)
    with Workers(2, limits=limits, tasks=TASKS) as workers:
        results = workers.parse_each([parse_job(b"a"), *[parse_job(b"!sleep 40")] * 2])
        next(results)
        results.close()  # type: ignore[attr-defined]
        started = time.monotonic()
        [result] = workers.parse_many([parse_job(b"b")])

    assert title_of(result) == "b"
    assert time.monotonic() - started < 8


def test_empty_batch(workers: Workers) -> None:
    """Nothing asked, nothing answered."""
    assert workers.parse_many([]) == []


# ---------------------------------------------------------------- reading


def test_read_job_returns_article_and_score(workers: Workers) -> None:
    """The page's text is scored with the rules that were given, and belongs to its entry."""
    [result] = workers.read_many([read_job("рабочие из Северной Кореи".encode())])

    assert isinstance(result, ReadEntry)
    assert result.article.text == "рабочие из Северной Кореи"
    assert result.score.version.startswith("rules@")
    assert (result.pending.fate_key, result.lang) == (1, "ru")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (b"!regex", Code.PARSE_TIMEOUT),
        (b"!crash", Code.PARSE_CRASH),
        (b"!memory", Code.PARSE_MEMORY),
        (b"!bug", Code.PARSE_ERROR),
    ],
)
def test_page_that_cannot_be_read_costs_the_page_only(
    workers: Workers, order: bytes, code: Code
) -> None:
    """The entry is scored on the feed's own text, and says what became of its page."""
    [result] = workers.read_many([read_job(order)])

    assert isinstance(result, ReadEntry)
    assert result.article.text == "the feed's text"
    assert (result.article.state, result.article.error) == (TextState.FETCH_FAILED, code)


def test_entry_whose_own_text_is_poisoned_is_unread(workers: Workers) -> None:
    """When the feed's text cannot be read either, the caller is told, and told why."""
    [result] = workers.read_many([read_job(b"!crash", text="!crash")])

    assert isinstance(result, Unread)
    assert result.code is Code.PARSE_CRASH


def test_page_that_was_not_fetched_is_passed_on(workers: Workers) -> None:
    """A failed fetch and a feed without pages reach the reader as they are."""
    request = Request(url="http://example.org/1", kind="page")
    failed = Failed(request=request, code=Code.NOT_FOUND)
    without, gone = workers.read_many([read_job(None), read_job(failed)])

    assert isinstance(without, ReadEntry)
    assert isinstance(gone, ReadEntry)
    assert (without.article.state, without.article.error) == (TextState.FEED, None)
    assert gone.article.error is Code.NOT_FOUND


# ---------------------------------------------------------------- rules


def test_rules_are_compiled_once_and_not_in_a_worker(workers: Workers) -> None:
    """Replacing a worker does not compile the rules again."""
    results = workers.read_many([read_job(b"text")] * 60)
    versions = {result.score.version for result in results if isinstance(result, ReadEntry)}

    assert len(versions) == 1


def test_rules_can_be_changed_while_running() -> None:
    """From the next task on the new rules count; a batch under way is finished, not lost."""
    with Workers(2, "old", LIMITS, tasks=TASKS) as workers:
        under_way = workers.read_each([read_job(b"!sleep 0.2") for _ in range(6)])
        first = next(under_way)[1]
        workers.use("new")
        rest = [result for _, result in under_way]
        [after] = workers.read_many([read_job(b"text")])
        used = [
            result.score.version.split("@")[0] if isinstance(result, ReadEntry) else result
            for result in (first, *rest, after)
        ]

    assert used[0] == "old"
    assert used[-1] == "new"
    assert set(used) == {"old", "new"}
    assert len(used) == 7


def test_rules_that_do_not_compile_change_nothing() -> None:
    """The error reaches whoever changed the rules, and scoring goes on with the old ones."""
    with Workers(1, "good", LIMITS, tasks=TASKS) as workers:
        with pytest.raises(ValueError, match="these rules are broken"):
            workers.use("broken")
        [result] = workers.read_many([read_job(b"text")])

    assert isinstance(result, ReadEntry)
    assert result.score.version.startswith("good@")


def test_rules_that_do_not_compile_at_the_start_are_an_error() -> None:
    """Without rules there is nothing to go on with: the start fails, and leaves no process."""
    with pytest.raises(ValueError, match="these rules are broken"):
        Workers(1, "broken", LIMITS, tasks=TASKS)


def test_workers_without_rules_do_not_score() -> None:
    """Asking workers without rules for a score is a mistake of the program, and said so."""
    with Workers(1, tasks=TASKS) as workers, pytest.raises(ValueError, match="no rules"):
        workers.read_many([read_job(None)])


# ---------------------------------------------------------------- processes


def test_close_ends_every_process() -> None:
    """After closing, which may be done twice, no worker is left."""
    workers = Workers(2, limits=LIMITS, tasks=TASKS)
    pids = {pid_of(result) for result in workers.parse_many([parse_job(b"!sleep 0.05")] * 4)}
    workers.close()
    workers.close()
    until = time.monotonic() + 3
    while any(is_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)

    assert [pid for pid in pids if is_alive(pid)] == []


PROGRAM = """
import sys, threading, time
from datetime import datetime, UTC
from monitor.core.values import Feed
from monitor.workers import *
tasks = Tasks(parse="edges.worker_tasks:parse", extract="edges.worker_tasks:extract",
              compile="edges.worker_tasks:compile_rules", score="edges.worker_tasks:score")
feed = Feed(id="f", url="http://example.org/", title="F")
now = datetime.now(UTC)
job = lambda body: ParseJob(body=body, url="http://x/", headers={}, feed=feed, now=now)
workers = Workers(2, limits=WorkerLimits(quick=60, wall=60, cpu=60), tasks=tasks)
for result in workers.parse_many([job(b"!sleep 0.1"), job(b"!sleep 0.1")]):
    print(result.entries[0].tags[0], flush=True)
"""


def run_program(more: str) -> tuple[subprocess.Popen[str], list[int]]:
    """Start a program with two workers; return it and the workers' numbers."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + more],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    assert program.stdout is not None
    return program, [int(program.stdout.readline()) for _ in range(2)]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is asked on Linux only")
def test_workers_do_not_outlive_a_killed_program() -> None:
    """Even a worker in the middle of an endless task ends when the program is killed."""
    program, pids = run_program("workers.parse_many([job(b'!regex'), job(b'!regex')])")
    time.sleep(0.3)
    program.kill()
    program.communicate()
    until = time.monotonic() + 3
    while any(is_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)

    assert [pid for pid in pids if is_alive(pid)] == []


def test_interrupt_is_for_the_program_alone() -> None:
    """^C in the terminal reaches the whole group; workers go on until the program tells them."""
    program, _ = run_program(
        """
try:
    print("waiting", flush=True)
    time.sleep(10)
except KeyboardInterrupt:
    [result] = workers.parse_many([job(b"still here")])
    print(result.entries[0].title, flush=True)
workers.close()
"""
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "waiting\n"
    os.killpg(program.pid, signal.SIGINT)

    assert program.communicate(timeout=10)[0].strip() == "still here"
    assert program.returncode == 0


def test_worker_sees_no_secrets(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads hostile bytes has none of the program's environment."""
    monkeypatch.setenv("MONITOR_SMTP_PASSWORD", "canary")
    [result] = workers.parse_many([parse_job(b"!secrets")])

    assert isinstance(result, Unread)
    assert result.detail.split() == ["LANG", "PYTHONPATH"]


@pytest.mark.parametrize("thing", [os.system, subprocess.Popen, eval])
def test_answers_of_workers_build_no_foreign_things(thing: object) -> None:
    """A worker that was taken over cannot make the program call anything."""
    with pytest.raises(pickle.UnpicklingError, match="a worker answered with"):
        Careful(io.BytesIO(pickle.dumps(thing))).load()


def test_many_tasks_cost_little(workers: Workers) -> None:
    """Handing out a task costs a fraction of what parsing the smallest feed does."""
    jobs = [parse_job(b"x" * 50_000)] * 400
    started = time.monotonic()
    workers.parse_many(jobs)

    assert (time.monotonic() - started) / len(jobs) < 0.02


def test_slow_tasks_of_other_batches_leave_a_worker_to_quick_ones() -> None:
    """Poisoned feeds in many batches at once do not stop the parsing of a healthy one."""
    limits = WorkerLimits(quick=0.2, wall=4.0, cpu=30.0)
    with Workers(2, limits=limits, tasks=TASKS) as workers:
        stuck = [
            threading.Thread(
                target=lambda: workers.parse_many([parse_job(b"!sleep 1.5")]), daemon=True
            )
            for _ in range(3)
        ]
        for thread in stuck:
            thread.start()
        time.sleep(1.0)  # all have had their quick turn

        began = time.monotonic()
        (parsed,) = workers.parse_many([parse_job(b"fine")])
        took = time.monotonic() - began

        assert isinstance(parsed, ParsedFeed)
        assert took < 1.0
        for thread in stuck:
            thread.join()


def test_a_page_is_searched_for_feeds_in_a_worker() -> None:
    """Candidates come as from `monitor.discover` itself; one that kills the parser gives none."""
    page = b"<link rel=alternate type='application/rss+xml' href='/f.xml' title='News'>"
    with Workers(1) as real:
        (first, *_) = real.find_feeds(page, "https://a.example/")
    with Workers(1, limits=LIMITS, tasks=replace(TASKS, find="edges.worker_tasks:find")) as fake:
        none = fake.find_feeds(b"!crash", "https://a.example/")
        after = fake.find_feeds(b"", "https://a.example/")

    assert (first.url, first.how, first.title) == ("https://a.example/f.xml", How.DECLARED, "News")
    assert none == []
    assert after == []
