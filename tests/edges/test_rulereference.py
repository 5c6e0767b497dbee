"""The generated pages about the rules tell the truth, and every seed card is covered."""

from __future__ import annotations

import pytest
from rulebooks import CORPUS, ROOT, shipped

from monitor.rulecards import Card, read_card
from monitor.rulereference import coverage, generated_files
from monitor.ruleshape import EntityShape, FileShape, PhraseShape, RuleShape

CARDS = [
    read_card(path.read_text(encoding="utf-8"), str(path)) for path in sorted(CORPUS.glob("*.md"))
]


@pytest.mark.parametrize("name", ["docs/reference/rules.md", "docs/reference/seed-coverage.md"])
def test_page_is_current(name: str) -> None:
    """`python -m monitor.rulereference .` would change nothing."""
    assert (ROOT / name).read_text(encoding="utf-8") == generated_files(ROOT)[name]


def test_every_key_is_in_the_reference() -> None:
    """A key that is not described is a key that nobody finds."""
    page = (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8")
    for shape in (FileShape, EntityShape, PhraseShape, RuleShape):
        for name, field in shape.model_fields.items():
            assert f"| `{field.alias or name}` |" in page


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_every_line_of_a_card_is_covered(card: Card) -> None:
    """Each entity, figure and claim is found by an entity or a rule of the shipped rules."""
    lines = coverage(card, shipped())
    assert lines
    assert [one.line for one in lines if not one.is_covered] == []


def test_claims_are_found_by_rules() -> None:
    """Nearly every claim makes a rule hold, not only a word light up."""
    claims = [one for card in CARDS for one in coverage(card, shipped()) if one.kind == "claim"]
    assert sum(bool(one.rules) for one in claims) >= 0.9 * len(claims)
