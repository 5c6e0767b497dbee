"""Documents that can lie are checked: generated pages are current, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.reference import generated_files

CHECKOUT = Path(__file__).resolve().parent.parent
PAGES = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", sorted(generated_files()))
def test_generated_files_are_current(name: str) -> None:
    """`make docs` would change nothing."""
    assert (CHECKOUT / name).read_text(encoding="utf-8") == generated_files()[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a document exists."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text)
    missing = [
        link
        for link in links
        if not re.match(r"[a-z]+:", link) and not (page.parent / link).exists()
    ]

    assert missing == []


def test_readme_commands_exist() -> None:
    """Every make target and monitor command that the README and the first lesson name exists."""
    text = "".join(
        (CHECKOUT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/start.md")
    )
    targets = set(re.findall(r"`?\bmake ([a-z]+)\b", text)) - {"alone"}
    commands = set(re.findall(r"\bmonitor ([a-z]+)\b", text))
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    page = (CHECKOUT / "docs/reference/commands.md").read_text(encoding="utf-8")

    assert {one for one in targets if not re.search(rf"^{one}:", makefile, re.MULTILINE)} == set()
    assert {one for one in commands if f"## `monitor {one}" not in page} == set()
