"""Takes a tip: the address of an article that a person knows of, marked from the first moment."""

from __future__ import annotations

from monitor.app import Watch
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.reports import FateReport
from monitor.core.tlp import Tlp
from monitor.core.urls import canonical
from monitor.core.values import Band, Verdict
from monitor.guard import Allowed, Refusal, check_url


def add_tip(watch: Watch, url: str, *, note: str, actor: str, tlp: Tlp = Tlp.CLEAR) -> FateReport:
    """Take a link that a person added, and return what the ledger then says of it.

    What a person sends is looked at by a person: a tip that the rules would not show is escalated.
    `tlp` holds from the first moment, and never makes an item milder. Raises ConfigurationErrors
    for an address that must not be asked.
    """
    store = watch.store
    refused = check_url(url, Allowed.read(watch.settings.allow_private))
    if isinstance(refused, Refusal):
        raise ConfigurationErrors([Problem(file=url, message=refused.detail)])
    link, now = canonical(url), watch.clock.now()
    if link is not None and tlp is not Tlp.CLEAR:
        store.marks.expect(link, tlp, now)
    watch.pipeline.tip(url, store.feeds)
    report = store.ledger.why(url)
    item, now = report.item, watch.clock.now()
    if item is not None and not item.tlp.allows(tlp):  # kept before, under another address
        store.marks.set(item.key, tlp)
    if item is not None and item.score.decision is Band.REJECT:
        store.verdicts.give(item.key, Verdict.ESCALATE, actor=actor, now=now, note=note)
        report = store.ledger.why(url)
    elif item is not None and note:
        store.audit.add(
            actor=actor,
            action="item.noted",
            subject=f"item:{item.key}",
            now=now,
            after={"note": note},
        )
    return report
