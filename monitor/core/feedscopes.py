"""Do the rules speak of feeds that exist? A rule limited to a misspelt feed never holds, silently.

Pure: rules and feeds in, sentences for the operator out. Each file is right by itself; only
together do they show the slip.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from monitor.core.rules import Decision, Rule
from monitor.core.values import Feed


def unknown_scopes(
    rules: Iterable[Rule], decision: Decision, feeds: Sequence[Feed]
) -> tuple[str, ...]:
    """Return a sentence for each feed or tag named in the rules that feeds.yaml does not have."""
    ids = sorted(feed.id for feed in feeds)
    tags = sorted({tag for feed in feeds for tag in feed.tags})
    rules = list(rules)
    found = [
        *(_sentence(f"rule {rule.id}", "feed", name, ids) for rule in rules for name in rule.feeds),
        *(_sentence(f"rule {rule.id}", "tag", name, tags) for rule in rules for name in rule.tags),
        *(_sentence("the list of feed factors", "feed", name, ids) for name in decision.feeds),
    ]
    return tuple(sentence for sentence in found if sentence)


def _sentence(where: str, what: str, name: str, known: Sequence[str]) -> str:
    if name in known:
        return ""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{where} names the {what} {name!r}, which feeds.yaml does not have{hint}"
