"""At least once, at most one more copy for each lost answer, whatever dies when."""

from __future__ import annotations

from killing import kill_loop


def test_killed_senders_lose_nothing_and_copies_are_the_same(sqlite_url: str) -> None:
    """Senders killed with SIGKILL amid a misbehaving server: every mail arrives, byte for byte.

    The long form, 200 kills over 400 mails, is `python bench/outbox.py`.
    """
    report = kill_loop(sqlite_url, mails=20, kills=6)

    assert report.kills >= 3
    assert report.lost == []
    assert report.differing == []
    assert report.extra <= report.unanswered + report.kills
