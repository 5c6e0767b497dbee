"""Pure parts of the pages: marks in a text, changes between texts, pictures, lists of reasons."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.people import Person, Role
from monitor.core.reviewing import Look
from monitor.core.rules import COMPUTED
from monitor.core.values import Band, Match, Score
from review import access, pages, visits
from review.changes import WORD_LIMIT, shortened, word_changes
from review.charts import HEIGHT, WIDTH, Column, stacked
from review.inbox import choice, reasons, telling
from review.item import explained
from review.marks import marked, paragraphs
from review.overview import day_starts


@st.composite
def text_with_matches(draw: st.DrawFn) -> tuple[str, list[Match]]:
    """Return a text and matches that stand in it, overlapping or not."""
    text = draw(st.text(alphabet="ab 북한Русь\n", min_size=1, max_size=60))
    matches = []
    for number in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        matches.append(
            Match(
                rule=f"rule-{number % 3}",
                points=draw(st.integers(-5, 30)),
                field="text",
                surface=text[start:end],
                start=start,
                end=end,
                label=f"gloss {number % 2}",
            )
        )
    return text, matches


@given(text_with_matches())
def test_pieces_join_to_the_text_and_every_match_is_covered(
    given_text: tuple[str, list[Match]],
) -> None:
    """No letter is lost or doubled, and each match lies inside one marked piece."""
    text, matches = given_text
    whole = marked(text, matches, field="text")
    at = 0
    spans = []
    for piece in whole.pieces:
        spans.append((at, at + len(piece.text), piece))
        at += len(piece.text)

    assert "".join(piece.text for piece in whole.pieces) == text
    assert whole.misplaced == 0
    for match in matches:
        assert match.start is not None
        assert match.end is not None
        holder = next(one for start, end, one in spans if start <= match.start < end)
        assert match in holder.matches
        assert holder.labels


@given(text_with_matches())
def test_each_gloss_is_printed_once_at_its_first_place(
    given_text: tuple[str, list[Match]],
) -> None:
    """The first piece of each gloss prints it; later ones carry it in their title alone."""
    pieces = [one for one in marked(*given_text, field="text").pieces if one.matches]
    printed = [label for one in pieces if one.is_first for label in one.labels]

    assert set(printed) == {label for one in pieces for label in one.labels}


@given(text_with_matches())
def test_paragraphs_lose_only_line_breaks_and_empty_lines(
    given_text: tuple[str, list[Match]],
) -> None:
    """Cutting into paragraphs keeps every word and every mark."""
    text, matches = given_text
    lines = paragraphs(marked(text, matches, field="text"))
    joined = ["".join(piece.text for piece in line) for line in lines]

    assert joined == [line for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize(
    ("start", "end", "surface"),
    [(0, 3, "xyz"), (-1, 2, "c"), (2, 2, ""), (0, 99, "abc"), (5, 9, "abcd"), (None, None, "abc")],
)
def test_wrong_offsets_give_no_mark(start: int | None, end: int | None, surface: str) -> None:
    """A match that does not stand where it says is counted, never shown elsewhere."""
    match = Match(rule="r", points=1, field="text", surface=surface, start=start, end=end)
    whole = marked("abc", [match], field="text")

    assert [piece.matches for piece in whole.pieces] == [()]
    assert whole.misplaced == (start is not None)


texts = st.text(alphabet="ab ,.\n북한노동Русь12", max_size=80)


@given(texts, texts)
def test_changes_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    """What stayed and went is the old text; what stayed and came is the new one."""
    changes = word_changes(before, after)

    assert "".join(one.text for one in changes if one.kind != "new") == before
    assert "".join(one.text for one in changes if one.kind != "gone") == after


@given(texts)
def test_equal_texts_have_no_change(text: str) -> None:
    """A text differs from itself in nothing."""
    assert all(one.kind == "same" for one in word_changes(text, text))


def test_changes_in_korean_show_the_letters_that_changed() -> None:
    """A number in a Korean sentence is shown alone, not the whole sentence."""
    changes = word_changes("북한 노동자 40명이 일한다", "북한 노동자 42명이 일한다")

    assert [(one.kind, one.text) for one in changes if one.kind != "same"] == [
        ("gone", "40"),
        ("new", "42"),
    ]


def test_very_long_texts_are_compared_by_line() -> None:
    """Beyond the limit the comparison stays quick, and still leads from one to the other."""
    before = "\n".join(f"word {number}" for number in range(WORD_LIMIT))
    after = before.replace("word 17\n", "other 17\n").replace("word 3990\n", "other 3990\n")
    changes = word_changes(before, after)

    assert [one.text for one in changes if one.kind == "new"] == ["other 17\n", "other"]


def test_the_worst_texts_are_compared_in_time() -> None:
    """Two megabytes of lines that repeat are one change, at once; every word is still there."""
    before, after = "b\n" + "a\n" * 500_000, "c\n" + "d\na\n" * 250_000
    changes = word_changes(before, after)

    assert "".join(one.text for one in changes if one.kind != "new") == before
    assert "".join(one.text for one in changes if one.kind != "gone") == after


def test_unchanged_runs_are_shortened() -> None:
    """Long runs that stayed are cut beside the changes; the changes are whole."""
    short = shortened(
        word_changes("a " * 500 + "old " + "b " * 500, "a " * 500 + "new " + "b " * 500)
    )

    assert [one.text for one in short if one.kind != "same"] == ["old", "new"]
    assert sum(len(one.text) for one in short) < 400


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000)),
        max_size=90,
    )
)
def test_bars_stay_inside_the_picture(counts: list[tuple[int, int, int]]) -> None:
    """Whatever the numbers, every bar lies inside; its height is in proportion."""
    columns = [
        Column(str(n), (("queue", a), ("digest", b), ("alert", c)))
        for n, (a, b, c) in enumerate(counts)
    ]
    picture = stacked(columns)

    assert len(picture.stacks) == len(columns)
    for stack in picture.stacks:
        for bar in stack.bars:
            assert 0 <= bar.x <= bar.x + bar.width <= WIDTH + 0.1
            assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
        assert len(stack.bars) == sum(count > 0 for _, count in stack.column.parts)


@given(
    st.dictionaries(
        st.sampled_from(["band", "state", "lang", "feed", "since", "until", "q", "order", "page"]),
        st.text(),
    )
)
def test_any_filter_can_be_asked(asked: dict[str, str]) -> None:
    """No query makes a filter that the store cannot answer, and choosing again changes nothing."""
    chosen = choice(asked)
    now = datetime.fromtimestamp(0, UTC)
    mina = visits.Visit(
        path="/",
        query=asked,
        form={},
        parts={},
        language="en",
        zone=ZoneInfo("Asia/Seoul"),
        who=Person(key=1, name="Mina", role=Role.ANALYST),
        now=now,
    )

    assert choice(chosen.fields()) == chosen
    assert 0 <= chosen.filter(mina, Look(since=None, last_at=now)).offset <= 300_000


def test_why_line_tells_new_words_first_and_each_once() -> None:
    """Repeated wordings, rule names and computed sums come after what a reader can judge."""

    def found(rule: str, points: int, surface: str | None) -> Match:
        return Match(rule=rule, points=points, field="text", surface=surface)

    matches = (
        found("labour", 30, "북한"),
        found("in-russia", 22, "북한"),
        found("title", 50, None),
        found("cap", -200, None),
        found("visas", 8, "학생비자"),
    )
    score = Score(score=0, raw=0, decision=Band.REJECT, lang=None, matches=matches)
    told = [(line.rule, [match.surface for match in line.matches]) for line in telling(score)]

    assert told == [
        ("labour", ["북한"]),
        ("visas", ["학생비자"]),
        ("in-russia", []),
        ("title", []),
    ]


@given(
    st.lists(
        st.builds(
            Match,
            rule=st.sampled_from(("labour", "visas", *COMPUTED)),
            points=st.integers(-50, 50),
            surface=st.sampled_from((None, "북한", "visa")),
        )
    )
)
def test_found_words_lead_and_the_cap_closes(matches: list[Match]) -> None:
    """Whatever the points: no sum stands before a rule that found something; nothing is lost."""
    score = Score(score=0, raw=0, decision=Band.REJECT, lang=None, matches=tuple(matches))
    lines = reasons(score)
    computed = [line.is_computed for line in lines]
    of_text = [abs(line.points) for line in lines if not line.is_computed]

    assert computed == sorted(computed)
    assert of_text == sorted(of_text, reverse=True)
    assert all(line.rule != "cap" for line in lines[:-1])
    assert sum(line.points for line in lines) == sum(match.points for match in matches)
    assert [line.is_computed for line in telling(score)] == sorted(
        line.is_computed for line in telling(score)
    )


@given(st.lists(st.builds(Match, rule=st.sampled_from("abc"), points=st.integers(-50, 50))))
def test_explanation_keeps_every_point(matches: list[Match]) -> None:
    """Grouping by rule loses no line and no point."""
    lines = explained(matches)

    assert sum(points for _, points, _ in lines) == sum(match.points for match in matches)
    assert sum(len(found) for _, _, found in lines) == len(matches)


@given(
    st.integers(1_577_836_800, 2_051_222_400).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.sampled_from(["UTC", "Asia/Seoul", "America/New_York", "Asia/Pyongyang", "Europe/Berlin"]),
)
def test_days_tile_the_month(now: datetime, zone: str) -> None:
    """The days follow each other without gap or overlap, and the last one holds now."""
    starts = day_starts(now, ZoneInfo(zone))

    assert len(starts) == 31
    assert [start.date().toordinal() for start in starts] == list(
        range(starts[0].date().toordinal(), starts[0].date().toordinal() + 31)
    )
    assert starts[-2] <= now < starts[-1]


@pytest.mark.parametrize("module", [access, pages, visits])
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    """What a docstring shows is what happens."""
    failed, attempted = doctest.testmod(module)

    assert (failed, attempted > 0) == (0, True)
