"""The command line as a subprocess: names, options, JSON keys and exit codes of contracts."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from email import message_from_string
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from monitor.newsroom import Newsroom

Monitor = Callable[..., CompletedProcess[str]]


def test_poll_reports_what_it_saw_and_again_finds_nothing_new(monitor: Monitor) -> None:
    """`poll --once --json` asks each feed exactly once; entries equal the sum of the fates."""
    first = json.loads(monitor("poll", "--once", "--spacing", "0", "--json").stdout)
    second = json.loads(monitor("poll", "--once", "--spacing", "0", "--json").stdout)

    assert set(first) == {"feeds", "entries", "fates", "outcomes", "seconds"}
    assert sum(first["fates"].values()) == first["entries"] > 15
    assert sum(first["outcomes"].values()) == first["feeds"]
    assert second["outcomes"]["not_modified"] == first["outcomes"]["parsed"]
    assert second["entries"] == 0


def test_poll_takes_named_feeds_and_refuses_unknown_ones(monitor: Monitor) -> None:
    """Named feeds are polled due or not; an unknown name is a usage error that names it."""
    named = json.loads(monitor("poll", "vestnik-zaliva", "--json").stdout)
    unknown = monitor("poll", "no-such-feed")

    assert named["feeds"] == 1
    assert unknown.returncode == 2
    assert "no-such-feed" in unknown.stderr
    assert unknown.stdout == ""


TRY_KEYS = {"status", "error_code", "http_status", "next_poll_s", "entries", "mail", "csv"}
ENTRY_KEYS = {"id", "title", "link", "html", "text", "published", "score", "decision", "profiles"}


def test_try_answers_with_the_page_the_mail_and_the_table(
    monitor: Monitor, newsroom: Newsroom
) -> None:
    """`try --json` prints one object with the agreed keys, and stores nothing."""
    answer = monitor("try", f"{newsroom.url}/vestnik-zaliva/feed.xml", "--json")
    found = json.loads(answer.stdout)

    assert answer.returncode == 0
    assert set(found) == TRY_KEYS
    assert found["status"] == "parsed"
    assert all(set(entry) == ENTRY_KEYS for entry in found["entries"])
    assert message_from_string(found["mail"])["Subject"]
    assert found["entries"][0]["html"].lower().startswith("<!doctype html>")
    assert found["csv"].count("\r\n") >= len(found["entries"]) + 1
    assert found["next_poll_s"] >= 300


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nowhere", "not_found"),
        ("/vestnik-zaliva/", "not_a_feed"),
        (":80/feed", "private_address"),
    ],
)
def test_try_ends_in_an_outcome_code(
    monitor: Monitor, newsroom: Newsroom, path: str, code: str
) -> None:
    """Whatever the address answers, the exit code is 0 and the outcome has a name."""
    base = "http://127.0.0.2" if path.startswith(":") else newsroom.url
    answer = monitor("try", f"{base}{path}", "--json")

    assert answer.returncode == 0
    assert json.loads(answer.stdout)["error_code"] == code
    assert json.loads(answer.stdout)["status"] == "rejected"


def test_score_answers_each_line_in_order_and_goes_on_after_a_bad_one(monitor: Monitor) -> None:
    """JSON lines in, JSON lines out; a bad line gives an error with its id, and exit 1."""
    lines = [
        '{"id": "a", "title": "North Korean workers in Vladivostok lose passports", "text": ""}',
        "not json",
        '{"id": 7, "title": 3, "text": "x"}',
        '{"id": "b", "title": "Football", "text": "A game.", "lang": "en", "feed": "x"}',
    ]
    answer = monitor("score", "--jsonl", "-", given="\n".join(lines) + "\n")
    found = [json.loads(line) for line in answer.stdout.splitlines()]

    assert answer.returncode == 1
    assert [one["id"] for one in found] == ["a", None, 7, "b"]
    assert ["error" in one for one in found] == [False, True, True, False]
    assert found[0]["score"] == sum(match["points"] for match in found[0]["matches"])
    assert (found[0]["decision"], found[3]["decision"]) == ("alert", "reject")


def test_why_tells_the_fate_of_an_address(monitor: Monitor) -> None:
    """`why` answers from the ledger for what was seen, and exits 1 for what never was."""
    monitor("poll", "golden-horn-courier")
    listing = monitor("try", "http://127.0.0.1:1/x", "--json")
    assert json.loads(listing.stdout)["entries"] == []
    seen = monitor("why", "1")
    unseen = monitor("why", "https://nobody.example/1")

    assert seen.returncode == 0
    assert "golden-horn-courier: stored" in seen.stdout
    assert unseen.returncode == 1
    assert "no feed ever showed" in unseen.stdout


def test_verdicts_are_kept_and_unknown_items_refused(monitor: Monitor) -> None:
    """`verdict` changes the item's state; an unknown number is a clear error."""
    monitor("poll", "golden-horn-courier")
    given = monitor("verdict", "1", "relevant", "--teach", "--note", "by phone")
    refused = monitor("verdict", "999", "relevant")

    assert given.returncode == 0
    assert json.loads(monitor("why", "1", "--json").stdout)["item"]["state"] == "relevant"
    assert refused.returncode == 1
    assert "no item 999" in refused.stderr


def test_mistakes_in_files_are_named_and_never_a_traceback(monitor: Monitor, folder: Path) -> None:
    """`check` names file, line and column of every mistake and ends with 78."""
    assert monitor("check").returncode == 0
    text = (folder / "feeds.yaml").read_text(encoding="utf-8")
    (folder / "feeds.yaml").write_text(text.replace("lang: ru", "lagn: ru", 1), encoding="utf-8")

    answer = monitor("check")

    assert answer.returncode == 78
    assert re.search(r"feeds\.yaml:\d+:\d+: feeds\.\d+\.lagn: .*lang", answer.stderr)
    assert "Traceback" not in answer.stderr


def test_init_writes_a_folder_that_checks_and_keeps_what_is_there(
    monitor: Monitor, tmp_path: Path
) -> None:
    """`init` writes the starter files once; a second time it keeps the operator's."""
    target = tmp_path / "new"
    assert monitor("init", str(target)).returncode == 0
    (target / "feeds.yaml").write_text("version: 1\nfeeds: []\n", encoding="utf-8")

    again = monitor("init", str(target))

    assert "kept" in again.stdout
    assert (target / "feeds.yaml").read_text(encoding="utf-8") == "version: 1\nfeeds: []\n"
    assert (target / "rules").is_dir()


def test_digest_preview_prints_a_digest_and_stores_nothing(monitor: Monitor) -> None:
    """`digest preview` shows what would be told; windows stay as they were."""
    monitor("poll", "--once", "--spacing", "0")
    shown = monitor("digest", "preview", "--include-backfill")

    assert shown.returncode == 0
    assert shown.stdout.startswith("Subject: ")
    assert "No digest was made yet." in monitor("digest", "windows").stderr


def test_a_digest_is_tried_out_on_the_house_alone(monitor: Monitor) -> None:
    """`digest test` refuses an address that is no tester; what is not held is not approved."""
    monitor("subscribers", "add", "a@example.org", "--analyst")
    refused = monitor("digest", "test", "a@example.org", "--to", "spy@evil.example")
    sent = monitor("digest", "test", "a@example.org", "--to", "a@example.org")

    assert refused.returncode == 2
    assert "Tests go only to: a@example.org." in refused.stderr
    assert sent.returncode == 0
    assert "Nothing waits for an editor." in monitor("digest", "approve").stderr


def test_subscribers_are_added_listed_and_erased(monitor: Monitor) -> None:
    """A subscriber is one line; a wrong address or zone is a usage error that names it."""
    assert monitor("subscribers", "add", "a@example.org", "--zone", "Asia/Seoul").returncode == 0
    assert "a@example.org" in monitor("subscribers", "list").stdout
    assert monitor("subscribers", "add", "a b@example.org").returncode == 2
    assert monitor("subscribers", "add", "b@example.org", "--zone", "Mars/Base").returncode == 2
    assert monitor("subscribers", "remove", "a@example.org", "--erase").returncode == 0
    assert "a@example.org" not in monitor("subscribers", "list").stdout


def test_every_command_has_help_and_unknown_ones_are_usage_errors(monitor: Monitor) -> None:
    """`--help` exits 0 and shows examples; an unknown command or option exits 2."""
    for words in ([], ["poll"], ["try"], ["score"], ["run"], ["digest", "preview"]):
        answer = monitor(*words, "--help")
        assert answer.returncode == 0
        assert "Usage" in answer.stdout
    assert monitor("no-such-command").returncode == 2
    assert monitor("poll", "--no-such-option").returncode == 2


def test_demo_shows_two_digests_and_leaves_the_mails(monitor: Monitor, folder: Path) -> None:
    """`demo --exit` prints the second day's digest and the paths of mails that exist."""
    earlier = folder / "dispatch-watch-mails-earlier"
    earlier.mkdir()
    os.utime(earlier, (0, 0))
    answer = monitor("demo", "--exit")
    paths = re.findall(r"\S+\.eml", answer.stderr)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("Subject: ")
    assert len(paths) == 6
    assert not earlier.exists()
    assert all(Path(path).stat().st_size > 1000 for path in paths)
    assert "Traceback" not in answer.stderr


def test_kept_items_are_found_and_exported_without_withheld_names(
    monitor: Monitor, folder: Path
) -> None:
    """`search` finds two-letter words; `export` is a table without what must not leave."""
    monitor("poll", "--once", "--spacing", "0")
    (folder / "var").mkdir(exist_ok=True)
    (folder / "var" / "withheld.txt").write_text("Vladivostok\n", encoding="utf-8")

    found = monitor("search", "북한", "--json")
    table = monitor("export", "csv", "--band", "reject")
    lines = monitor("export", "jsonl", "--band", "digest")

    assert found.returncode == 0
    assert all("북한" in json.loads(line)["title"] + line for line in found.stdout.splitlines())
    assert table.stdout.startswith("key,score,decision,")
    assert "Vladivostok" not in table.stdout + lines.stdout
    assert {json.loads(line)["decision"] for line in lines.stdout.splitlines()} <= {
        "digest",
        "alert",
    }


def test_a_table_of_subscribers_is_taken_whole_or_not_at_all(
    monitor: Monitor, folder: Path
) -> None:
    """A wrong line is named with file and line, and nobody is added."""
    table = folder / "people.csv"
    table.write_text("address,zone,at\na@example.org,Asia/Seoul,08:00\nb@example.org,Mars,9\n")
    refused = monitor("subscribers", "import", str(table))
    table.write_text("address,zone,at\na@example.org,Asia/Seoul,08:00\n")
    taken = monitor("subscribers", "import", str(table))
    paused = monitor("subscribers", "pause", "a@example.org", "--until", "2099-12-24")

    assert refused.returncode == 78
    assert "people.csv:3" in refused.stderr
    assert taken.returncode == 0
    assert "1 added" in taken.stderr
    assert paused.returncode == 0


def test_a_tip_is_read_scored_and_has_its_fate(monitor: Monitor, newsroom: Newsroom) -> None:
    """`add` takes a link like an entry of a feed; added twice it is known; a note is kept."""
    monitor("poll", "golden-horn-courier")
    trial = json.loads(monitor("try", f"{newsroom.url}/vestnik-zaliva/feed.xml", "--json").stdout)
    link = trial["entries"][0]["link"]

    first = json.loads(monitor("add", link, "--note", "from a reader", "--json").stdout)
    again = json.loads(monitor("add", link, "--json").stdout)
    refused = monitor("add", "http://127.0.0.2/inside")

    assert [(one["feed"], one["fate"]) for one in first["fates"]] == [("tips", "stored")]
    assert first["item"]["title"].startswith(trial["entries"][0]["title"])
    assert again["item"]["id"] == first["item"]["id"]
    assert refused.returncode in (0, 78)
    assert "Traceback" not in refused.stderr
