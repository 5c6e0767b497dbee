"""Topics: which items a reader of topics gets, with which score, under which heading."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rulebooks import shipped, written
from tellings import END, WINDOW, a_subscriber, an_item

from monitor.core.digests import choose, is_wanted
from monitor.core.scoring import score
from monitor.core.topics import (
    band_under,
    best_band,
    best_topic,
    complaint,
    is_of_topics,
    item_under,
    orphan_lines,
    orphans,
    score_under,
    topic_headings,
    unknown_topics,
)
from monitor.core.values import Band, Item, Match, ProfileScore, ScoreInput

RULES = """
entities:
  nk: {label: North Korea, en: [North Korea]}
  worker: {label: workers, en: [worker]}
  russia: {label: Russia, en: [Russia]}
  ship: {label: ships, en: [ship]}
rules:
  - {id: r, near: [nk, worker], weight: 30}
  - {id: place, any: [russia], weight: 10}
  - {id: at-sea, any: [ship], weight: 25, profiles: [sea]}
thresholds: {queue: 10, digest: 30, alert: 60}
profiles:
  land: {label: On land, without: [place]}
  sea: {label: At sea, require: {digest: [at-sea]}}
  title-alone: {label: Title, only: [r], lead_words: 10, body_share: 0}
"""


def under(profile: str, band: Band, points: int = 40, peak: Band | None = None) -> ProfileScore:
    """Return what an item gets under a profile."""
    return ProfileScore(
        profile=profile,
        score=points,
        raw=points,
        decision=band,
        matches=(Match(rule="r", points=points),),
        peak=peak or band,
    )


def standing(*profiles: ProfileScore, band: Band = Band.DIGEST, key: int = 1) -> Item:
    """Return an item with these profile scores; `band` is that of the default decision."""
    item = an_item(key)
    return replace(item, score=replace(item.score, decision=band, profiles=profiles))


def test_rules_of_a_profile_count_under_it_alone() -> None:
    """The default decision knows nothing of a profile's own rules; the text is read once."""
    given = ScoreInput(title="", text="A worker from North Korea went to Russia on a ship.")
    result = score(given, written(RULES))
    assert (result.score, result.decision) == (40, Band.DIGEST)
    assert {one.profile: (one.score, one.decision) for one in result.profiles} == {
        "land": (30, Band.DIGEST),
        "sea": (65, Band.ALERT),
        "title-alone": (30, Band.DIGEST),
    }
    assert "at-sea" not in {match.rule for match in result.matches}


def test_a_profile_may_have_its_own_lead() -> None:
    """What is far down the body for one team can be in the lead for another."""
    text = "It rained for days. " * 30 + "A worker from North Korea left."
    result = score(ScoreInput(title="", text=text), written(RULES))
    bare = {one.profile: one.score for one in result.profiles}
    assert (bare["land"], bare["title-alone"]) == (15, 0)


TEXTS = st.lists(
    st.sampled_from(
        ["A worker from North Korea.", "Russia is cold.", "The ship left.", "It rained.", "\n\n"]
    ),
    max_size=12,
).map(" ".join)


@given(TEXTS, TEXTS)
def test_the_lines_of_each_profile_add_up(title: str, text: str) -> None:
    """Every point that a profile gives is a line, with or without the default's places."""
    result = score(ScoreInput(title=title, text=text), written(RULES))
    for one in result.profiles:
        assert sum(line.points for line in one.matches) == one.score
        shown = score_under(result, one)
        assert sum(line.points for line in shown.matches) == one.score == shown.score
        for line in shown.matches:
            if line.field is not None:
                source = title if line.field == "title" else text
                assert source[line.start : line.end] == line.surface


def test_a_profile_like_the_default_scores_like_the_default() -> None:
    """An empty profile is the default decision under another name."""
    book = written(RULES.replace("without: [place]", "without: []"))
    given = ScoreInput(title="Russia", text="A worker from North Korea. " * 3)
    result = score(given, book)
    land = result.profiles[0]
    assert (land.score, land.raw, land.decision) == (result.score, result.raw, result.decision)
    assert score_under(result, land).matches == result.matches


@pytest.mark.parametrize(
    ("item", "topics", "wanted"),
    [
        (standing(under("it", Band.DIGEST)), (), True),
        (standing(under("it", Band.DIGEST)), ("it",), True),
        (standing(under("it", Band.REJECT), under("sea", Band.DIGEST)), ("it",), False),
        (standing(under("it", Band.REJECT), under("sea", Band.DIGEST)), ("it", "sea"), True),
        # An edit that lowered the band hides nothing.
        (standing(under("it", Band.REJECT, peak=Band.DIGEST)), ("it",), True),
        # Scored before there was such a profile, or a name that nobody has: the default decides.
        (standing(under("it", Band.REJECT)), ("worksites",), True),
        (standing(under("it", Band.QUEUE), band=Band.REJECT), ("worksites",), False),
        # No topic claims it: whoever escalated it wanted somebody to read it.
        (standing(under("it", Band.REJECT), under("sea", Band.REJECT)), ("it",), True),
    ],
)
def test_who_gets_an_item(item: Item, topics: tuple[str, ...], wanted: bool) -> None:
    """A reader gets what is of one of their topics, and never loses what no topic claims."""
    assert is_of_topics(item, topics) is wanted
    assert is_wanted(a_subscriber(topics=topics), item) is wanted


def test_the_best_topic_is_the_one_with_the_best_band_then_points() -> None:
    """Of equal topics the one that the reader named first."""
    item = standing(
        under("a", Band.DIGEST, 30), under("b", Band.ALERT, 29), under("c", Band.ALERT, 28)
    )
    assert best_topic(item, ("a", "c", "b")) == "b"
    assert best_topic(item, ("a",)) == "a"
    assert band_under(item, "a") is Band.DIGEST
    assert best_band(item, ("a", "c")) is Band.ALERT
    assert best_band(item, ()) is item.score.decision
    equal = standing(under("a", Band.DIGEST, 30), under("b", Band.DIGEST, 30))
    assert best_topic(equal, ("b", "a")) == "b"


def test_a_reader_of_several_topics_finds_a_section_for_each() -> None:
    """Headings are the profiles' labels, items stand under their best topic with its score."""
    reader = a_subscriber(topics=("it", "sea"))
    ships = standing(under("it", Band.REJECT, 2), under("sea", Band.ALERT, 70), key=1)
    coders = replace(standing(under("it", Band.DIGEST, 41), under("sea", Band.REJECT, 1), key=2),
                     title="Coders hired from afar")  # fmt: skip
    digest = choose(
        [ships, coders],
        subscriber=reader,
        window=WINDOW,
        now=END,
        sections=topic_headings({"it": "IT workers"}),
    )
    told = {section.topic: [story.item.score.score for story in section.stories]
            for section in digest.sections}  # fmt: skip
    assert told == {"sea": [70], "IT workers": [41]}


def test_a_reader_of_one_topic_gets_the_usual_headings() -> None:
    """One topic needs no heading of its own; the score is still the topic's."""
    item = standing(under("it", Band.DIGEST, 41))
    digest = choose([item], subscriber=a_subscriber(topics=("it",)), window=WINDOW, now=END)
    (section,) = digest.sections
    assert section.topic != "it"
    assert section.stories[0].item.score.score == 41


def test_without_topics_nothing_changes() -> None:
    """Profiles are invisible to a reader who chose none."""
    item = standing(under("it", Band.ALERT, 90))
    assert item_under(item, ()) is item
    digest = choose([item], subscriber=a_subscriber(), window=WINDOW, now=END)
    assert [story.item for story in digest.stories] == [item]


def test_unknown_topics_are_named_with_the_nearest_known() -> None:
    """A slip of the pen is told with what was probably meant."""
    known = ["russia", "it-workers"]
    assert unknown_topics(["it-worker", "russia", "moon"], known) == {
        "it-worker": "it-workers",
        "moon": "",
    }
    assert complaint("it-worker", "it-workers", known) == (
        "no topic is named `it-worker`; did you mean `it-workers`?"
    )
    assert complaint("moon", "", known) == (
        "no topic is named `moon`; the rules have: russia, it-workers"
    )
    assert complaint("moon", "", []) == "no topic is named `moon`; the rules have no profiles"


def test_topics_that_only_subscribers_know_are_named_with_their_addresses() -> None:
    """An edit that drops a profile says who chose it; who gets no mail is not named."""
    readers = [
        a_subscriber(1, topics=("it", "moon")),
        a_subscriber(2, topics=("moon",)),
        a_subscriber(3, topics=("moon",), is_active=False),
        a_subscriber(4),
    ]
    found = orphans(readers, ["it"])
    assert found == {"moon": ["reader1@ngo.example", "reader2@ngo.example"]}
    assert orphan_lines(found) == [
        "no profile is named `moon`, which reader1@ngo.example, reader2@ngo.example chose; "
        "the default decision counts for them"
    ]


@pytest.mark.parametrize(
    ("title", "text", "bands"),
    [
        (
            "North Korean builders arrive in Vladivostok",
            "A hundred workers from North Korea came to a building site in Vladivostok.",
            {"russia": True, "it-workers": False, "sanctions": False},
        ),
        (
            "Laptop farm ran North Korean IT workers into US firms",
            "Prosecutors say that the IT workers used stolen identities to get remote jobs.",
            {"russia": False, "it-workers": True, "sanctions": False},
        ),
        (
            "Treasury sanctions Mokran LLC over North Korean labour in Russia",
            "OFAC listed the firm for exporting workers from North Korea to Russia.",
            {"russia": True, "it-workers": False, "sanctions": True},
        ),
        (
            "Qatar sends North Korean workers home",
            "The North Korean workers had built a stadium in Doha and left for Pyongyang.",
            {"russia": False, "it-workers": False, "sanctions": False},
        ),
        (
            "В Приморье северокорейские рабочие строят школу",
            "Рабочие из КНДР трудятся на стройке во Владивостоке.",
            {"russia": True, "it-workers": False, "sanctions": False},
        ),
        (
            "北 IT인력, 신분 도용해 미국 기업 위장취업",
            "북한 IT 인력이 원격근무로 외화를 벌어들였다고 연방수사국이 밝혔다.",
            {"russia": False, "it-workers": True},
        ),
    ],
)
def test_the_shipped_profiles_tell_apart(title: str, text: str, bands: dict[str, bool]) -> None:
    """Each shipped profile takes its own subject to the digest and leaves the others'."""
    result = score(ScoreInput(title=title, text=text), shipped())
    found = {one.profile: one.decision.rank >= Band.DIGEST.rank for one in result.profiles}
    assert {name: found[name] for name in bands} == bands
    assert result.decision.rank >= Band.DIGEST.rank
