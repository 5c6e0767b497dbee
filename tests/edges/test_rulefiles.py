"""Rule files and seed cards: every error at its place, all at once; nothing lost on the way."""

# ruff: noqa: E501  (messages stand on one line, as they are printed)

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from rulebooks import CORPUS, RULES, shipped_source

from monitor.core.errors import ConfigurationErrors
from monitor.core.scoring import score
from monitor.core.values import Band, ScoreInput
from monitor.rulecards import read_card
from monitor.rulefiles import compile_rules, parse_rules, read_rules

GOOD = """\
version: 1
entities:
  nk: {label: North Korea, en: [North Korea]}
  worker: {label: workers, en: [worker]}
rules:
  - {id: r, near: [nk, worker], weight: 10}
"""


def problems(text: str, name: str = "rules/x.yaml") -> list[str]:
    """Return what is wrong with one rule file, a line each."""
    with pytest.raises(ConfigurationErrors) as caught:
        compile_rules(parse_rules({name: text}))
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "weight: 10",
            "wieght: 10",
            "rules/x.yaml:6:33: rules.0.wieght: there is no such key; did you mean `weight`?",
        ),
        (
            "weight: 10",
            "weight: ten",
            "rules/x.yaml:6:33: rules.0.weight: Input should be a valid integer, unable to parse string as an integer (got 'ten')",
        ),
        (
            "weight: 10",
            "weight: 0",
            "rules/x.yaml:6:5: rules.0: a weight of 0 decides nothing; give it points or remove it",
        ),
        (
            "weight: 10",
            "weight: 101",
            "rules/x.yaml:6:33: rules.0.weight: Input should be less than or equal to 100 (got '101')",
        ),
        (
            "worker], w",
            "wroker], w",
            "rules/x.yaml:6:24: rules.0.near.1: nothing is named `wroker`; did you mean `worker`?",
        ),
        (
            "near: [nk, worker]",
            "near: [nk]",
            "rules/x.yaml:6:5: rules.0: near needs at least two names",
        ),
        (
            "near: [nk, worker], ",
            "",
            "rules/x.yaml:6:5: rules.0: asks for nothing; give it near, all, any or any_text",
        ),
        (
            "id: r,",
            "id: title,",
            "rules/x.yaml:6:6: rules.0.id: is the name of a computed line; choose another",
        ),
        (
            "id: r,",
            "id: R r,",
            "rules/x.yaml:6:5: rules.0: names are lower-case letters, digits and hyphens",
        ),
        ("label: workers, ", "", "rules/x.yaml:4:3: entities.worker.label: is missing"),
        (
            "en: [worker]",
            "en: [wo]",
            "rules/x.yaml:4:33: entities.worker.en.0: `wo` is so short that it would hit everywhere; write `cs:`, `word:` or a longer term",
        ),
        (
            "en: [worker]",
            "ja: [労]",
            "rules/x.yaml:4:33: entities.worker.ja.0: `労` is so short that it would hit everywhere; write `cs:`, `word:` or a longer term",
        ),
        ("en: [worker]", "en: ['']", "rules/x.yaml:4:33: entities.worker.en.0: is empty"),
        (
            "en: [worker]",
            "eng: [worker]",
            "rules/x.yaml:4:28: entities.worker.eng: there is no such key; did you mean `en`?",
        ),
        ("version: 1", "version: 2", "rules/x.yaml:1:1: version: Input should be '1' (got '2')"),
        (
            "version: 1",
            "thresholds: {queue: 50, digest: 20, alert: 75}",
            "rules/x.yaml:1:1: thresholds: must not fall: queue, digest, alert",
        ),
        (
            "version: 1",
            "seed: {points: 16}",
            "rules/x.yaml:1:8: seed.points: Input should be less than or equal to 15 (got '16')",
        ),
        (
            "version: 1",
            "feeds: {rfa: 2}",
            "rules/x.yaml:1:9: feeds.rfa: Input should be less than or equal to 1.5 (got '2')",
        ),
        ("version: 1", "require: [q]", "rules/x.yaml:1:11: require.0: nothing is named `q`"),
        (
            "version: 1",
            "require: {digest: [rr]}",
            "rules/x.yaml:1:20: require.digest.0: nothing is named `rr`; did you mean `r`?",
        ),
        (
            "version: 1",
            "profiles: {p: {only: [s]}}",
            "rules/x.yaml:1:23: profiles.p.only.0: nothing is named `s`",
        ),
        (
            "weight: 10",
            "weight: 10, until: soon",
            "rules/x.yaml:6:45: rules.0.until: should be a date written YYYY-MM-DD (got 'soon')",
        ),
        (
            "weight: 10",
            "weight: 10, examples: {yes: [a cat]}",
            "rules/x.yaml:6:62: r.examples.yes.0: the rule is not found in this example: a cat",
        ),
        (
            "weight: 10",
            "weight: 10, examples: {no: [A North Korea worker]}",
            "rules/x.yaml:6:61: r.examples.no.0: the rule is found in this example: A North Korea worker",
        ),
        (
            "version: 1",
            "phrases: {p: {label: p, near: [nk]}}",
            "rules/x.yaml:1:11: phrases.p: needs either near, with at least two names, or any",
        ),
        (
            "version: 1",
            "phrases: {p: {label: p, any: [q]}, q: {label: q, any: [nk]}}",
            "rules/x.yaml:1:31: phrases.p.any.0: nothing is named `q`",
        ),
    ],
)
def test_each_mistake_names_its_place_and_what_is_near(old: str, new: str, message: str) -> None:
    """File, line, column, key, and the nearest known key or name."""
    assert old in GOOD
    assert message in problems(GOOD.replace(old, new, 1))


def test_all_mistakes_at_once() -> None:
    """An operator mends everything in one go."""
    text = GOOD.replace("weight: 10", "wieght: 10").replace("label: workers, ", "")
    assert len(problems(text)) == 3  # a wrong key, a missing weight, a missing label
    other = "rules: [{id: s, any: [nk], weight: 5}, {id: t, any: [nkk], weight: 5}]"
    with pytest.raises(ConfigurationErrors) as caught:
        parse_rules({"rules/a.yaml": text, "rules/b.yaml": other})
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert (
        lines[-1] == "rules/b.yaml:1:54: rules.1.any.0: nothing is named `nkk`; did you mean `nk`?"
    )


def test_a_name_taken_twice_names_both_places() -> None:
    """Names are unique over all files."""
    with pytest.raises(ConfigurationErrors) as caught:
        parse_rules(
            {"rules/a.yaml": GOOD, "rules/b.yaml": "entities: {nk: {label: x, en: [Korea]}}"}
        )
    assert (
        str(caught.value) == "rules/b.yaml:1:12: entities.nk: `nk` is already in rules/a.yaml:3:3"
    )


def test_a_decision_stands_in_one_file_only() -> None:
    """Two thresholds in two files would be a riddle."""
    line = "thresholds: {queue: 1, digest: 2, alert: 3}\n"
    with pytest.raises(ConfigurationErrors, match=r"already in rules/a\.yaml:1:1"):
        parse_rules({"rules/a.yaml": line + GOOD, "rules/b.yaml": line})


def test_entities_and_rules_may_share_a_name() -> None:
    """`sanctions` may be both a list of words and a rule."""
    book = compile_rules(parse_rules({"x.yaml": GOOD.replace("id: r", "id: worker")}))

    assert [rule.id for rule in book.rules] == ["worker"]


def test_broken_yaml_is_an_error_with_a_place() -> None:
    """No traceback, whatever is in the file."""
    assert problems("rules: [}")[0].startswith("rules/x.yaml:1:")
    assert problems("")[0].startswith("rules/x.yaml: ")


def test_one_slip_in_one_file_is_one_line() -> None:
    """While a file cannot be read its names are unknown, and nobody is blamed for using them."""
    user = "rules: [{id: s, any: [nk, worker], weight: 5}]"
    with pytest.raises(ConfigurationErrors) as caught:
        parse_rules({"rules/a.yaml": "entities: {nk: {label: a: b}}", "rules/b.yaml": user})
    assert [str(problem)[:14] for problem in caught.value.problems] == ["rules/a.yaml:1"]


def test_missing_or_empty_folder_is_said(tmp_path: Path) -> None:
    """The path that was looked at is in the message."""
    with pytest.raises(ConfigurationErrors, match="there is no such folder"):
        read_rules(tmp_path / "rules")
    with pytest.raises(ConfigurationErrors, match="holds no file that could be a rule file"):
        read_rules(tmp_path)


def test_hash_follows_content_not_place(tmp_path: Path) -> None:
    """The version on a score changes with a letter in a rule, not with the folder it lies in."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(GOOD, encoding="utf-8")
    first = read_rules(tmp_path / "one").hash
    assert read_rules(tmp_path / "two").hash == first
    (tmp_path / "two" / "a.yaml").write_text(GOOD.replace("10", "11"), encoding="utf-8")
    assert read_rules(tmp_path / "two").hash != first


def test_source_travels_and_scores_alike() -> None:
    """What a worker builds from the pickled source, or a store from texts, scores alike."""
    source = shipped_source()
    item = ScoreInput(title="Северокорейских рабочих задержали в Находке", text="")
    here = score(item, compile_rules(source))
    assert here.decision is Band.ALERT
    assert score(item, compile_rules(pickle.loads(pickle.dumps(source)))) == here
    assert score(item, compile_rules(parse_rules(dict(source.files)))) == here


def test_shipped_rules_are_read_from_their_folders() -> None:
    """rules/ and corpus/ of the project are valid, and every rule has its examples pass."""
    source = read_rules(RULES, CORPUS)
    assert compile_rules(source).rules
    assert len(source.seeds) == 5


CARD = """\
---
title: A report
outlet: A paper
date: 2020-01-31
language: en
reason: it shows the trade
figures: [511 workers]
---
In our own words.
"""


def test_card_is_read() -> None:
    """A seed card gives a seed that holds everything the card says."""
    card = read_card(CARD, "corpus/2020-a-report.md")
    assert (card.id, card.dated_on.isoformat(), card.figures) == (
        "2020-a-report",
        "2020-01-31",
        ("511 workers",),
    )
    assert "In our own words." in card.seed.text
    assert "511 workers" in card.seed.text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "---\ntitle",
            "title",
            "c.md:1:1: begins with no front matter; write `---`, keys such as title and outlet, `---`",
        ),
        ("outlet: A paper\n", "", "c.md:2:1: outlet: is missing"),
        (
            "date: 2020-01-31",
            "date: soon",
            "c.md:4:1: date: Input should be a valid date or datetime, input is too short (got 'soon')",
        ),
        ("reason:", "raeson:", "c.md:6:1: raeson: there is no such key"),
    ],
)
def test_card_mistakes_name_their_place(old: str, new: str, message: str) -> None:
    """Lines count from the top of the file."""
    with pytest.raises(ConfigurationErrors) as caught:
        read_card(CARD.replace(old, new, 1), "c.md")
    assert any(line.startswith(message) for line in str(caught.value).splitlines()), str(
        caught.value
    )
