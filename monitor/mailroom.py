"""What the pages may ask of the mails: look at the next one, try it out, change one that waits.

Puts the house's own sender, rules and list of withheld names to work; decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alerts.editing import copy_for_test, revised
from alerts.press import Press
from alerts.rounds import next_digest
from alerts.welcome import compose_confirmation, compose_known
from monitor.core.editing import Edit, HeldDigest, Signup
from monitor.core.telling import Message, Subscriber
from monitor.core.values import Item
from monitor.ports import Clock
from store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRoom:
    """The mails of a house. `press` makes them with what is in force at that moment."""

    store: Store
    clock: Clock
    press: Callable[[], Press]
    operator: str | None = None

    @property
    def testers(self) -> tuple[str, ...]:
        """The addresses to which a page may send a test: the operator's, and those of analysts.

        Never any address: a page that mails reports to whoever is typed would be a way out.
        """
        analysts = [
            one.address
            for one in self.store.subscribers.active(self.clock.now())
            if one.near_misses and one.is_person
        ]
        return tuple(dict.fromkeys([*([self.operator] if self.operator else []), *analysts]))

    def preview(self, subscriber: Subscriber) -> Message:
        """Return the mail that a subscriber would get if a digest were due now."""
        return next_digest(self.press(), subscriber, self.clock.now()).message

    def test(self, subscriber: Subscriber, *, to: str) -> bool:
        """Send that mail to a tester; False when `to` is none."""
        if to not in self.testers:
            return False
        now = self.clock.now()
        self.store.outbox.add(copy_for_test(self.press(), subscriber, now, to=to), now=now)
        return True

    def revise(self, held: HeldDigest, edit: Edit, *, found: Sequence[Item] = ()) -> bool:
        """Make a digest that waits anew; False when it does not wait any more.

        Raises AboveClearance for an item that its reader may not be told.
        """
        digest, message, reasons = revised(self.press(), held, edit, found=found)
        return self.store.approvals.revise(digest, message, reasons)

    def confirm(self, signup: Signup) -> None:
        """Ask an address whether it wants digests; tell one that gets them already so."""
        sender, now = self.press().sender, signup.asked_at
        known = self.store.subscribers.by_address(signup.address)
        if known is not None and known.is_active:
            message = compose_known(known, signup, sender=sender)
            self.store.outbox.add(message, now=now, subscriber_key=known.key)
        else:
            self.store.outbox.add(compose_confirmation(signup, sender=sender), now=now)
