"""The five seed documents themselves, each scored as if it had never been a seed.

Their texts are other people's and are not in the project. The folder that MONITOR_SEED_DOCUMENTS
names holds them as .txt files; without it these tests are skipped, loudly.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

import pytest
from rulebooks import shipped_source

from monitor.core.rulebook import Rulebook
from monitor.core.scoring import score
from monitor.core.values import Band, ScoreInput
from monitor.rulefiles import compile_rules

FOLDER = os.environ.get("MONITOR_SEED_DOCUMENTS", "")
pytestmark = pytest.mark.skipif(
    not FOLDER,
    reason="SEED DOCUMENTS NOT TESTED: set MONITOR_SEED_DOCUMENTS to the folder that holds them",
)
# Card: words by which its document is known, and how its title begins in it (if it has one).
DOCUMENTS = {
    "2010-independent-exodus": ("Simon Ostrovsky", "Mass exodus of"),
    "2010-vladnews-nakhodka": ("Holy Moses", "Holy Moses"),
    "2021-voa-far-east": ("Joseon Iron and Steel", "“North Korean workers continue"),
    "2022-rfa-side-jobs": ("ideologically lax", "North Koreans in Russia ordered"),
    "2025-slave-like-conditions": ("Kang Dong-wan", ""),
}


@lru_cache(maxsize=1)
def documents() -> dict[str, str]:
    """Return the documents by the card they belong to."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(Path(FOLDER).glob("*.txt"))]
    return {
        card: next(text for text in texts if marker in text)
        for card, (marker, _) in DOCUMENTS.items()
    }


def parts(card: str) -> tuple[str, str]:
    """Return title and text of a document."""
    text = documents()[card]
    beginning = DOCUMENTS[card][1]
    if not beginning:
        return "", text
    at = text.index(beginning)
    title, _, rest = text[at:].partition("\n")
    return title, rest


def without(card: str) -> Rulebook:
    """Return the shipped rulebook without the card."""
    return compile_rules(shipped_source().without_seed(card))


@pytest.mark.parametrize("card", DOCUMENTS)
def test_seed_alerts_without_itself(card: str) -> None:
    """Each document reaches the alert line when its own card is left out."""
    title, text = parts(card)
    result = score(ScoreInput(title=title, text=text), without(card))
    assert result.decision is Band.ALERT
    assert result.score == sum(match.points for match in result.matches)


@pytest.mark.parametrize("card", DOCUMENTS)
def test_title_and_first_sentence_are_enough(card: str) -> None:
    """What a feed shows of such a report must already alert."""
    title, text = parts(card)
    prose = [line for line in text.splitlines() if re.search(r"[.:]$", line) and len(line) > 80]
    first = re.split(r"(?<=[.:])\s", prose[0])[0]
    assert score(ScoreInput(title=title, text=first), without(card)).decision is Band.ALERT


def test_paragraphs_printed_twice_count_once() -> None:
    """The summary that prints its second half twice scores no higher than its first half does."""
    card = "2025-slave-like-conditions"
    text = documents()[card]
    paragraphs = list(dict.fromkeys(text.splitlines()))
    once = score(ScoreInput(title="", text="\n".join(paragraphs)), without(card))
    twice = score(ScoreInput(title="", text=text), without(card))
    lines = [[m for m in one.matches if m.field or m.rule == "repeat"] for one in (once, twice)]
    assert [(m.rule, m.points, m.surface) for m in lines[0]] == [
        (m.rule, m.points, m.surface) for m in lines[1]
    ]


@pytest.mark.parametrize("card", ["2010-independent-exodus", "2021-voa-far-east"])
def test_comments_of_readers_do_not_score(card: str) -> None:
    """No hit lies in the comments below the blogs, nor in the comment form."""
    title, text = parts(card)
    marks = {"2010-independent-exodus": "1 comment", "2021-voa-far-east": "Related Articles"}
    end = text.index(marks[card])
    result = score(ScoreInput(title=title, text=text), without(card))
    assert all(match.end <= end for match in result.matches if match.field == "text" and match.end)
