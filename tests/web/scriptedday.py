"""A scripted day at the desk: 120 items, a quarter relevant, reprints among them, keys alone.

The analyst knows the right answer of each item, reads every tenth one whole, errs three times and
takes it back. Every key presses the button or link that carries it on the page that is shown, as
the script in the browser does; what is counted is what a person's fingers and patience would feel.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from lxml import html
from web import samples
from web.visitors import Visitor, find, tree

from monitor.core.values import ItemState
from store import Store

RELEVANT, TOTAL = 30, 120
GROUPS, COPIES = 6, 3  # of reprints, among the relevant and among the others each
FEEDS = ("courier", "walled", "bereg", "dongbang", "minato", "yanbian")
READ_WHOLE, ERR_AT = 10, (17, 41, 73)


@dataclass
class Day:
    """What the day cost."""

    keys: int = 0
    loads: int = 0
    accepted: int = 0
    wrong: int = 0  # items left with the wrong decision, or with none

    @property
    def keys_each(self) -> float:
        """Key presses for each accepted item."""
        return self.keys / self.accepted

    @property
    def loads_each(self) -> float:
        """Page loads for each accepted item."""
        return self.loads / self.accepted


def fill(store: Store) -> set[int]:
    """Publish the day's items in a shuffled order; return the keys of the relevant ones."""
    chance = random.Random(7)
    stories = [
        (kind, number, copy)
        for kind, count in (("held", RELEVANT), ("fair", TOTAL - RELEVANT))
        for number in range(count - GROUPS * (COPIES - 1))
        for copy in range(COPIES if number < GROUPS else 1)
    ]
    chance.shuffle(stories)
    for kind, number, copy in stories:
        is_relevant = kind == "held"
        base = samples.told(0 if is_relevant else 5)
        title = f"Report {number} from the yard: crew {number} {kind} at berth {number * 7}"
        points = chance.randrange(45, 100) if is_relevant else chance.randrange(20, 80)
        score = samples.scored(title, base.text, (), points)
        link = f"https://{kind}.example/{number}/{copy}"
        feed = FEEDS[(number + copy) % len(FEEDS)]
        samples.publish(store, replace(base, title=title, score=score, link=link, feed=feed))
    items = [store.items.get(key) for key in range(1, TOTAL + 1)]
    return {item.key for item in items if item is not None and " held at" in item.title}


class Analyst:
    """Sits at the keys."""

    def __init__(self, visitor: Visitor, relevant: set[int]) -> None:
        self.visitor, self.relevant, self.day = visitor, relevant, Day()
        self.page = self._load("/")
        self.at = self._first()

    def work(self) -> Day:
        """Decide until nothing is left."""
        count = 0
        while self.at is not None:
            count += 1
            key = "r" if self.at in self.relevant else "x"
            if count % READ_WHOLE == 0:
                self.press("Enter")
            if count in ERR_AT:
                self.press("x" if key == "r" else "r")
                self.press("u")
            group = self._marked(key.upper()) is not None
            self.press(key.upper() if group else key)
        return self.day

    def press(self, key: str) -> None:
        """Press a key: the button or link on the page that carries it."""
        self.day.keys += 1
        found = self._marked(key)
        assert found is not None, f"no {key} on this page"
        if found.tag == "a":
            self._go(found.get("href"))
            return
        form = next(found.iterancestors("form"))
        fields = {name: value or "" for name, value in form.fields.items()}
        answer = self.visitor.post(form.action, {**fields, found.get("name"): found.get("value")})
        assert answer.status_code == 303
        self._go(answer.headers["location"])

    def _go(self, address: str) -> None:
        path, _, anchor = address.partition("#i")
        self.page = self._load(path)
        self.at = int(anchor) if anchor and find(self.page, f"#i{anchor}") else self._first()

    def _load(self, path: str) -> html.HtmlElement:
        self.day.loads += 1
        answer = self.visitor.get(path)
        assert answer.status_code == 200, path
        return tree(answer)

    def _first(self) -> int | None:
        whole = find(self.page, "article.whole form.decide")
        if whole:
            return int(whole[0].action.split("/")[2])
        items = find(self.page, "article.item")
        return int(items[0].get("id").lstrip("i")) if items else None

    def _marked(self, key: str) -> html.HtmlElement | None:
        places = find(self.page, f"#i{self.at}") or find(self.page, "article.whole")
        for place in [*places, self.page]:
            for one in place.xpath(".//*[@data-key=$key]", key=key):
                if place is not self.page or not one.xpath("ancestor::*[@data-item]"):
                    return one
        return None


def run(store: Store, visitor: Visitor) -> Day:
    """Fill the store, work the day, and check every decision."""
    relevant = fill(store)
    day = Analyst(visitor, relevant).work()
    for key in range(1, TOTAL + 1):
        item = store.items.get(key)
        right = ItemState.RELEVANT if key in relevant else ItemState.IRRELEVANT
        day.wrong += item is None or item.state is not right
    day.accepted = len(relevant)
    return day
