"""The way out of single feeds through the whole house: proxies, names, keys, marks."""

from __future__ import annotations

from pathlib import Path

import pytest
from clocks import StandingClock
from edges.rawsite import RawSite, answer, raw_site
from edges.tinyproxy import proxying

from monitor.app import open_watch
from monitor.core.reports import QueueFilter
from monitor.core.requests import UNVERIFIED
from monitor.core.values import Band
from monitor.feedround import check_feeds, check_pages
from monitor.newsroom import moment
from monitor.settings import load_settings
from monitor.starter import shipped
from monitor.trial import Trials

FEED = """<rss version="2.0"><channel><title>East</title><item><title>North Korean workers</title>
<link>{site}/story</link><guid>1</guid><description>Short.</description></item></channel></rss>"""
PAGE = b"<html><body><article><p>" + b"North Korean workers were seen. " * 40 + b"</p></article>"
FILE = """
via:
  far-east: vladivostok
defaults:
  user_agent: neutral/1.0
feeds:
  - id: east
    url: {site}/feed
    category: far-east
    user_agent: reader/2.0 (+mailto:reader@example.org)
  - id: own
    url: {site}/own
    category: far-east
    via: direct
    tls: unverified
"""


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_a_group_of_feeds_is_asked_through_its_proxy_for_all_purposes(
    tmp_path: Path, kind: str
) -> None:
    """Poll, page, robots.txt, check and dry run of a feed take its proxy and bear its name."""
    for name in ("rules", "corpus"):
        (tmp_path / name).symlink_to(shipped() / name)
    with raw_site() as site, proxying(kind, user="reader") as proxy:
        site.say("/feed", answer("200 OK", FEED.format(site=site.url).encode()))
        site.say("/own", answer("200 OK", FEED.format(site=site.url + "/2").encode()))
        site.say("/story", answer("200 OK", PAGE, "Content-Type: text/html"))
        (tmp_path / "feeds.yaml").write_text(FILE.format(site=site.url))
        (tmp_path / "proxy").write_text(f"{kind}://reader:word@127.0.0.1:{proxy.port}\n")
        settings = load_settings(
            {"config": str(tmp_path), "allow_private": site.opening},
            environ={"MONITOR_VIA_VLADIVOSTOK_FILE": str(tmp_path / "proxy")},
            folder=tmp_path,
        )
        with open_watch(settings, clock=StandingClock(moment(1)), spacing=0.0) as watch:
            assert watch.follow_feeds()
            report = watch.pipeline.poll(["east"])
            polled = _asked(site)
            (feed,) = (one for one in watch.feeds.feeds if one.id == "east")
            parts = {"fetcher": watch.fetcher, "workers": watch.workers, "clock": watch.clock}
            checks = list(check_feeds([feed], **parts))
            check_pages(checks, fetcher=watch.fetcher)
            Trials(**parts).feed(feed)
            through = len(proxy.goals)
            watch.pipeline.poll(["own"], pages=False)
            everything = QueueFilter(bands=tuple(Band))
            kept = watch.store.items.queue(everything).items

    assert report.outcomes == {"parsed": 1}
    assert polled == ["/feed", "/robots.txt", "/story"]
    assert set(proxy.goals) == {site.opening}
    # Twice more the feed and its page; robots.txt is kept.
    assert through == len(polled) + 4
    assert len(proxy.goals) == through
    names = {asked.path: asked.header("user-agent") for asked in site.asked}
    assert {names[path] for path in polled} == {"reader/2.0 (+mailto:reader@example.org)"}
    assert names["/own"] == "neutral/1.0"
    # What came from whoever answered is marked on the item itself.
    assert {item.feed_id: UNVERIFIED in item.notes for item in kept} == {"east": False, "own": True}


def _asked(site: RawSite) -> list[str]:
    return [asked.path for asked in site.asked]
