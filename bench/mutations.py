"""Which shipped rules could be dropped unnoticed: each is taken out, and the labelled texts look.

Run: python bench/mutations.py

A rule is guarded when an example of its own proves it, or when some labelled text of tests/quality
or rules/golden gets another band without it. The others are printed with how many texts hold them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from monitor.core.rules import RuleSource  # noqa: E402
from monitor.core.scoring import score  # noqa: E402
from monitor.core.values import ScoreInput  # noqa: E402
from monitor.rulefiles import compile_rules, read_rules  # noqa: E402
from monitor.rulegolden import read_golden  # noqa: E402


def texts() -> list[ScoreInput]:
    """Return every labelled text."""
    found = [one.given for one in read_golden(ROOT / "rules")]
    for file in sorted((ROOT / "tests" / "quality").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            found.append(ScoreInput(title=item["title"], text=item["text"]))
    return found


def without(source: RuleSource, rule: str) -> RuleSource:
    """Return the rules without one of them, and without profiles, which cost time."""
    kept = tuple(replace(one, profiles=()) for one in source.rules.rules if one.id != rule)
    return replace(source, rules=replace(source.rules, rules=kept, profiles=()))


def main() -> None:
    """Print what nothing guards."""
    source = read_rules(ROOT / "rules", ROOT / "corpus")
    rules = tuple(one for one in source.rules.rules if not one.profiles)
    source = replace(source, rules=replace(source.rules, rules=rules, profiles=()))
    book = compile_rules(source)
    before = [(given, score(given, book)) for given in texts()]
    unguarded = []
    for rule in rules:
        holding = [
            (given, was)
            for given, was in before
            if any(match.rule == rule.id for match in was.matches)
        ]
        changed = False
        if holding:
            mutant = compile_rules(without(source, rule.id))
            changed = any(
                score(given, mutant).decision is not was.decision for given, was in holding
            )
        if not changed and not rule.yes and not rule.no:
            unguarded.append((len(holding), rule.id))
    print(f"{len(rules)} rules, {len(unguarded)} of them unguarded (texts that hold them):")
    for count, name in sorted(unguarded):
        print(f"{count:4}  {name}")


if __name__ == "__main__":
    main()
