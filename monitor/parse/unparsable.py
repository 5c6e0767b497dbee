"""The one exception of reading feeds. It crosses a process border, so it can be pickled."""

from __future__ import annotations

from monitor.core.errors import MonitorError
from monitor.core.values import ErrorCode


class Unparsable(MonitorError):
    """The document is no feed, or is too damaged to be one.

    `detail` says in one line what it is, `hint` what the operator can do about it.
    """

    def __init__(self, code: ErrorCode, detail: str, hint: str = "") -> None:
        super().__init__(code, detail, hint)
        self.code = code
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.detail} {self.hint}".strip()
