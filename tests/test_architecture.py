"""The house's rules that a machine can check: layers, doors, purity, sizes."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGES = ("monitor", "store", "alerts", "review")
SOURCES = sorted(
    path.relative_to(CHECKOUT)
    for package in PACKAGES
    for path in (CHECKOUT / package).rglob("*.py")
)
CORE = [path for path in SOURCES if path.parts[:2] == ("monitor", "core")]


def _tree(path: Path) -> ast.Module:
    return ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))


def test_imports_follow_the_layers_and_each_library_has_one_door() -> None:
    """import-linter's contracts hold."""
    program = Path(sys.executable).parent / "lint-imports"
    answer = subprocess.run(
        [program, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True, timeout=120
    )

    assert answer.returncode == 0, answer.stdout[-3000:]


@pytest.mark.parametrize("path", CORE, ids=str)
def test_the_core_asks_no_clock_and_opens_nothing(path: Path) -> None:
    """What the import contracts cannot see: now(), today(), open(), print(), input()."""
    asked = [
        f"{path}:{node.lineno}"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in {"now", "utcnow", "today"})
            or (isinstance(node.func, ast.Name) and node.func.id in {"open", "print", "input"})
        )
    ]

    assert asked == []


def test_the_environment_is_read_in_one_file() -> None:
    """os.environ belongs to monitor/settings.py."""
    readers = [
        str(path)
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
        if isinstance(node.value, ast.Name) and node.value.id == "os"
    ]

    assert set(readers) == {"monitor/settings.py"}


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_modules_say_why_they_exist_and_stay_small(path: Path) -> None:
    """Every module opens with a docstring; files stay under 500 lines, functions under 60."""
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    tree = ast.parse(text)
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long_ones = [
        f"{node.name} {(node.end_lineno or 0) - node.lineno}"
        for node in functions
        if (node.end_lineno or 0) - node.lineno > 60
    ]
    exempt = "migrations/versions" in str(path)  # generated

    assert ast.get_docstring(tree)
    assert exempt or text.count("\n") <= 500
    assert exempt or long_ones == []


MARKS = {"_", "N_", "gettext", "ngettext", "pgettext", "npgettext"}


def test_no_message_is_marked_inside_an_f_string() -> None:
    """Babel looks into f-strings on Python 3.12 and later only: elsewhere it stays English."""
    hidden = [
        f"{path}:{call.lineno}"
        for path in SOURCES
        for text in ast.walk(_tree(path))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", getattr(call.func, "attr", None)) in MARKS
    ]

    assert hidden == []


def test_every_test_says_which_rule_it_protects() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno} {node.name}"
        for path in sorted((CHECKOUT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert silent == []
