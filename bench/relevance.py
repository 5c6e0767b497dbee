"""How well the shipped rules decide: precision, recall, F1 and average precision by language.

Run: python bench/relevance.py FILE.jsonl [--misses] [--rules DIR] [--corpus DIR]

Each line of FILE holds title, text, lang and label: 3 the subject itself, 2 relevant, 1 a passing
mention, 0 no. Worth a digest are 2 and 3. The interval is a percentile bootstrap over items
(1,000 resamples, fixed seed), so it says how much the figure hangs on the items chosen.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from monitor.core.scoring import score  # noqa: E402
from monitor.core.values import Band, Score, ScoreInput  # noqa: E402
from monitor.rulefiles import compile_rules, read_rules  # noqa: E402

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled item with the score it got."""

    item: dict[str, object]
    score: Score

    @property
    def is_relevant(self) -> bool:
        return int(str(self.item["label"])) >= 2

    @property
    def is_told(self) -> bool:
        return self.score.decision.rank >= Band.DIGEST.rank

    @property
    def is_kept(self) -> bool:
        return self.score.decision is not Band.REJECT


def precision(items: Sequence[Judged]) -> float:
    told = [item for item in items if item.is_told]
    return sum(item.is_relevant for item in told) / len(told) if told else float("nan")


def recall(items: Sequence[Judged]) -> float:
    relevant = [item for item in items if item.is_relevant]
    return sum(item.is_told for item in relevant) / len(relevant) if relevant else float("nan")


def kept(items: Sequence[Judged]) -> float:
    relevant = [item for item in items if item.is_relevant]
    return sum(item.is_kept for item in relevant) / len(relevant) if relevant else float("nan")


def f1(items: Sequence[Judged]) -> float:
    hits = sum(item.is_told and item.is_relevant for item in items)
    told = sum(item.is_told for item in items)
    relevant = sum(item.is_relevant for item in items)
    return 2 * hits / (told + relevant) if told + relevant else float("nan")


def average_precision(items: Sequence[Judged]) -> float:
    """Mean of the precision at each relevant item, by raw score; ties stand in the worst order."""
    ranked = sorted(items, key=lambda item: (-item.score.raw, item.is_relevant))
    found, total = 0, 0.0
    for place, item in enumerate(ranked, start=1):
        if item.is_relevant:
            found += 1
            total += found / place
    return total / found if found else float("nan")


def interval(measure: Callable[[Sequence[Judged]], float], items: Sequence[Judged]) -> str:
    chance = random.Random(7)
    values = sorted(measure(chance.choices(items, k=len(items))) for _ in range(RESAMPLES))
    return f"{values[int(RESAMPLES * 0.025)]:.2f}-{values[int(RESAMPLES * 0.975)]:.2f}"


def main() -> None:
    """Score the file and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--rules", type=Path, default=ROOT / "rules")
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--misses", action="store_true")
    given = parser.parse_args()
    book = compile_rules(read_rules(given.rules, given.corpus))
    judged = []
    for line in given.file.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        judged.append(Judged(item, score(ScoreInput(title=item["title"], text=item["text"]), book)))
    print(f"{'':5} items  rel  prec   rec    F1  (95 %)        AP  at queue  queue+ of others")
    languages = sorted({str(item.item["lang"]) for item in judged})
    for name in ["all", *languages]:
        part = [item for item in judged if name in ("all", item.item["lang"])]
        relevant = sum(item.is_relevant for item in part)
        others = [item for item in part if not item.is_relevant]
        queued = sum(item.is_kept for item in others)
        print(
            f"{name:5} {len(part):5} {relevant:4} {precision(part):5.2f} {recall(part):5.2f} "
            f"{f1(part):5.2f}  ({interval(f1, part)}) {average_precision(part):5.2f} "
            f"{kept(part):9.2f}  {queued}/{len(others)}"
        )
    if given.misses:
        for one in judged:
            if one.is_told != one.is_relevant or (one.is_relevant and not one.is_kept):
                print_miss(one)


def print_miss(one: Judged) -> None:
    """Print an item that was decided wrongly, with the lines of its score."""
    lines = " ".join(
        f"{match.rule}{match.points:+d}" for match in one.score.matches if match.points
    )
    item = one.item
    print(
        f"\n[{item['label']} {item['lang']} {one.score.raw} {one.score.decision}] {item['title']}"
    )
    print(f"   {str(item['text'])[:160]!r}\n   {lines}  near miss: {one.score.near_miss}")


if __name__ == "__main__":
    main()
