"""What scoring costs: milliseconds for a 6 kB article, and the start of a rulebook.

Run: python bench/scoring.py

The articles are ours, built from sentences of the labelled texts under tests/quality, about 6 kB of
UTF-8 each: on the subject and on near matters in five languages, and general news in English. They
are denser than any newspaper: every sentence is a short report. Best of five rounds, processor
time. The shipped rules are cut to 300 terms, or padded with words that are never found.
"""

from __future__ import annotations

import json
import pickle
import random
import sys
import time
from collections.abc import Callable
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


def articles(kind: str) -> list[ScoreInput]:
    """Return articles of about 6 kB: on the `subject`, on `near` matters, or `general` news."""
    chance = random.Random(11)
    made = []
    pattern = "general.jsonl" if kind == "general" else "??.jsonl"
    for file in sorted((ROOT / "tests" / "quality").glob(pattern)):
        items = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        pool = [
            item
            for item in items
            if item["text"] and (kind == "general" or (item["label"] >= 2) == (kind == "subject"))
        ]
        for _ in range(ARTICLES // (1 if kind == "general" else 5)):
            text = ""
            while len(text.encode()) < SIZE:
                text += chance.choice(pool)["text"] + f" {chance.randrange(10**6)}.\n\n"
            made.append(ScoreInput(title=chance.choice(pool)["title"], text=text))
    return made


def cut_to(source: RuleSource, count: int) -> RuleSource:
    """Return the rules with about `count` terms: of each list the first ones."""
    entities = source.rules.entities
    share = count / sum(len(entity.terms) for entity in entities)
    return replaced(
        source,
        tuple(
            replace(entity, terms=entity.terms[: max(1, round(len(entity.terms) * share))])
            if entity.terms
            else entity
            for entity in entities
        ),
    )


def padded_to(source: RuleSource, count: int) -> RuleSource:
    """Return the rules with invented terms added, so that what is found stays the same."""
    entities = source.rules.entities
    chance = random.Random(5)
    letters = ("abcdefghijklmnoprstuvw", "абвгдежзиклмнопрстуф", "가나다라마바사아자차카타파하거너")
    terms = [
        (
            ("en", "ru", "ko")[index % 3],
            "".join(chance.choices(letters[index % 3], k=4 + index % 8)),
        )
        for index in range(count - sum(len(entity.terms) for entity in entities))
    ]
    return replaced(source, (*entities, Entity(id="padding", label="padding", terms=tuple(terms))))


def replaced(source: RuleSource, entities: tuple[Entity, ...]) -> RuleSource:
    """Return the source with other entities and without the rules' examples."""
    rules = tuple(replace(rule, yes=(), no=()) for rule in source.rules.rules)
    return replace(source, rules=replace(source.rules, entities=entities, rules=rules))


def best(task: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the shortest run, in seconds of processor time."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print the table."""
    start = time.process_time()
    source = read_rules(ROOT / "rules", ROOT / "corpus")
    read_for = time.process_time() - start
    sent = pickle.dumps(source)
    start = time.process_time()
    compile_rules(pickle.loads(sent))
    print(
        f"rules/ and corpus/ read in {read_for:.2f} s; "
        f"in a worker {time.process_time() - start:.2f} s"
    )
    print(f"sent to a worker: {len(sent) / 1000:.0f} kB")
    kinds = ("subject", "near", "general")
    made = {kind: articles(kind) for kind in kinds}
    print(f"{'milliseconds an article':42} {'forms':>6}  " + "  ".join(f"{k:>7}" for k in kinds))
    small = cut_to(source, 300)
    for name, rules in (
        ("300 terms", small),
        ("300 terms and 9,700 that are never found", padded_to(small, 10_000)),
        ("the shipped rules", source),
        ("the shipped rules padded to 10,000 terms", padded_to(source, 10_000)),
    ):
        book = compile_rules(rules)
        costs = [
            best(lambda book=book, kind=kind: [score(given, book) for given in made[kind]])  # type: ignore[misc]
            / len(made[kind])
            * 1000
            for kind in kinds
        ]
        forms = sum(len(term.forms) for term in book.lexicon.terms)
        print(f"{name:42} {forms:6}  " + "  ".join(f"{cost:7.2f}" for cost in costs))


if __name__ == "__main__":
    main()
