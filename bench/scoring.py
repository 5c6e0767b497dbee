"""What scoring costs: milliseconds for a 6 kB article at 300 and 10,000 terms, and the start of a rulebook.

Run: python bench/scoring.py

The articles are ours, built from sentences of the labelled texts under tests/quality, about 6 kB of
UTF-8 each, in five languages; a third of them speak of the subject. Best of five rounds. The shipped
rules are cut or padded with invented words until the lexicon holds the number of terms.
"""

from __future__ import annotations

import json
import pickle
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from monitor.core.rules import Entity, RuleSource  # noqa: E402
from monitor.core.scoring import score  # noqa: E402
from monitor.core.values import ScoreInput  # noqa: E402
from monitor.rulefiles import compile_rules, read_rules  # noqa: E402

SIZE = 6000  # bytes
ARTICLES = 60
ROUNDS = 5


def articles() -> list[ScoreInput]:
    """Return articles of about 6 kB in five languages."""
    chance = random.Random(11)
    made = []
    for file in sorted((ROOT / "tests" / "quality").glob("??.jsonl")):
        items = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for _ in range(ARTICLES // 5):
            relevant = chance.random() < 1 / 3
            pool = [item for item in items if (item["label"] >= 2) == relevant and item["text"]]
            text = ""
            while len(text.encode()) < SIZE:
                text += chance.choice(pool)["text"] + f" {chance.randrange(10**6)}.\n\n"
            made.append(ScoreInput(title=chance.choice(pool)["title"], text=text))
    return made


def with_terms(source: RuleSource, count: int) -> RuleSource:
    """Return the rules with about `count` terms: some left out, or invented ones added."""
    entities = source.rules.entities
    total = sum(len(entity.terms) for entity in entities)
    if count < total:
        share = count / total
        entities = tuple(
            replace(entity, terms=entity.terms[: max(1, round(len(entity.terms) * share))])
            if entity.terms
            else entity
            for entity in entities
        )
    else:
        chance = random.Random(5)
        letters = {"en": "abcdefghijklmnoprstuvw", "ru": "абвгдежзиклмнопрстуф", "ko": "가나다라마바사아자차카타파하거너"}
        padding = []
        for index in range(count - total):
            code = ("en", "ru", "ko")[index % 3]
            word = "".join(chance.choice(letters[code]) for _ in range(chance.randrange(4, 12)))
            padding.append((code, word))
        extra = Entity(id="padding", label="padding", terms=tuple(padding))
        entities = (*entities, extra)
    rules = replace(source.rules, entities=entities, rules=tuple(replace(rule, yes=(), no=()) for rule in source.rules.rules))
    return replace(source, rules=rules)


def best(task: object, rounds: int = ROUNDS) -> float:
    """Return the shortest run in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        task()  # type: ignore[operator]
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print the table."""
    start = time.perf_counter()
    source = read_rules(ROOT / "rules", ROOT / "corpus")
    read_for = time.perf_counter() - start
    start = time.perf_counter()
    compile_rules(pickle.loads(pickle.dumps(source)))
    print(f"read rules/ and corpus/ {read_for:.2f} s; in a worker {time.perf_counter() - start:.2f} s")
    print(f"source to send to a worker: {len(pickle.dumps(source)) / 1000:.0f} kB")
    made = articles()
    for count in (300, len([t for e in source.rules.entities for t in e.terms]), 10_000):
        cut = with_terms(source, count)
        start = time.perf_counter()
        book = compile_rules(cut)
        built_for = time.perf_counter() - start
        seconds = best(lambda book=book: [score(given, book) for given in made])
        print(
            f"{count:6} terms, {sum(len(t.forms) for t in book.lexicon.terms):6} forms: "
            f"{seconds / len(made) * 1000:.2f} ms an article, built in {built_for:.2f} s"
        )


if __name__ == "__main__":
    main()
