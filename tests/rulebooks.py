"""The shipped rules, compiled once for all tests, and small rulebooks written in a line or two."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from monitor.core.rulebook import Rulebook
from monitor.core.rules import RuleSource
from monitor.rulefiles import compile_rules, parse_rules, read_rules

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "rules"
CORPUS = ROOT / "corpus"


@lru_cache(maxsize=1)
def shipped_source() -> RuleSource:
    """Return the rules and seed cards that the project ships."""
    return read_rules(RULES, CORPUS)


@lru_cache(maxsize=1)
def shipped() -> Rulebook:
    """Return the shipped rulebook."""
    return compile_rules(shipped_source())


def written(text: str) -> Rulebook:
    """Return the rulebook of one rule file given as text."""
    return compile_rules(parse_rules({"rules/test.yaml": text}))
