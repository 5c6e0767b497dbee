"""Reads rules/ and corpus/, checked, with the place of every error.

Reading is an edge: files, YAML and the Russian dictionary are touched here and nowhere else.
The result is a `RuleSource`, which travels to worker processes; `compile_rules` makes the rulebook
there without reading anything. All problems are reported at once, each with file, line, column,
key and the nearest known key. The files are never written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import monitor
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.rulebook import Rulebook
from monitor.core.rules import Rule, RuleSet, RuleSource, Seed
from monitor.core.scoring import occurrences_in
from monitor.rulecards import read_card
from monitor.rulegather import Shaped, shaped
from monitor.russian import russian_forms
from monitor.yamltree import read_text

# Raised by hand when the same rules would give other scores: it is part of every score's version.
SCORING_VERSION = "2"


def read_rules(
    folder: Path, corpus_folder: Path | None = None, *, documents: Sequence[Seed] = ()
) -> RuleSource:
    """Read every .yaml file of `folder` and every card of `corpus_folder`.

    `documents` are full seed documents that were added to the store. Raises ConfigurationErrors.
    """
    files = _texts(folder, (".yaml", ".yml"), "a rule file")
    cards = _texts(corpus_folder, (".md",), "a seed card") if corpus_folder is not None else ()
    return parse_rules(dict((*files, *cards)), documents=documents)


def parse_rules(files: Mapping[str, str], *, documents: Sequence[Seed] = ()) -> RuleSource:
    """Return the source for texts by file name, as a store keeps them; cards end in `.md`.

    Raises ConfigurationErrors.
    """
    problems: list[Problem] = []
    given = tuple(files.items())
    rules: Shaped = shaped([pair for pair in given if not pair[0].endswith(".md")], problems)
    seeds: list[Seed] = []
    for name, text in (pair for pair in given if pair[0].endswith(".md")):
        try:
            seeds.append(read_card(text, name).seed)
        except ConfigurationErrors as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigurationErrors(problems)
    seeds.extend(documents)
    return RuleSource(
        hash=_hash(given, seeds),
        files=given,
        seeds=tuple(seeds),
        rules=rules.rules,
        forms=russian_forms(_written(rules.rules)),
        places=rules.places,
    )


def compile_rules(source: RuleSource) -> Rulebook:
    """Build the rulebook and run the examples of every rule. Raises ConfigurationErrors."""
    book = Rulebook(source, program=f"{monitor.__version__}.{SCORING_VERSION}")
    problems = [
        problem for rule in book.rules for problem in _failed_examples(rule, book, source.places)
    ]
    if problems:
        raise ConfigurationErrors(problems)
    return book


def _failed_examples(
    rule: Rule, book: Rulebook, places: Mapping[str, tuple[str, int, int]]
) -> list[Problem]:
    """Return a problem for each example sentence that the rule decides otherwise than it says."""
    problems = []
    for kind, sentences in (("yes", rule.yes), ("no", rule.no)):
        for index, sentence in enumerate(sentences):
            holds = bool(occurrences_in(rule, sentence, book))
            if holds is (kind == "yes"):
                continue
            key = f"{rule.id}.examples.{kind}.{index}"
            file, line, column = places.get(key, ("", 0, 0))
            fact = "is found in" if holds else "is not found in"
            problems.append(
                Problem(
                    file=file,
                    line=line or None,
                    column=column or None,
                    key=key,
                    message=f"the rule {fact} this example: {sentence}",
                )
            )
    return problems


def _texts(folder: Path, endings: tuple[str, ...], what: str) -> tuple[tuple[str, str], ...]:
    """Return (name, text) of the folder's files with these endings, by name."""
    if not folder.is_dir():
        message = "there is no such folder; `monitor init DIR` writes one"
        raise ConfigurationErrors([Problem(file=str(folder), message=message)])
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.suffix in endings and not path.name.startswith((".", "_"))
    )
    if not paths:
        message = f"holds no file that could be {what} ({' or '.join(endings)})"
        raise ConfigurationErrors([Problem(file=str(folder), message=message)])
    problems: list[Problem] = []
    texts = []
    for path in paths:
        try:
            texts.append((str(path), read_text(path)))
        except ConfigurationErrors as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigurationErrors(problems)
    return tuple(texts)


def _written(rules: RuleSet) -> Iterable[str]:
    """Yield every term and exception as written."""
    for entity in rules.entities:
        for _, written in entity.terms:
            yield written
        yield from entity.exceptions


def _hash(files: Sequence[tuple[str, str]], seeds: Sequence[Seed]) -> str:
    """Return a hash of names and contents; where the folder lies does not count."""
    digest = hashlib.sha256()
    for name, text in files:
        digest.update(f"{Path(name).name}\0{text}\0".encode())
    for seed in seeds:
        digest.update(f"{seed.id}\0{seed.title}\0{seed.text}\0".encode())
    return digest.hexdigest()
