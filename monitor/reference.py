"""What is generated from the program, so that it cannot lie: feeds.schema.json and reference pages.

`python -m monitor.reference DIR` writes every generated file below a checkout; a test fails while
one of them differs from what this module returns. Never edit those files by hand: descriptions live
beside the keys they describe, in `monitor.feedkeys` and `monitor.settings`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from monitor.codepage import codes_page
from monitor.commandpage import commands_page
from monitor.core.egress import FAMILIES
from monitor.core.spans import span_text
from monitor.feedkeys import KEY_ORDER, DefaultKeys, FeedKeys, FileKeys
from monitor.rightspage import rights_page
from monitor.settingkeys import TABLE


def generated_files() -> dict[str, str]:
    """Map the path below a checkout to the text that belongs there."""
    return {
        "feeds.schema.json": schema_text(),
        "docs/reference/feeds.md": feeds_page(),
        "docs/reference/settings.md": settings_page(),
        "docs/reference/commands.md": commands_page(),
        "docs/reference/codes.md": codes_page(),
        "docs/reference/rights.md": rights_page(),
    }


def write_generated(checkout: Path) -> None:
    """Write every generated file below `checkout`."""
    for name, text in generated_files().items():
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- feeds.schema.json


def schema_text() -> str:
    """Return the JSON Schema of feeds.yaml, for editors that complete and check while typing."""
    schema = FileKeys.model_json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    for name, model in (("DefaultKeys", DefaultKeys), ("FeedKeys", FeedKeys)):
        definition = definitions[name]
        properties = definition["properties"]
        definition["properties"] = {
            key: _property(properties[key], model.model_fields[key])
            for key in KEY_ORDER
            if key in properties
        }
        definition.pop("title")
    properties = schema["properties"]
    properties["version"] = {
        "type": "integer",
        "const": 1,
        "description": FileKeys.model_fields["version"].description,
    }
    properties["defaults"].pop("default")
    properties["feeds"].pop("title")
    complete = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "feeds.yaml of Dispatch Watch",
        **{key: value for key, value in schema.items() if key != "title"},
    }
    return json.dumps(complete, indent=2, ensure_ascii=False) + "\n"


def _property(given: Mapping[str, Any], field: FieldInfo) -> dict[str, Any]:
    """Return a key's schema as the file is written: spans as text, no null, no Python titles."""
    found = dict(given)
    choices = found.pop("anyOf", None)
    if choices:
        found |= next(choice for choice in choices if choice.get("type") != "null")
    found.pop("title")
    found.pop("default", None)
    if not field.is_required() and field.default not in (None, "", ()):
        found["default"] = _written(field.default)
    return found


def _written(value: object) -> object:
    return span_text(value) if isinstance(value, timedelta) else value


# ---------------------------------------------------------------- docs/reference/feeds.md

_FEEDS_HEAD = """# feeds.yaml

<!-- Generated from monitor/feedkeys.py by `make docs`. Do not edit. -->

The list of feeds. `monitor check` reads it and names every mistake with line and column;
`monitor run` takes over an edit by itself, and keeps the old list while the new one has a mistake.

```yaml
# yaml-language-server: $schema=feeds.schema.json
version: 1

defaults:
  every: 1h

feeds:
  # ------------ Russian Far East: local press
  # newsvl.ru, not vl.ru/rss.
  - id: newsvl
    url: https://www.newsvl.ru/rss/
    title: VL.ru новости (Vladivostok)
    lang: ru
    country: RU
    category: far-east
    tags: [local]
    every: 20m
    default_tz: Asia/Vladivostok
```

The first line lets editors that know the YAML language server complete keys and mark mistakes.
Two feeds may share neither an id nor an address; http or https and a final slash do not count.
Values are read as they are written: `country: NO` is Norway. Anchors, aliases and tags of YAML
are refused.

A span of time is a number and `m`, `h` or `d`: `30m`, `6h`, `2d`.
"""


def feeds_page() -> str:
    """Return docs/reference/feeds.md."""
    parts = [_FEEDS_HEAD]
    parts.append("\n## The file\n\n")
    for key, field in FileKeys.model_fields.items():
        parts.append(f"### `{key}`\n\n{field.description}\n\n")
    parts.append("## A feed\n\n`id` and `url` must be there; everything else may be left out.\n\n")
    for key in KEY_ORDER:
        parts.append(_key_section(key, FeedKeys))
    return "".join(parts).rstrip() + "\n"


def _key_section(key: str, model: type[BaseModel]) -> str:
    field = model.model_fields[key]
    lines = [f"### `{key}`", "", str(field.description), ""]
    if field.is_required():
        lines.append("- Must be there.")
    elif field.default in (None, "", ()):
        lines.append("- Left out: nothing.")
    else:
        lines.append(f"- Left out: `{_yaml(_written(field.default))}`.")
    if field.examples:
        lines.append(f"- Example: `{key}: {_yaml(field.examples[0])}`")
    if key in DefaultKeys.model_fields:
        lines.append("- May also stand under `defaults`, for every feed.")
    return "\n".join(lines) + "\n\n"


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(str(part) for part in value) + "]"
    return str(value)


# ---------------------------------------------------------------- docs/reference/settings.md

_SETTINGS_HEAD = """# Settings

<!-- Generated from monitor/settingkeys.py by `make docs`. Do not edit. -->

Settings are about the machine and the people who run it; what is watched stands in
[feeds.yaml](feeds.md) and in rules/.

Each value comes from the first of these that gives one: the option on the command line (where a
command has it), the variable, the file that the variable with `_FILE` behind its name points to,
systemd's credentials (secrets only: a file named like the setting), the default.
An empty variable counts as not set. Relative paths count from the current folder.
`monitor config show` prints every value and where it came from, with secrets masked;
`monitor check` names every mistake at once.

Passwords belong into files: `MONITOR_SMTP_PASSWORD_FILE=/run/secrets/smtp_password`.
They appear in no log, no page and no export.
"""


def settings_page() -> str:
    """Return docs/reference/settings.md."""
    parts = [_SETTINGS_HEAD, "\n"]
    for setting in TABLE:
        example = f"{setting.variable}_FILE" if setting.secret else setting.variable
        lines = [f"## `{setting.variable}`", "", setting.about, ""]
        if setting.default:
            lines.append(f"- Left out: `{setting.default}`.")
        if setting.secret:
            lines.append("- Secret: masked wherever settings are shown.")
        lines.append(f"- Example: `{example}={setting.example}`")
        parts.append("\n".join(lines) + "\n\n")
    for family in FAMILIES:
        parts.append(
            f"## `{family.variable}`\n\n{family.about}\n\n- Left out: there are none.\n"
            f"- Secret: masked wherever settings are shown.\n- Example: `{family.example}`\n\n"
        )
    return "".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    write_generated(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
