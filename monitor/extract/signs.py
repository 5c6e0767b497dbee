"""Signs that a page is not the article it should be: walls, error pages, empty shells, teasers.

All of them answer 200. An article made of a cookie notice would be scored, shown and mailed; one
that is only a teaser must be shown as such. Phrases count only where there is little other text.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from monitor.core.values import ErrorCode, Fetched

_BINARY: Final = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "an image or a sound"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"\x1f\x8b", "an archive"),
    (b"{\\rtf", "an office document"),
    (b"\x00\x00\x00\x18ftyp", "a video"),
    (b"\x00\x00\x00\x20ftyp", "a video"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound"),
)


def not_a_page(body: bytes) -> str | None:
    """Say what the bytes are when they are no page."""
    return next((what for mark, what in _BINARY if body.startswith(mark)), None)


_CONSENT_HOST: Final = re.compile(r"^(?:consent|guce|privacy-mgmt|cmp|choices|myprivacy)\.")
_CONSENT: Final = re.compile(
    r"before you continue|we (?:value|care about|respect) your privacy|accept (?:all )?cookies"
    r"|your privacy (?:choices|matters|is important)|manage (?:your )?(?:cookie|consent|privacy)"
    r"|we (?:and our|use) (?:\d+ )?(?:partners|cookies)"
    r"|принять (?:все )?(?:файлы )?cookie|мы используем (?:файлы )?(?:cookie|куки)"
    r"|쿠키.{0,20}(?:동의|허용|사용)|(?:cookie|クッキー).{0,20}(?:同意|使用|許可)|接受.{0,8}cookie",
    re.IGNORECASE,
)
_NOT_FOUND: Final = re.compile(
    r"^\W*404\W*(?:$|[-–—:|]|error|not found|page)|(?:error|ошибка|오류|エラー|错误)\W*404"
    r"|(?:page|article|story|content|file)\s+(?:\w+\s+){0,2}(?:not (?:be )?found"
    r"|does(?:n['’]t| not) exist|no longer (?:available|exists))"
    r"|^\W*not found\b|not found\s*(?:$|[-–—|])"
    r"|страниц\w+ (?:не найден|не существует|удален|недоступн)|такой страницы (?:нет|не существует)"
    r"|^(?:материал|новость|статья|документ) (?:не найден|удал[её]н)"
    r"|페이지를 찾을 수 없|존재하지 않는 (?:페이지|기사)|삭제된 (?:기사|페이지)|기사를 찾을 수 없"
    r"|없는 기사입니다"
    r"|ページが見つかりません|お探しの(?:ページ|記事)|記事は(?:存在しません|削除)|ページは存在しません"
    r"|页面不存在|找不到(?:页面|该页)|页面未找到|文章不存在|(?:页面|文章)已(?:被)?删除"
    r"|頁面不存在|找不到(?:頁面|網頁)",
    re.IGNORECASE,
)
_LOGIN: Final = re.compile(
    r"(?:log ?in|sign ?in|login required|please (?:log|sign) in|вход(?: на сайт)?|войти"
    r"|авторизация|로그인|회원 ?로그인|ログイン|会員登録|登录|登入|會員登入)\s*(?:[-–—|:·].*)?",
    re.IGNORECASE,
)
_SCRIPT_WANTED: Final = re.compile(
    r"(?:enable|turn on|requires?|without|activate) javascript"
    r"|javascript (?:is )?(?:required|disabled|to run this app)"
    r"|включите javascript|включить javascript|자바스크립트를|javascriptを有効"
    r"|启用 ?javascript|啟用 ?javascript",
    re.IGNORECASE,
)
_PAYWALL: Final = re.compile(
    r"subscribe (?:now )?(?:to (?:continue|read|keep reading|unlock)|for (?:full|unlimited) access)"
    r"|(?:this (?:article|content|story) is (?:for|only (?:for|available to)"
    r"|exclusive to|reserved for) (?:\w+ )?(?:subscribers|members))"
    r"|(?:already a (?:subscriber|member)\?)|to continue reading"
    r"|continue reading (?:with|by)|subscribers only|become a (?:subscriber|member) to"
    r"|(?:доступ|материал|статья|текст).{0,30}(?:по подписке|для подписчиков|только подписчик)"
    r"|оформите подписку|чтобы (?:прочитать|читать|продолжить).{0,40}подпис"
    r"|для продолжения чтения|유료 ?(?:회원|기사|구독)|구독자 전용"
    r"|로그인 후 (?:이용|기사)|회원 전용"
    r"|有料(?:会員|記事)|会員限定|この記事は.{0,20}(?:会員|有料)|続きを読むには|残り\s*\d+\s*文字"
    r"|付费(?:阅读|内容|文章)|订阅后(?:阅读|继续)|会员专享|登录后(?:阅读|查看)|付費(?:閱讀|內容)|訂閱後",
    re.IGNORECASE,
)
_CUT_SENTENCE: Final = re.compile(r"(?:\.\.\.|…|\[\.\.\.\]|\[…\])\s*(?:[\w\s]{0,40})\s*$")
_EASTERN: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_LITTLE: Final = 400
_SHORT: Final = 1_500


def size(text: str) -> int:
    """Return how much a text says, in letters; an eastern syllable or ideograph holds three."""
    return len(text) + 2 * len(_EASTERN.findall(text))


def wall(text: str, *, title: str, url: str, has_password: bool, wants_scripts: bool) -> str | None:
    """Say why a page of little text is not the article; None when nothing speaks against it."""
    if _CONSENT_HOST.match(urlsplit(url).hostname or ""):
        return "a consent page instead of the article"
    if size(text) > _SHORT:
        return None
    if _CONSENT.search(f"{title}\n{text}") and size(_without(_CONSENT, text)) < _LITTLE // 2:
        return "a consent page instead of the article"
    if size(text) <= 2 * _LITTLE and _NOT_FOUND.search(title or text[:200]):
        return "the page says that there is no such article"
    if _LOGIN.fullmatch(title.strip()) or (has_password and size(text) < _LITTLE):
        return "a login page instead of the article"
    if size(text) <= _LITTLE and (wants_scripts or _SCRIPT_WANTED.search(f"{title}\n{text}")):
        return "the page shows its text only to browsers with scripts"
    return None


def _without(pattern: re.Pattern[str], text: str) -> str:
    """Return the paragraphs that do not match."""
    return "\n".join(line for line in text.splitlines() if not pattern.search(line))


def went_home(page: Fetched) -> bool:
    """Tell whether a deep address was answered with a site's front page: a soft 404."""
    if not page.hops:
        return False
    asked, got = urlsplit(page.request.url), urlsplit(page.url)
    return got.path in ("", "/") and not got.query and len(asked.path) > 1


def wants_scripts(script_bytes: int, text: str) -> bool:
    """Tell an application's shell: much script, next to no text."""
    return script_bytes > 2_000 and size(text) < _LITTLE // 2


def is_teaser(text: str, *, is_free: bool | None) -> bool:
    """Tell the opening of an article from the whole, by what the page says and where it ends."""
    if size(text) > 3 * _SHORT:
        return False
    ending = text[-400:]
    is_cut = size(text) < _SHORT and _CUT_SENTENCE.search(ending) is not None
    return is_free is False or is_cut or _PAYWALL.search(ending) is not None


def without_paywall_lines(text: str) -> str:
    """Take out the sentences that sell the rest of the article."""
    lines = text.splitlines()
    return "\n".join(
        line for line in lines if not (len(line) < 300 and _PAYWALL.search(line))
    ).strip()


def unsupported(what: str) -> tuple[ErrorCode, str]:
    """Return the error and the note for bytes that are no page."""
    return ErrorCode.UNSUPPORTED_TYPE, f"not a page but {what}"
