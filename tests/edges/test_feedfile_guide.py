"""The operators' guide and the glossary name what there is, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from monitor.cli import app
from monitor.core.values import Band, Fate, FeedState, Verdict
from monitor.settingkeys import TABLE

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "guides" / "operators.md").read_text("utf-8")
GLOSSARY = (DOCS / "glossary.md").read_text("utf-8")


def commands() -> dict[str, set[str]]:
    """Map every command, `feeds check` and the like, to its options."""
    found: dict[str, set[str]] = {}
    waiting = [("", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        inner = getattr(command, "commands", {})
        waiting += [(f"{name} {word}".strip(), part) for word, part in inner.items()]
        if not inner:
            found[name] = {
                option for parameter in command.params for option in getattr(parameter, "opts", ())
            }
    return found


def test_every_command_in_the_guide_exists_with_its_options() -> None:
    """What people copy from the guide can be run."""
    known = commands()
    wrong = []
    for written in re.findall(
        r"(?:^|`)monitor ((?:[a-z-]+)(?: [^`#|>&\n]*)?)", GUIDE, re.MULTILINE
    ):
        words = written.split()
        name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), None)
        if name is None:
            wrong.append(written)
            continue
        wrong += [word for word in words if word.startswith("--") and word not in known[name]]

    assert wrong == []
    assert len(re.findall(r"monitor [a-z]", GUIDE)) > 20


def test_every_state_of_a_feed_is_explained_with_what_to_do() -> None:
    """Nobody meets a state that the guide does not know."""
    rows = re.findall(r"^\| `([a-z_]+)` \| (.+?) \| (.+?) \|$", GUIDE, re.MULTILINE)

    assert {name for name, *_ in rows} == {state.value for state in FeedState}
    assert all(state.value in GLOSSARY for state in FeedState)


def test_every_setting_in_the_guide_exists() -> None:
    """A variable that nobody reads helps nobody."""
    known = {setting.variable for setting in TABLE}
    known |= {f"{variable}_FILE" for variable in known}

    assert set(re.findall(r"MONITOR_[A-Z_]+", GUIDE)) <= known


@pytest.mark.parametrize("kind", [Fate, Band, Verdict])
def test_the_glossary_has_every_word_of_the_house(kind: type[Fate | Band | Verdict]) -> None:
    """Each value that people see stands in the glossary."""
    assert [word.value for word in kind if word.value not in GLOSSARY] == []


def test_the_links_lead_somewhere() -> None:
    """No link of the two pages is broken."""
    broken = [
        (page, target)
        for page in (DOCS / "guides" / "operators.md", DOCS / "glossary.md")
        for target in re.findall(r"\]\(([^)#:]+)", page.read_text("utf-8"))
        if not target.startswith("https")
        and not (page.parent / target).exists()
        and not target.endswith("rules.md")
    ]

    assert broken == []
