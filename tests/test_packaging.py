"""The wheel: what it carries, and that it works away from the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the checkout, with the tools that are installed."""
    out = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "-w", out, CHECKOUT], check=True
    )
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., CompletedProcess[str]]:
    """Install the wheel elsewhere; return a function that runs its `monitor` from yet elsewhere."""
    target, away = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("away")
    options = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", target, wheel], check=True
    )

    def run(*words: str) -> CompletedProcess[str]:
        return subprocess.run(
            [target / "bin" / "monitor", *words],
            cwd=away,
            capture_output=True,
            text=True,
            timeout=180,
            env={
                "PATH": os.defpath,
                "HOME": str(away),
                "TMPDIR": str(away),
                "PYTHONPATH": str(target),
            },
        )

    return run


def test_the_wheel_carries_everything_and_nothing_of_tests_or_collected_things(
    wheel: Path,
) -> None:
    """Templates, migrations, catalogues, starter files and newsroom are inside; tests are not."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    expected = (
        r"alerts/templates/digest\.html",
        r"alerts/templates/digest\.txt",
        r"review/templates/queue\.html",
        r"review/static/.+\.css",
        r"store/migrations/versions/0001_first\.py",
        r"monitor/catalogues/ru\.po",
        r"monitor/catalogues/ko\.po",
        r"monitor/starter_files/feeds\.yaml",
        r"monitor/starter_files/feeds\.schema\.json",
        r"monitor/starter_files/rules/.+\.yaml",
        r"monitor/starter_files/corpus/.+\.md",
        r"monitor/newsroom/data/outlets/.+\.md",
    )
    missing = [one for one in expected if not any(re.fullmatch(one, name) for name in names)]

    assert missing == []
    assert not [name for name in names if name.split("/")[0] in {"tests", "var", "bench", "docs"}]


@pytest.mark.parametrize("words", [("--help",), ("init", "here"), ("check", "--config", "here")])
def test_the_installed_program_works_away_from_the_checkout(
    installed: Callable[..., CompletedProcess[str]], words: tuple[str, ...]
) -> None:
    """Help, starter files and their check need nothing but the wheel."""
    installed("init", "here")
    answer = installed(*words)

    assert answer.returncode == 0, answer.stderr


def test_the_installed_demo_does_the_whole_job(
    installed: Callable[..., CompletedProcess[str]],
) -> None:
    """The sample newsroom, rules and templates are found inside the wheel."""
    answer = installed("demo", "--exit")

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("Subject: ")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_carry_hashes_and_no_addresses(name: str) -> None:
    """Every requirement of a lock has a hash, and no index is named."""
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    requirements = re.findall(r"^[a-z0-9][^ ]*==.*$", text, re.MULTILINE | re.IGNORECASE)

    assert len(requirements) > 50
    assert len(re.findall(r"--hash=sha256:", text)) >= len(requirements)
    assert "://" not in text
    assert "--index-url" not in text


def test_what_runs_is_pinned_alike_for_running_and_for_testing() -> None:
    """The tests run on the very versions that users get."""
    pins = [
        dict(re.findall(r"^([a-z0-9._-]+)==([^ ]+)", (CHECKOUT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    run, test = pins

    assert {name: test.get(name) for name in run} == run
