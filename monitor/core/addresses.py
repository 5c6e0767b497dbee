"""Which texts are an e-mail address that we write to. Pure.

Stricter than the standard on purpose: no comments, no quoting, no display name, no white space.
What is allowed here can be put into a header or an SMTP command as it is; lenient readers of
addresses have turned `alice@example.org(<bob@evil.example>` into alice with a strange name.
"""

from __future__ import annotations

import re

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def mail_address(text: str) -> str | None:
    """Return the address with its domain in lower-case ASCII, or None when it is none.

    A domain in another script becomes its ASCII form; a local part in another script is refused,
    because many servers still cannot deliver to it.
    """
    local, at, domain = text.strip(" ").rpartition("@")
    if not at or len(local) > 64 or _LOCAL.fullmatch(local) is None:
        return None
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = ascii_domain.split(".")
    if len(labels) < 2 and ascii_domain != "localhost":
        return None
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return None
    address = f"{local}@{ascii_domain}"
    return address if len(address) <= 254 else None
