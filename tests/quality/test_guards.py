"""No shipped rule may be dropped unseen: an example proves it, or a labelled text holds it."""

from __future__ import annotations

import json
from pathlib import Path

from rulebooks import RULES, shipped

from monitor.core.scoring import score
from monitor.core.values import ScoreInput
from monitor.rulegolden import read_golden

HERE = Path(__file__).parent
# What neither examples nor texts hold yet; the list may only grow shorter.
UNSEEN = {
    "feature-led-and-paid",
    "feature-of-koreans",
    "labour-trade-sanctioned-in-headline",
    "sanctions-and-return",
}


def test_each_shipped_rule_is_seen() -> None:
    """A rule that nothing holds could be broken by any edit, and nobody would know."""
    given = [one.given for one in read_golden(RULES)]
    for file in sorted(HERE.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            given.append(ScoreInput(title=item["title"], text=item["text"]))
    seen = {match.rule for one in given for match in score(one, shipped()).matches}
    unseen = {
        rule.id
        for rule in shipped().rules
        if not rule.profiles and rule.id not in seen and not rule.yes and not rule.no
    }
    assert unseen <= UNSEEN
