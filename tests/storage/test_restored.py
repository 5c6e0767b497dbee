"""A database that is put back from a copy tells nothing again that was told since the copy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from builders import HOUR, NOW, an_entry
from mailboxes import Mailbox
from storesteps import follow, keep
from tellings import SENDER, a_subscriber

from alerts.journal import Journal
from alerts.rounds import make_digests, send_due
from alerts.urgent import make_alerts
from monitor.core.telling import Delivery, QuietPolicy, Subscriber
from monitor.core.values import Band, Item
from store import Store, open_store
from store.upkeep import restore

DAY = timedelta(days=1)
END = datetime(2026, 11, 24, 7, 0, tzinfo=NOW.tzinfo)  # 08:00 in Berlin
NIGHT = END - 4 * HOUR  # when the copy is made


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A store in a file with its journal beside it."""
    made = House(tmp_path)
    yield made
    made.store.close()


class House:
    """A store in a file, a mail server, and the journal; copies can be made and put back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder}/monitor.db"
        self.store: Store = open_store(self.url)
        self.mailbox = Mailbox()
        self.journal = Journal(folder / "told.jsonl")
        follow(self.store, now=END - 9 * DAY)

    def read(self, number: int, at: datetime, points: int = 60) -> Item:
        """Keep one item."""
        band = Band.ALERT if points >= 75 else Band.DIGEST
        (item,) = keep(self.store, an_entry(number), now=at, points=points, band=band)
        return item

    def round(self, at: datetime, *, with_alerts: bool = False) -> str:
        """Make and send what is due."""
        if with_alerts:
            make_alerts(self.store, at, sender=SENDER, journal=self.journal)
        report = make_digests(self.store, at, sender=SENDER, journal=self.journal)
        send_due(self.store, self.mailbox, at, journal=self.journal)
        return str(report)

    def back_up(self) -> None:
        """Make a copy."""
        self.store.upkeep.backup(self.folder / "copy.db")

    def put_back(self) -> None:
        """End the program, put the copy back, start again."""
        self.store.close()
        restore(self.url, self.folder / "copy.db")
        self.store = open_store(self.url)
        self.journal = Journal(self.folder / "told.jsonl")

    def reader(self, **changes: object) -> Subscriber:
        """Add a reader in Berlin."""
        added = self.store.subscribers.add(a_subscriber(**{"since": END - 5 * DAY} | changes))
        assert added
        return added


def test_a_digest_of_today_is_not_sent_again(house: House) -> None:
    """The copy is of last night, the digest went out this morning: it goes out once."""
    house.reader()
    house.read(1, NIGHT - HOUR)
    house.back_up()
    house.round(END + HOUR)
    house.put_back()
    said = house.round(END + 2 * HOUR)

    assert said == "0 made, 0 quiet, 1 told before the restore"
    assert len(house.mailbox.handed) == 1
    (line,) = house.store.digests.list()
    assert (line.end, line.outbox_key) == (END, None)
    assert line.subject == "told before the database was put back from a copy"
    assert [one.kind for one in house.store.notices.open()] == ["digest.put_back"]


def test_the_next_digest_begins_where_the_told_one_ended(house: House) -> None:
    """Windows tile over a restore; an article told before it is not told again, a new one is."""
    house.reader()
    house.read(1, NIGHT - HOUR)
    house.back_up()
    house.read(2, END - HOUR)  # after the copy, told this morning
    house.round(END + HOUR)
    house.put_back()
    house.round(END + 2 * HOUR)
    again = house.read(2, END + 2 * HOUR)  # the feed still shows it
    house.read(3, END + 3 * HOUR)
    house.round(END + DAY)
    first, second = house.mailbox.handed

    assert "Report 1" in first.text
    assert "Report 2" in first.text
    assert "Report 3" in second.text
    assert "Report 2" not in second.text
    assert "Report 1" not in second.text
    assert [line.start for line in house.store.digests.list()][:1] == [END]
    assert [place.place.value for place in house.store.digests.places(again.key)] == ["told_before"]


def test_several_lost_days_are_made_up_without_a_mail(house: House) -> None:
    """A copy of four days ago: three digests that were told are put back, the fourth is sent."""
    house.reader()
    house.read(1, NIGHT - 4 * DAY)
    house.round(END - 4 * DAY + HOUR)
    house.back_up()
    for back in (3, 2, 1):
        house.read(10 - back, NIGHT - back * DAY)
        house.round(END - back * DAY + HOUR)
    house.put_back()
    house.read(20, NIGHT)
    said = house.round(END + HOUR)

    assert said == "1 made, 0 quiet, 3 told before the restore"
    assert len(house.mailbox.handed) == 5
    assert "Report 20" in house.mailbox.handed[-1].text
    lines = house.store.digests.list()
    assert all(late.start == early.end for late, early in pairwise(lines))


def test_a_digest_that_was_made_but_not_sent_goes_out_after_a_restore(house: House) -> None:
    """Only what a server accepted was told."""
    house.reader()
    house.read(1, NIGHT - HOUR)
    house.back_up()
    house.mailbox.answer = lambda message: Delivery.RETRY
    house.round(END + HOUR)
    house.put_back()
    house.mailbox.answer = lambda message: Delivery.ACCEPTED
    house.round(END + 2 * HOUR)
    refused, sent = house.mailbox.handed

    assert refused.message_id == sent.message_id
    assert "Report 1" in sent.text


def test_a_mail_that_waited_in_the_copy_is_not_sent_again(house: House) -> None:
    """The copy was made between making and sending: the journal knows that it went."""
    house.reader()
    house.read(1, NIGHT - HOUR)
    make_digests(house.store, END + HOUR, sender=SENDER, journal=house.journal)
    house.back_up()
    send_due(house.store, house.mailbox, END + HOUR, journal=house.journal)
    house.put_back()
    report = send_due(house.store, house.mailbox, END + 2 * HOUR, journal=house.journal)

    assert (report.accepted, len(house.mailbox.handed)) == (1, 1)
    (line,) = house.store.outbox.list()
    assert line.detail == "accepted before, as the journal says; not sent again"


def test_a_quiet_day_without_a_mail_stays_without_one(house: House) -> None:
    """The restored ledger does not know the polls of the night; that must not make a blind mail."""
    house.reader(quiet=QuietPolicy.SKIP)
    for hour in range(30):
        if hour == 20:
            house.back_up()
        keep(house.store, an_entry(hour), now=END - 30 * HOUR + hour * HOUR)
    told = house.round(END + HOUR)
    house.put_back()
    again = house.round(END + 2 * HOUR)

    assert told == "0 made, 1 quiet"
    assert again == "0 made, 0 quiet, 1 told before the restore"
    assert house.mailbox.handed == []


def test_an_alert_is_not_sent_again(house: House) -> None:
    """An article that was told at once, and is read again after a restore, interrupts nobody."""
    house.reader(alerts=True)
    house.back_up()
    house.read(1, END + 2 * HOUR, points=90)
    house.round(END + 2 * HOUR, with_alerts=True)
    house.put_back()
    house.read(2, END + 3 * HOUR, points=95)
    house.read(1, END + 3 * HOUR, points=90)
    house.round(END + 3 * HOUR, with_alerts=True)
    alerts = [message for message in house.mailbox.handed if message.kind.value == "alert"]

    assert ["Report 1" in one.text for one in alerts] == [True, False]
    assert ["Report 2" in one.text for one in alerts] == [False, True]


def test_a_person_may_say_until_when_all_was_told(house: House) -> None:
    """Where the journal is lost too, one line of a person's keeps old digests from going out."""
    house.reader()
    house.read(1, NIGHT - HOUR)
    house.back_up()
    house.round(END + HOUR)
    (house.folder / "told.jsonl").unlink()
    house.put_back()
    house.journal.told_until(END + HOUR, END + 2 * HOUR)
    said = house.round(END + 2 * HOUR)
    house.read(2, END + 3 * HOUR)
    house.round(END + DAY)

    assert said == "0 made, 0 quiet, 1 told before the restore"
    assert ["Report 1" in one.text for one in house.mailbox.handed] == [True, False]


def test_a_line_that_a_crash_cut_off_spoils_no_other(house: House) -> None:
    """Half a line is passed over; what comes after it is read."""
    house.reader()
    house.read(1, NIGHT - HOUR)
    house.back_up()
    with (house.folder / "told.jsonl").open("w") as file:
        file.write('{"made":"1@2026')
    house.round(END + HOUR)
    house.put_back()

    assert "told before" in house.round(END + 2 * HOUR)
    assert len(house.mailbox.handed) == 1


def test_a_journal_that_cannot_be_written_stops_no_mail(house: House, tmp_path: Path) -> None:
    """The mails go out; what is wrong is kept for the operator."""
    house.reader()
    house.read(1, NIGHT - HOUR)
    (tmp_path / "full").write_text("a file where a folder should be")
    house.journal = Journal(tmp_path / "full" / "told.jsonl")
    house.round(END + HOUR)

    assert len(house.mailbox.handed) == 1
    assert "File exists" in house.journal.trouble
    assert [one.kind for one in house.store.notices.open()] == ["mail.journal"]


def test_the_journal_names_nobody(house: House) -> None:
    """Neither an address of a reader nor one of an article stands in the file."""
    house.reader(alerts=True)
    house.read(1, NIGHT - HOUR, points=90)
    house.round(END + HOUR, with_alerts=True)
    written = (house.folder / "told.jsonl").read_text()

    assert '"made"' in written
    assert '"alerted"' in written
    assert "ngo.example/" not in written
    assert "reader" not in written
    assert "news" not in written


def test_old_lines_are_dropped_when_the_file_is_large(house: House) -> None:
    """The file does not grow for ever; what a copy could need stays."""
    for day in range(3):
        house.journal.sent(f"<{day}@ngo.example>", NOW - 40 * day * DAY)
    path = house.folder / "told.jsonl"
    path.write_text(path.read_text() + "\n" * 5_000_000)
    house.journal.trim(NOW)

    assert path.read_text().count("\n") == 2
    assert house.journal.was_sent("<0@ngo.example>", since=NOW)
    assert not house.journal.was_sent("<2@ngo.example>", since=NOW - 99 * DAY)


def test_who_left_since_the_copy_stays_away(house: House) -> None:
    """A restored database does not write again to somebody who unsubscribed; returning works."""
    one = house.reader()
    house.back_up()
    house.read(1, NIGHT - HOUR)
    house.store.subscribers.remove(one.key)
    house.round(END + HOUR)
    house.put_back()
    house.read(1, END + 2 * HOUR)
    house.round(END + DAY)
    gone = house.store.subscribers.get(one.key)
    kinds = [notice.kind for notice in house.store.notices.open()]
    house.store.subscribers.restore(one.key, END + DAY + HOUR)
    house.read(2, END + DAY + 2 * HOUR)
    house.round(END + 2 * DAY)

    assert gone
    assert not gone.is_active
    assert kinds == ["subscriber.left"]
    assert ["Report 2" in message.text for message in house.mailbox.handed] == [True]
