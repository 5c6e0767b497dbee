"""docs/reference/rights.md, from the routes themselves: every address and who may ask for it."""

from __future__ import annotations

from monitor.core.people import Role
from review.app import GET, POST
from review.desk import Open
from review.reader import PATH as READERS

OPEN = {
    Open.PROBE: "machines that ask whether the program lives and can work",
    Open.SIGNED_LINK: "whoever holds the signed link of a mail",
    Open.LOG_IN: "everybody, to log in",
}


def rights_page() -> str:
    """Return the page: addresses by the role they need, the least first."""
    rows = [
        (method, path, needs)
        for method, found in (("GET", GET), ("POST", POST))
        for path, _, needs in found
    ]
    listed = {(method, path) for method, path, _ in rows}
    rows += [
        (method, READERS, Open.SIGNED_LINK)
        for method in ("GET", "POST")
        if (method, READERS) not in listed
    ]
    lines = [
        "# Who may ask for what",
        "",
        "Generated from the routes by `python -m monitor.reference`. Each role may also do what "
        "the roles above it may. GET only shows, POST changes. What is not listed does not exist.",
    ]
    for needs, who in (
        *((one, f"Without a log-in: {text}") for one, text in OPEN.items()),
        *((role, role.value.capitalize()) for role in Role),
    ):
        lines += ["", f"## {who}", ""]
        lines += sorted(f"- `{method} {path}`" for method, path, needed in rows if needed is needs)
    return "\n".join(lines) + "\n"
