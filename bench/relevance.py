"""How well the shipped rules decide: precision, recall, F1 and average precision by language.

Run: python bench/relevance.py FILE.jsonl... [--misses] [--newsroom] [--rules DIR] [--corpus DIR]

Each line of FILE holds title, text, lang and label: 3 the subject itself, 2 relevant, 1 a passing
mention, 0 no. Worth a digest are 2 and 3. The interval is a percentile bootstrap over items
(1,000 resamples, fixed seed): it says how much the figure hangs on the items chosen. Below stands
how the scores spread within each band, because a score that is always 100 tells nothing; with
`--newsroom` for the full texts of the sample newsroom as well.
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

from monitor.core.rulebook import Rulebook  # noqa: E402
from monitor.core.scoring import score  # noqa: E402
from monitor.core.values import Band, Score, ScoreInput  # noqa: E402
from monitor.newsroom import Relevance, read_newsroom  # noqa: E402
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


def print_spread(name: str, items: Sequence[Judged]) -> None:
    """Print for relevant items and others how the scores lie in each band, and how many are cut."""
    for what, wanted in (("relevant", True), ("other", False)):
        part = [item for item in items if item.is_relevant is wanted]
        capped = sum(item.score.raw > 100 for item in part)
        print(f"\n{name}, {what}: {len(part)} items, {capped} would have more than 100")
        for band in reversed(Band):
            scores = sorted(item.score.score for item in part if item.score.decision is band)
            if scores:
                last = len(scores) - 1
                marks = " ".join(f"{scores[last * place // 4]:4}" for place in range(5))
                print(f"  {band.value:7} {len(scores):4}  least, quartiles, most: {marks}")


def newsroom(book: Rulebook) -> list[Judged]:
    """Return the sample newsroom's articles as written, judged by the newsroom's own labels."""
    labels = {Relevance.YES: 3, Relevance.NEAR: 1, Relevance.NO: 0}
    found = []
    for outlet in read_newsroom().outlets:
        for article in outlet.articles:
            title, text = article.title, "\n\n".join(article.paragraphs)
            item: dict[str, object] = {"title": title, "text": text, "lang": outlet.lang}
            item["label"] = labels[article.relevant]
            found.append(Judged(item, score(ScoreInput(title=title, text=text), book)))
    return found


def read(path: Path, book: Rulebook) -> list[Judged]:
    """Return the labelled items of a file with their scores."""
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Judged(item, score(ScoreInput(title=item["title"], text=item["text"]), book))
        for item in items
    ]


def main() -> None:
    """Score the files and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rules", type=Path, default=ROOT / "rules")
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--newsroom", action="store_true")
    given = parser.parse_args()
    book = compile_rules(read_rules(given.rules, given.corpus))
    judged = [one for path in given.files for one in read(path, book)]
    print_table(judged)
    print_spread("files", judged)
    if given.newsroom:
        print_spread("newsroom", newsroom(book))
    if given.misses:
        for one in judged:
            if one.is_told != one.is_relevant or (one.is_relevant and not one.is_kept):
                print_miss(one)


def print_table(judged: Sequence[Judged]) -> None:
    """Print how well the items were decided, in all and by language."""
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
