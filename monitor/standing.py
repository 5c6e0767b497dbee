"""The recurring actions of a running house, put together as jobs.

Each looks at what is due and does it. When the files of the operator are wrong, the last good ones
stay in force and the mistake is told once; no mistake in a file ever stops the watch.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from monitor.app import Watch
from monitor.catalogues import N_
from monitor.channelroom import ChannelRoom
from monitor.core.errors import ConfigurationErrors
from monitor.core.feedplan import plan_lines
from monitor.core.reports import FirstRun
from monitor.core.rules import RuleSource
from monitor.core.text import counted
from monitor.core.troubles import troubles
from monitor.core.values import ErrorCode, PollReport
from monitor.feedwatch import Edited, FeedFileWatch, Held, Wrong
from monitor.jobs import Job
from monitor.postbox import Postbox
from monitor.rulefiles import parse_rules, read_rules
from monitor.ruleslab import RulesLab

log = structlog.get_logger(__name__)

FirstRound = Callable[[FirstRun, PollReport], None]


class Standing:
    """The jobs of one opened house."""

    def __init__(self, watch: Watch, *, first_round: FirstRound | None = None) -> None:
        """`first_round` is told how the first polls of this process went, once."""
        self._watch = watch
        self._first_round = first_round
        self._rules_hash = ""
        self._feed_file = FeedFileWatch(watch.settings.feeds)
        self._network_is_up = True
        self._last_report: PollReport | None = None
        self._channels = ChannelRoom(watch)
        self._postbox = Postbox(watch)

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs: those that watch, those that tell, those that look after them."""
        return (*self._watching(), *self._telling(), *self._looking_after())

    def _watching(self) -> tuple[Job, ...]:
        return (
            Job(
                name="poll",
                every=timedelta(seconds=2),
                run=self.poll,
                what=N_("Ask the feeds that are due"),
                # A server that hangs holds up the feeds that were due with it, and no later ones.
                at_once=24,
            ),
            Job(
                name="read",
                every=timedelta(seconds=5),
                run=self.read,
                what=N_("Read and score what the feeds brought"),
            ),
            Job(
                name="files",
                every=timedelta(seconds=20),
                run=self.files,
                what=N_("Take over changes of feeds.yaml and rules/"),
            ),
        )

    def _telling(self) -> tuple[Job, ...]:
        return (
            Job(
                name="digests",
                every=timedelta(seconds=30),
                run=lambda: str(self._watch.make_digests()),
                what=N_("Make the digests that are due"),
            ),
            Job(
                name="alerts",
                every=timedelta(seconds=30),
                run=lambda: str(self._watch.make_alerts()),
                what=N_("Tell urgent items at once, to those who asked for it"),
            ),
            Job(
                name="outbox",
                every=timedelta(seconds=30),
                run=lambda: str(self._watch.send_due()),
                what=N_("Send what waits in the outbox"),
            ),
            Job(
                name="channels",
                every=timedelta(seconds=30),
                run=self._channels.run,
                what=N_("Send what waits for webhooks and chats"),
            ),
            Job(
                name="mailbox",
                every=timedelta(minutes=2),
                run=self._postbox.run,
                what=N_("Read what came back by mail: refusals, letters to leave, the canary"),
            ),
        )

    def _looking_after(self) -> tuple[Job, ...]:
        return (
            Job(
                name="ledger",
                every=timedelta(minutes=10),
                run=self.ledger,
                what=N_("Check that every entry has its fate"),
            ),
            Job(
                name="notices",
                every=timedelta(minutes=5),
                run=self.notices,
                what=N_("Notice feeds that died, fell silent or moved, and tell the operator"),
            ),
        )

    # ------------------------------------------------------------ the jobs

    def poll(self) -> str:
        """Ask what is due; say once when nothing at all can be reached."""
        report = self._watch.pipeline.poll(reading=False)
        if report.feeds:
            log.info("feeds.polled", **_numbers(report))
            self._note_network(report)
            self._last_report = report
        return f"{counted(report.feeds, 'feed')}, {counted(report.entries, 'entry', 'entries')}"

    def read(self) -> str:
        """Read what waits; after the first round, tell how it went."""
        fates = self._watch.pipeline.read_pending()
        if fates:
            log.info("entries.read", fates={fate: count for fate, count in fates.items() if count})
        if self._first_round is not None and not self._watch.stopping.is_set():
            first = self._watch.store.feeds.first_run_summary()
            if not first.waiting and self._last_report is not None:
                told, self._first_round = self._first_round, None
                self._watch.pipeline.read_pending()
                told(first, self._last_report)
        return counted(fates.total(), "entry", "entries")

    def files(self) -> str:
        """Take over edited files when they are right; keep the last good ones when not."""
        return f"{self._feeds()}; {self._rules()}"

    def ledger(self) -> str:
        """Look for polls that do not add up and for entries that wait too long."""
        store, now = self._watch.store, self._watch.clock.now()
        wrong, overdue = store.ledger.discrepancies(), store.ledger.overdue(now)
        if wrong:
            said = counted(len(wrong), "poll does", "polls do")
            detail = f"{said} not add up, the first is {wrong[0].poll_key}"
            self._notice("ledger", "polls", detail)
        if overdue:
            waits = counted(len(overdue), "entry waits", "entries wait")
            detail = f"{waits} for more than a day, first: {overdue[0].title}"
            self._notice("ledger", "entries", detail)
        else:
            store.notices.close("ledger", "entries", now)
        return f"{len(wrong)} discrepancies, {len(overdue)} overdue"

    def notices(self) -> str:
        """Raise a notice for each feed that needs a person, once; close those that no longer do."""
        store, now = self._watch.store, self._watch.clock.now()
        found = {one.feed_id: one.detail for one in troubles(store.feeds.statuses(now), now)}
        for subject, detail in found.items():
            self._notice("feed", subject, detail)
        for one in store.notices.open():
            if one.kind == "feed" and one.subject not in found:
                store.notices.close("feed", one.subject, now)
        late = store.outbox.overdue(now)
        if late:
            self._notice(
                "outbox",
                "late",
                f"{counted(len(late), 'mail waits', 'mails wait')} for more than an hour",
            )
        else:
            store.notices.close("outbox", "late", now)
        return (
            f"{counted(len(found), 'feed')} in trouble, {self._watch.tell_operator()} notices told"
        )

    # ------------------------------------------------------------ files

    def look_again(self) -> None:
        """Read the files at the next look even if they did not change (SIGHUP)."""
        self._feed_file.forget()

    def _feeds(self) -> str:
        watch = self._watch
        news = self._feed_file.look(watch.feeds_in_force, now=watch.clock.now())
        if isinstance(news, Held | Wrong):  # told anew: the notice of the last edit is out of date
            watch.store.notices.close("file", "feeds.yaml", watch.clock.now())
        match news:
            case Edited(file=file, plan=plan):
                watch.take_feeds(file)
                watch.store.notices.close("file", "feeds.yaml", watch.clock.now())
                log.info("feeds.taken", changes=plan_lines(plan))
                return "feeds.yaml is in force"
            case Held(plan=plan):
                lines = "\n".join(plan_lines(plan))
                self._notice("file", "feeds.yaml", f"{lines}\nConfirm: monitor feeds apply --yes")
                return "feeds.yaml waits to be confirmed"
            case Wrong(problems=problems):
                return self._mistaken("feeds.yaml", ConfigurationErrors(problems))
            case _:
                return "feeds.yaml did not change"

    def _rules(self) -> str:
        """Follow what is in force; with `rules_auto` put an edited folder in force first."""
        watch = self._watch
        try:
            draft = read_rules(watch.settings.rules, watch.settings.corpus)
        except ConfigurationErrors as error:
            self._follow_live()
            return self._mistaken("rules", error)
        watch.store.notices.close("file", "rules", watch.clock.now())
        current = watch.store.rulebooks.current()
        if current is None or (watch.settings.rules_auto and draft.hash != current.hash):
            if current is not None and (refused := self._refused(draft)):
                self._follow_live()
                return refused
            watch.workers.use(draft)  # refuses, changing nothing, what does not compile
            watch.apply_rules(draft, actor="monitor", reason="taken over from the folder")
        self._follow_live()
        return "rules are in force"

    def _refused(self, draft: RuleSource) -> str:
        """Return why an edited folder is not taken over: what it drops or lets in; else nothing."""
        try:
            report = RulesLab(self._watch).test(draft)
        except ConfigurationErrors as error:
            return self._mistaken("rules", error)
        wrong = [*report.dropped, *report.raised]
        if not wrong:
            return ""
        named = ", ".join(wrong[:10])
        detail = f"decided wrongly by the edited folder: {named}; see `monitor rules test`"
        self._notice("file", "rules", detail)
        return "the edited rules wait: they decide settled texts wrongly"

    def _follow_live(self) -> None:
        """Let the workers score with what was applied last, by whichever process."""
        current = self._watch.store.rulebooks.current()
        if current is None or current.hash == self._rules_hash:
            return
        files = self._watch.store.rulebooks.get(current.hash)
        if files is not None:
            source = parse_rules(files)
            self._watch.workers.use(source)
            self._watch.live_rules = source
            self._rules_hash = current.hash
            log.info("rules.taken", version=current.hash[:12])

    def _mistaken(self, subject: str, error: ConfigurationErrors) -> str:
        self._notice("file", subject, str(error))
        return f"{subject} has mistakes; the last good one stays in force"

    # ------------------------------------------------------------ notices

    def _notice(self, kind: str, subject: str, detail: str) -> None:
        if self._watch.store.notices.raise_once(kind, subject, detail, self._watch.clock.now()):
            log.warning("notice.raised", kind=kind, subject=subject, detail=detail)

    def _note_network(self, report: PollReport) -> None:
        down = report.outcomes.get(ErrorCode.NETWORK_DOWN, 0) == report.feeds
        if down and self._network_is_up:
            self._notice("network", "down", "no feed can be reached at all; they are asked again")
        elif not down and not self._network_is_up:
            self._watch.store.notices.close("network", "down", self._watch.clock.now())
        self._network_is_up = not down


def _numbers(report: PollReport) -> dict[str, object]:
    return {
        "feeds": report.feeds,
        "entries": report.entries,
        "outcomes": dict(report.outcomes),
        "fates": dict(report.fates),
        "seconds": report.seconds,
    }
