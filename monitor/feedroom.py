"""Edits feeds.yaml for the page: plans one, writes it whole, puts it in force.

The file stays the truth. Every edit is made from the text as it stands now and keeps every other
byte of it; when it is no longer the text that the plan was made from, nothing is written. What
would silence many feeds needs a yes, as on the command line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from monitor.app import Watch
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.feededits import Applied, Ask, FeedEdit, FeedsDraft
from monitor.core.feedplan import plan, plan_lines
from monitor.core.values import Feed
from monitor.feededit import AddFeed, Edit, RemoveFeed, SetKey, difference, edited, save
from monitor.feedfile import FeedFile, parse_feeds
from monitor.yamltree import read_text


@dataclass(frozen=True, slots=True)
class FeedRoom:
    """The file of one opened house. One edit is written at a time."""

    watch: Watch
    _writing: Lock = field(default_factory=Lock)

    def read(self) -> tuple[str, str]:
        """Return the text of the file and its fingerprint. Raises ConfigurationErrors."""
        text = read_text(self.watch.settings.feeds)
        return text, _fingerprint(text)

    def draft(self, edit: FeedEdit) -> FeedsDraft:
        """Return what an edit would do; problems instead of a plan when it cannot be made."""
        try:
            before, base = self.read()
        except ConfigurationErrors as error:
            return FeedsDraft(base="", text=edit.text, problems=tuple(error.problems))
        try:
            after = self._after(before, edit)
        except ConfigurationErrors as error:
            return FeedsDraft(base=base, text=edit.text or before, problems=tuple(error.problems))
        return FeedsDraft(
            base=base,
            text=after.text,
            difference=difference(before, after.text, name=self.watch.settings.feeds.name),
            plan=plan(self.watch.feeds_in_force(), after.feeds),
        )

    def apply(self, edit: FeedEdit, *, base: str, actor: str, is_confirmed: bool) -> Applied:
        """Write an edit and put the file in force, when it is still the one of `base`."""
        with self._writing:
            try:
                before, now_base = self.read()
                if now_base != base:
                    return Applied.MEANWHILE
                after = self._after(before, edit)
            except ConfigurationErrors:
                return Applied.WRONG
            found = plan(self.watch.feeds_in_force(), after.feeds)
            if found.needs_yes and not is_confirmed:
                return Applied.UNCONFIRMED
            try:
                save(self.watch.settings.feeds, after, before=before)
            except ConfigurationErrors:  # changed in this very moment, or not writable
                _, now_base = self.read()
                return Applied.MEANWHILE if now_base != base else Applied.WRONG
            self.watch.feeds = after
            self.watch.take_feeds(after)
        self.watch.store.audit.add(
            actor=actor,
            action="feeds.edited",
            subject=f"feeds:{self.watch.settings.feeds.name}",
            now=self.watch.clock.now(),
            before={"fingerprint": base},
            after={"fingerprint": after.fingerprint, "plan": plan_lines(found)},
        )
        return Applied.DONE

    def _after(self, before: str, edit: FeedEdit) -> FeedFile:
        name = str(self.watch.settings.feeds)
        if edit.ask is Ask.TEXT:
            return parse_feeds(_with_line_ends(edit.text, before), name=name)
        try:
            return edited(before, _edits(before, edit, name), name=name)
        except KeyError:
            message = f"no feed is called {edit.feed_id!r}"
            raise ConfigurationErrors([Problem(file=name, message=message)]) from None


def _edits(before: str, edit: FeedEdit, name: str) -> Sequence[Edit]:
    match edit.ask:
        case Ask.PAUSE:
            return [SetKey(feed_id=edit.feed_id, key="enabled", value=False)]
        case Ask.RESUME:
            return [SetKey(feed_id=edit.feed_id, key="enabled", value=None)]  # without it, it is on
        case Ask.REMOVE:
            return [RemoveFeed(feed_id=edit.feed_id)]
        case _:
            feed = _new_feed(before, edit, name)
            return [AddFeed(feed=feed, comment=edit.comment)]


def _new_feed(before: str, edit: FeedEdit, name: str) -> Feed:
    """Return the feed to add, checked as the file would be, with the file's defaults."""
    defaults = parse_feeds(before, name=name).defaults.model_dump(exclude_unset=True)
    keys = {key: value for key, value in edit.keys.items() if value}
    lines = "".join(f"    {key}: {_quoted(value)}\n" for key, value in keys.items())
    checked = parse_feeds(f"feeds:\n  -\n{lines}", name=name)
    (feed,) = checked.feeds
    return replace(feed, **{key: value for key, value in defaults.items() if key not in keys})


def _quoted(value: str) -> str:
    return "'" + " ".join(value.split()).replace("'", "''") + "'"


def _with_line_ends(text: str, before: str) -> str:
    """Return a text from a form with the line ends of the file: browsers send CRLF for all."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if plain and not plain.endswith("\n"):
        plain += "\n"
    return plain.replace("\n", "\r\n") if "\r\n" in before else plain


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
