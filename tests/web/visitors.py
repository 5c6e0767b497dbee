"""A browser without a browser: asks the app in this process, keeps cookies, reads pages."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
from lxml import html
from starlette.types import ASGIApp


class Visitor:
    """A browser without a browser: asks the app in this process and keeps its cookies."""

    def __init__(self, app: ASGIApp, *, base: str = "http://localhost:8000") -> None:
        self.app = app
        self.base = base
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Send one request; redirects are not followed, crashes come back as 500 pages."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url=self.base, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **given)
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET a page; `accept_language` becomes Accept-Language."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", path, headers=named)

    def page(self, path: str, **headers: str) -> html.HtmlElement:
        """GET a page that must be there, as a tree."""
        answer = self.get(path, **headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return tree(answer)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """POST a form."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, data=fields, headers=named)


def tree(answer: httpx.Response) -> html.HtmlElement:
    """Return an answer as a tree."""
    return html.fromstring(answer.content, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))


def words(element: html.HtmlElement) -> str:
    """Return the text of an element with single blanks; a line break and a cell are blanks too."""
    source = html.tostring(element, encoding="unicode", with_tail=False)
    for tag in ("<br>", "</td>", "</p>", "</option>"):
        source = source.replace(tag, f" {tag}")
    return " ".join(html.fromstring(source).text_content().split())


_STEP = re.compile(
    r"(?P<tag>[a-z0-9]*)(?P<rest>(?:\.[\w-]+|#[\w-]+|\[[\w-]+='[^']*'\]|\[[\w-]+\])*)"
)
_PART = re.compile(
    r"\.(?P<class>[\w-]+)|#(?P<id>[\w-]+)|\[(?P<name>[\w-]+)(?:='(?P<value>[^']*)')?\]"
)


def find(page: html.HtmlElement, selector: str) -> list[html.HtmlElement]:
    """Return the elements that fit a simple CSS selector: tag, .class, #id, [name='value'], >."""
    path = "."
    axis = "//"
    for step in selector.split():
        if step == ">":
            axis = "/"
            continue
        found = _STEP.fullmatch(step)
        assert found, f"not a selector that we read: {step}"
        path += axis + (found["tag"] or "*")
        for part in _PART.finditer(found["rest"]):
            if part["class"]:
                path += (
                    f"[contains(concat(' ', normalize-space(@class), ' '), ' {part['class']} ')]"
                )
            elif part["id"]:
                path += f"[@id='{part['id']}']"
            elif part["value"] is None:
                path += f"[@{part['name']}]"
            else:
                path += f"[@{part['name']}='{part['value']}']"
        axis = "//"
    return page.xpath(path)
