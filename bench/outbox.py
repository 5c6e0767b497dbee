"""The long kill loop of the outbox: 200 kills over 400 mails against a misbehaving mail server.

    .venv/bin/python bench/outbox.py [--mails 400] [--kills 200] [--seed 1] [--share 0.2]

Prints what was lost, how many copies came too many and how many were allowed; exit 1 when the
promise did not hold. Only the loopback address is used.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HOUSE / "tests"), str(HOUSE)]


def main() -> int:
    """Run the loop and print its report."""
    from killing import kill_loop

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=400)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.2, help="of answers that are faults")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = kill_loop(
            f"sqlite:///{folder}/monitor.db",
            mails=given.mails,
            kills=given.kills,
            seed=given.seed,
            share=given.share,
        )
    print(f"{report.mails} mails, {report.kills} kills, {report.attempts} attempts")
    print(f"lost: {len(report.lost)}; copies that differ: {len(report.differing)}")
    print(
        f"extra copies: {report.extra}; allowed: {report.unanswered} broken answers"
        f" + {report.kills} kills; most copies of one mail: {report.most_copies}"
    )
    print(f"attempts without an answer, as the outbox counts them: {report.killed_in_doubt}")
    print(f"{report.seconds:.0f} s; the promise {'held' if report.holds else 'DID NOT HOLD'}")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
