"""What the pages may do beside deciding: take a tip, preview the edited rules, apply, go back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from web import samples
from web.drafts import EMPTY, Folder, draft
from web.test_words import pseudo, unspoken
from web.visitors import Visitor, find, tree, words

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.reports import FateLine, FateReport
from monitor.core.tlp import Tlp
from monitor.core.values import Fate
from review.desk import Draft
from review.visits import SOMEBODY
from store import Store

# ---------------------------------------------------------------- tips


def test_a_tip_leads_to_its_item(filled: Store, visiting: Callable[..., Visitor]) -> None:
    """The form hands over address, note and name; the answer is the item's page."""
    asked = []

    def tipped(url: str, *, note: str, actor: str, tlp: Tlp) -> FateReport:
        asked.append((url, note, actor, tlp))
        return filled.ledger.why(3)

    visitor = visiting(add_tip=tipped)
    visitor.post("/you", {"name": "Mina"})
    form = find(visitor.page("/"), "form.tip")[0]
    answer = visitor.post(
        form.action, {"url": " https://a.example/7 ", "note": " by phone ", "tlp": "amber"}
    )

    assert [name for name, _ in form.fields.items()] == ["url", "note", "tlp"]
    assert asked == [("https://a.example/7", "by phone", "Mina", Tlp.AMBER)]
    assert (answer.status_code, answer.headers["location"]) == (303, "/items/3")


def test_a_refused_tip_says_why_and_keeps_what_was_written(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """An address that must not be asked is not lost: the form stands there again, filled in."""

    def refused(url: str, *, note: str, actor: str, tlp: Tlp) -> FateReport:
        raise ConfigurationErrors([Problem(file=url, message="leads to a <private> network")])

    visitor = visiting(add_tip=refused)
    answer = visitor.post("/tips", {"url": 'http://10.0.0.1/"><b>', "note": "n"})
    page = tree(answer)

    assert answer.status_code == 422
    assert "leads to a <private> network" in words(find(page, "p.bad")[0])
    assert dict(find(page, "form.tip")[0].fields) == {
        "url": 'http://10.0.0.1/"><b>',
        "note": "n",
        "tlp": "clear",
    }
    assert unspoken(tree(visiting(add_tip=refused, catalogue=pseudo).post("/tips", {"url": "x"})),
                    title_is_foreign=False) == []  # fmt: skip


@pytest.mark.parametrize("url", ["", "   ", "https://a.example/" + "x" * 2_000])
def test_no_address_and_an_endless_one_are_not_asked(
    filled: Store, visiting: Callable[..., Visitor], url: str
) -> None:
    """Nothing is asked for an empty form, and a long address is not cut to another one."""
    asked: list[str] = []

    def tipped(url: str, *, note: str, actor: str, tlp: Tlp) -> FateReport:
        asked.append(url)
        return filled.ledger.why(3)

    answer = visiting(add_tip=tipped).post("/tips", {"url": url})

    assert answer.status_code == 422
    assert asked == []


def test_a_tip_without_an_item_shows_its_fate(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """When the page cannot be had yet, the answer says so and names the ledger."""
    line = FateLine(
        feed_id="tips",
        feed_title="Tips",
        polled_at=samples.NOW,
        fate=Fate.PENDING,
        reason="New in this feed.",
        title="",
        link=None,
        decided_at=samples.NOW,
    )
    report = FateReport(asked="https://a.example/7", lines=(line,))
    visitor = visiting(add_tip=lambda url, **_: report)
    answer = visitor.post("/tips", {"url": "https://a.example/7"})

    assert answer.status_code == 200
    assert "seen; its page is still to be read and scored" in words(tree(answer))
    assert find(tree(answer), "a[href='/why?url=https%3A//a.example/7']")


def test_a_tip_that_was_overtaken_is_not_called_taken(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """When the ledger knows nothing of it, the page says that it was not kept, form filled in."""
    visitor = visiting(add_tip=lambda url, **_: FateReport(asked=url))
    answer = visitor.post("/tips", {"url": "https://a.example/7"})
    page = tree(answer)

    assert answer.status_code == 422
    assert "Nothing was kept. Another tip came" in words(find(page, "p.bad")[0])
    assert dict(find(page, "form.tip")[0].fields)["url"] == "https://a.example/7"


# ---------------------------------------------------------------- rules


def test_a_preview_counts_who_comes_and_goes(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """Per band how many enter and leave, the first twenty by name, and a form to apply it."""
    visitor = visiting(edit_rules=Folder(draft(25)))
    form = find(visitor.page("/rules"), "form[action='/rules/preview']")[0]
    page = tree(visitor.post(form.action, {}))
    rows = [words(row) for row in find(page, "table.numbers tbody tr")]
    apply = find(page, "form[action='/rules/apply']")[0]

    assert rows == ["alert 0 25", "digest 0 25", "queue 0 0"]
    assert [words(one) for one in find(page, "td a")] == [f"Story <b>{n}</b>" for n in range(20)]
    assert "5 more" in words(page)
    assert dict(apply.fields) == {"version": samples.RULES_HASH, "reason": None}


def test_rules_are_applied_as_previewed_with_a_reason(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """Name and reason are kept; without a reason, or of other files, nothing is put in force."""
    folder = Folder()
    visitor = visiting(edit_rules=folder)
    visitor.post("/you", {"name": "Mina"})
    version = samples.RULES_HASH
    silent = visitor.post("/rules/apply", {"version": version, "reason": "  "})
    other = visitor.post("/rules/apply", {"version": "ffff", "reason": "new names"})
    before = list(folder.done)
    answer = visitor.post("/rules/apply", {"version": version, "reason": " new names "})

    assert [silent.status_code, other.status_code, before] == [422, 422, []]
    assert "Say why" in words(tree(silent))
    assert "Nothing was put in force" in words(tree(other))
    assert (answer.status_code, answer.headers["location"]) == (303, "/rules")
    assert folder.done == [("apply", version, "Mina", "new names")]


def test_rules_that_drop_examples_name_them_and_cannot_be_applied(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """The page shows what would be lost and what would come through, and offers no form."""
    golden = replace(EMPTY, dropped=("seed 07-visas", "item 3"), raised=("item 9",))
    folder = Folder(draft(golden=golden))
    visitor = visiting(edit_rules=folder)
    page = tree(visitor.post("/rules/preview", {}))
    answer = visitor.post("/rules/apply", {"version": samples.RULES_HASH, "reason": "all the same"})

    assert [words(one) for one in find(page, "ul.dropped li")] == ["seed 07-visas", "item 3"]
    assert find(page, "ul.dropped a[href='/items/3']")
    assert not find(page, "form[action='/rules/apply']")
    assert (answer.status_code, folder.done) == (422, [])


@pytest.mark.parametrize("given", [None, draft(0, is_live=True)])
def test_nothing_to_apply_offers_no_form(
    filled: Store, visiting: Callable[..., Visitor], given: Draft | None
) -> None:
    """Files with a mistake are named with it; files that are in force already are said to be."""
    page = tree(visiting(edit_rules=Folder(given)).post("/rules/preview", {}))
    said = "in force" if given else "rules/1.yaml:3: no such key"

    assert said in words(find(page, "main")[0])
    assert not find(page, "form[action='/rules/apply']")


def test_an_earlier_version_can_be_put_back(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """Every version but the one in force has a form; the reason goes with it."""
    now = "beef" * 16
    filled.rulebooks.save(now, {"rules/30-work.yaml": "rules: []\n"}, samples.NOW)
    filled.rulebooks.apply(now, now=samples.NOW, actor="Oleg", reason="second rules")
    folder = Folder()
    visitor = visiting(edit_rules=folder)
    forms = find(visitor.page("/rules"), "form[action='/rules/rollback']")
    answer = visitor.post(forms[0].action, {**dict(forms[0].fields), "reason": "too strict"})
    unknown = visitor.post("/rules/rollback", {"version": "nope", "reason": "x"})

    assert [dict(form.fields)["version"] for form in forms] == [samples.RULES_HASH]
    assert answer.headers["location"] == "/rules"
    assert folder.done == [("rollback", samples.RULES_HASH, SOMEBODY, "too strict")]
    assert unknown.status_code == 404


@pytest.mark.parametrize("path", ["/tips", "/rules/preview", "/rules/apply", "/rules/rollback"])
def test_what_nobody_lends_is_not_offered(filled: Store, visitor: Visitor, path: str) -> None:
    """Without the house behind it a page shows no form, and the address does nothing."""
    pages = [visitor.page("/"), visitor.page("/rules")]

    assert visitor.post(path, {"url": "https://a.example/", "reason": "x"}).status_code == 404
    assert not [form for page in pages for form in find(page, f"form[action='{path}']")]


@pytest.mark.parametrize(
    "given",
    [None, draft(25), draft(golden=replace(EMPTY, dropped=("item 3",), raised=("item 9",)))],
)
def test_no_preview_bypasses_the_catalogues(
    filled: Store, visiting: Callable[..., Visitor], given: Draft | None
) -> None:
    """Previews and refusals speak the reader's language."""
    visitor = visiting(edit_rules=Folder(given), catalogue=pseudo)
    answers = [
        visitor.get("/rules"),
        visitor.post("/rules/preview", {}),
        visitor.post("/rules/apply", {"version": "x", "reason": "x"}),
        visitor.post("/rules/apply", {"version": "x"}),
    ]
    for answer in answers:
        assert unspoken(tree(answer), title_is_foreign=False) == []
