"""Writes a migration from the tables: `python -m store.migrations new "Add what for"`.

It holds the difference between the tables and the last migration; read it before you commit it, and
run the storage tests. Until the first release `python -m store.migrations first` writes the first
migration anew from all tables instead.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from alembic import command

from store.migrate import configured
from store.session import Database

VERSIONS = Path(__file__).parent / "versions"


def main() -> int:
    """Write one migration and format it."""
    parser = argparse.ArgumentParser(prog="python -m store.migrations", description=__doc__)
    parser.add_argument("what", choices=("new", "first"))
    parser.add_argument("message", nargs="?", default="Create all tables")
    given = parser.parse_args()
    later: dict[Path, str] = {}
    if given.what == "first":
        # The later ones stand on it: they are put aside meanwhile.
        for old in VERSIONS.glob("*.py"):
            later[old] = old.read_text(encoding="utf-8")
            old.unlink()
        name = "0001_first"
        later.pop(VERSIONS / f"{name}.py", None)
    else:
        words = re.sub(r"\W+", "_", given.message.lower()).strip("_")
        name = f"{len(list(VERSIONS.glob('*.py'))) + 1:04}_{words}"
    database = Database("sqlite://")
    with database.migrating() as connection:
        config = configured(connection)
        if given.what == "new":
            command.upgrade(config, "head")
        command.revision(config, message=given.message, autogenerate=True, rev_id=name)
    for path, text in later.items():
        path.write_text(text, encoding="utf-8")
    for tool in ("check --fix --quiet --ignore E501", "format --quiet"):
        subprocess.run(
            [sys.executable, "-m", "ruff", *tool.split(), str(VERSIONS / f"{name}.py")], check=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
