"""Reads untrusted bytes in processes that may be killed, so that one bad page harms nobody else.

One author element of 32 kB keeps a regular expression busy for seconds and the whole interpreter
with it; some pages crash the HTML parser. Neither a thread nor a try block helps against that. So
each task runs alone in a worker process with limits on time and memory; a worker that exceeds them
is killed, its task gets a typed answer, and another worker takes its place within milliseconds.

`jobs` (what is asked and answered), `pool` and `processes` (the side of the program), `nursery` (a
small process that has imported everything once and forks workers), `worker` (what a worker does).

Not multiprocessing's pools: a killed worker breaks ProcessPoolExecutor for all, and both re-import
the program's main module in each child. A worker sees no environment variables (secrets) of ours,
and what it answers is unpickled with an allow-list.
"""

from __future__ import annotations

from monitor.workers.jobs import ParseJob, ReadJob, Tasks, Unread, WorkerLimits
from monitor.workers.pool import Workers

__all__ = ["ParseJob", "ReadJob", "Tasks", "Unread", "WorkerLimits", "Workers"]
