"""A mail's HTML inside a page of ours: in a frame that may do nothing and load nothing.

The words in it are other people's. The document forbids itself everything but its own styles, the
frame takes away its origin as well, and only our own pages may put it into a frame.
"""

from __future__ import annotations

from typing import TypeVar

from starlette.responses import HTMLResponse, Response

from review.access import POLICY

R = TypeVar("R", bound=Response)

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


def framed(html: str) -> Response:
    """Return a document for the frame."""
    headers = {"content-security-policy": SANDBOX, "x-frame-options": "SAMEORIGIN"}
    return HTMLResponse(html, headers=headers)


def framing(page: R) -> R:
    """Let a page hold such a frame."""
    page.headers["content-security-policy"] = f"{POLICY}; frame-src 'self'"
    return page
