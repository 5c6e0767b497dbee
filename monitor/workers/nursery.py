"""The process that workers are forked from: it imports and compiles everything once.

A worker that must be replaced is there in milliseconds, where a fresh interpreter would import for
a second and compile the rules again. It never sees a task. It ends when the program does (its
pipe closes), and its workers end with it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import sys
from multiprocessing import connection, reduction
from multiprocessing.connection import Connection

from monitor.workers.jobs import Setup, named
from monitor.workers.worker import Desk, work


def main(control_fd: int) -> None:
    """Serve one program. Messages in: a pickled Setup, then b"fork" with a descriptor behind it;
    out: ("ready",) or ("failed", text), then ("forked", pid) and ("ended", pid, status)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = Connection(control_fd)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        setup = control.recv()
        desk = _desk(setup)
    except Exception as error:  # the process border: the program raises it
        control.send(("failed", error if _travels(error) else RuntimeError(repr(error))))
        return
    gc.collect()
    gc.freeze()  # shared pages stay shared as long as nobody counts in them
    control.send(("ready",))
    with contextlib.suppress(EOFError, OSError):  # the program has ended
        while True:
            _serve(control, woken, wake, setup, desk)


def _desk(setup: Setup) -> Desk:
    tasks = setup.tasks
    rulebook = None
    if setup.rule_source is not None:
        rulebook = named(tasks.compile)(setup.rule_source)
    parse, find = named(tasks.parse), named(tasks.find)
    return Desk(parse, find, named(tasks.extract), named(tasks.score), rulebook)


def _travels(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever an exception class does when it is copied
        return False
    return True


def _serve(control: Connection, woken: int, wake: int, setup: Setup, desk: Desk) -> None:
    ready = connection.wait([control, woken])
    if woken in ready:
        with contextlib.suppress(BlockingIOError):
            os.read(woken, 4_096)
        _report_ended(control)
    if control not in ready:
        return
    control.recv_bytes()
    tasks_fd = reduction.recv_handle(control)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            control.close()
            os.close(woken)
            os.close(wake)
            work(Connection(tasks_fd), desk, setup.limits, parent=parent)
            status = 0
        finally:
            os._exit(status)
    os.close(tasks_fd)
    control.send(("forked", pid))


def _report_ended(control: Connection) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        control.send(("ended", pid, status))


if __name__ == "__main__":
    main(int(sys.argv[1]))
