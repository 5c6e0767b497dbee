"""Addresses of articles: when two spellings name the same page, and when they do not.

`canonical` makes a key for comparing, not an address to ask: fetch what the feed gave. It must
never merge two articles, so a query is kept (in Korea and China it often *is* the article) and
only parameters on a named list are dropped. http and https are one article; `www.` stays,
because a host decides that for itself (`host_flipped` compares across hosts of one owner).
No function here raises for any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from monitor.core.text import clean

MAX_LENGTH = 4096  # browsers and servers stop at 2 to 8 kB; a cut address would be another one

# Parameters that say how a reader came, never what is shown. Each was seen in public feeds or
# is documented by the service that appends it. Do not add a name that any site uses as a key.
_TRACKERS = frozenset(
    {
        "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "twclid", "yclid",
        "ysclid", "ymclid", "igshid", "igsh", "ttclid", "li_fat_id", "epik", "_openstat", "_ga",
        "_gl", "mc_cid", "mc_eid", "mkt_tok", "oly_enc_id", "oly_anon_id", "vero_id", "_hsenc",
        "_hsmi", "hss_channel", "s_kwcid", "ref_src", "ref_url", "xtor", "wt_mc", "wt.mc_id",
        "traffic_source", "ns_campaign", "ns_mchannel", "ns_source", "ns_linkname", "ns_fee",
        "at_medium", "at_campaign", "at_custom1", "at_custom2", "at_custom3", "at_custom4",
        "guccounter", "guce_referrer", "guce_referrer_sig", "__twitter_impression", "smid",
        "cmpid", "soc_src", "soc_trk", "rb_clickid", "ocid", "ncid", "spm", "fb_action_ids",
    }
)  # fmt: skip
_TRACKER_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "ga_")
# Dropped only with this very value: the names alone may be keys elsewhere.
_TRACKER_PAIRS = frozenset(
    (name, value)
    for name in ("ref", "source", "from", "partner", "mod", "emc", "input", "cid", "src")
    for value in ("rss", "rssfeed", "rss_feed", "feed", "rss1")
)
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BLANKS = re.compile(r"[\t\r\n]")
_ESCAPED_AMPERSAND = re.compile(r"&amp;|&#0?38;|&#x26;", re.IGNORECASE)


def absolute(base: str, link: str | None) -> str | None:
    """Return `link` as an absolute http(s) address, resolved against `base`; None if it is none.

    Spelling is kept, but for white space, line breaks inside, and `&amp;` that was escaped twice.
    """
    if not link:
        return None
    link = _ESCAPED_AMPERSAND.sub("&", _BLANKS.sub("", clean(link)).strip())
    if not link or len(link) > MAX_LENGTH:
        return None
    try:
        joined = link if _SCHEME.match(link) else urljoin(base, link)
        parts = urlsplit(joined)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in _PORTS or not host or "\\" in parts.netloc:
        return None
    return joined.replace(" ", "%20")


@lru_cache(maxsize=20_000)  # each link of a poll is asked for several times
def canonical(url: str | None) -> str | None:
    """Return the key under which an article is known, or None if `url` is no http(s) address.

    Lower-case host in ASCII (IDNA), https for both schemes on their default ports, no user, no
    dot segments, one way of escaping, no trackers, no fragment (but `#!/...` and `#/...`, which
    are addresses of pages made by scripts). Idempotent.
    """
    found = absolute("", url)
    if found is None:
        return None
    try:
        parts = urlsplit(found)
        port = parts.port
    except ValueError:
        return None
    host = _ascii_host(parts.hostname or "")
    if host is None:
        return None
    scheme = parts.scheme.lower()
    # Another port speaks one scheme only, so there the scheme is part of the key.
    is_usual = port in (None, 0, _PORTS[scheme])
    origin = f"https://{host}" if is_usual else f"{scheme}://{host}:{port}"
    path = _without_dots(_escaped(parts.path, "/:@!$&'()*+,;=~-._")) or "/"
    query = "&".join(_kept_parameters(parts.query))
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return (
        origin
        + path
        + (f"?{query}" if query else "")
        + (f"#{_escaped(fragment, '/:@!$&()*+,;=?~-._')}" if fragment else "")
    )


def _ascii_host(host: str) -> str | None:
    host = host.rstrip(".").lower()
    if ":" in host:
        host = f"[{host}]"
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return None
    return host if len(host) <= 253 and _HOST.fullmatch(host) else None


def _escaped(text: str, safe: str) -> str:
    """Escape as RFC 3986 wants it, each octet once: `%7e`, `%7E` and `~` come out alike."""
    # A reserved character that was escaped stays so: %2F in a name is no separator.
    out: list[str] = []
    for piece in re.split(r"(%[0-9A-Fa-f]{2})", text):
        if len(piece) == 3 and piece[0] == "%":
            octet = unquote_to_bytes(piece)
            char = chr(octet[0])
            out.append(
                char if char.isascii() and (char.isalnum() or char in "-._~") else piece.upper()
            )
        else:
            out.append(quote(piece.encode("utf-8", "replace"), safe=safe))
    return "".join(out)


def _without_dots(path: str) -> str:
    """Remove `.` and `..` segments (RFC 3986, 5.2.4) and doubled slashes at the beginning."""
    kept: list[str] = []
    segments = path.split("/")
    for number, segment in enumerate(segments):
        is_last = number == len(segments) - 1
        if segment in (".", ".."):
            if segment == ".." and len(kept) > 1:
                kept.pop()
            if is_last:
                kept.append("")
        else:
            kept.append(segment)
    joined = "/".join(kept)
    return "/" + joined.lstrip("/") if joined else ""


def _kept_parameters(query: str) -> Iterator[str]:
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        name, value = name.lower(), value.lower()
        if (
            parameter
            and name not in _TRACKERS
            and not name.startswith(_TRACKER_PREFIXES)
            and (name, value) not in _TRACKER_PAIRS
        ):
            yield _escaped(parameter, "/:@!$'()*+,;=?~-._")


# ---------------------------------------------------------------- owners of hosts

# Names under which anyone may register. The two-letter country domains follow a habit (co, com,
# or, go, ac ...); the rest are hosts whose subdomains belong to different people. Not the Public
# Suffix List (a file of 300 kB that ages): good enough to compare two hosts of one feed.
_SECOND_LEVEL = frozenset(
    {"co", "com", "or", "org", "go", "gov", "gob", "gouv", "ac", "edu", "ne", "net", "re", "pe",
     "mil", "kg", "hs", "ms", "es", "sc", "ed", "lg", "ad", "gr", "msk", "spb", "nov", "pp", "int",
     "info", "biz", "idv", "ltd", "plc", "me", "sch", "nhs", "police"}
)  # fmt: skip
_SHARED = frozenset(
    {"blogspot.com", "wordpress.com", "livejournal.com", "tistory.com", "substack.com", "github.io",
     "medium.com", "narod.ru", "ucoz.ru", "tumblr.com", "weebly.com", "wixsite.com", "netlify.app",
     "pages.dev", "vercel.app", "herokuapp.com", "blogspot.kr", "fc2.com", "hatenablog.com",
     "ghost.io", "typepad.com", "dreamwidth.org", "web.app", "firebaseapp.com"}
)  # fmt: skip


def host_of(url: str | None) -> str:
    """Return the host of an address in ASCII and lower case, or an empty string."""
    found = absolute("", url)
    return (_ascii_host(urlsplit(found).hostname or "") or "") if found else ""


def registrable_domain(host: str) -> str:
    """Return the part of a host name that somebody registered: `news.vl.ru` -> `vl.ru`."""
    labels = host.rstrip(".").lower().split(".")
    if len(labels) < 3 or host.startswith("[") or labels[-1].isdigit():
        return host.rstrip(".").lower()
    last_two = ".".join(labels[-2:])
    is_open = last_two in _SHARED or (len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL)
    return ".".join(labels[-3:] if is_open else labels[-2:])


def tail(link: str) -> tuple[str, str] | None:
    """Return (registrable domain, path and query) of a canonical link; None for a bare host.

    Equal for one article on two hosts of one owner (`m.site.example`, `www.site.example`).
    """
    parts = urlsplit(link)
    rest = link.split(parts.netloc, 1)[1] if parts.netloc else ""
    if rest in ("", "/"):
        return None
    return registrable_domain(parts.hostname or ""), rest


def siblings(link: str) -> tuple[str, ...]:
    """Return the canonical links of the same page on the usual other hosts: bare, `www.`, `m.`."""
    parts = urlsplit(link)
    host = parts.netloc
    bare = re.sub(r"^(?:www|m|amp|mobile)\.", "", host)
    if "." not in bare or bare[0] == "[" or re.sub(r"[.:]", "", bare).isdigit():
        return ()
    return tuple(
        link.replace(host, other, 1)
        for other in (bare, f"www.{bare}", f"m.{bare}")
        if other != host
    )


_DATE_RUN = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


def article_number(url: str) -> str | None:
    """Return the number by which a site knows the article (at least five digits), if it shows one.

    The last such run of digits in path or query that is not a calendar date. Survives a change of
    headline in the address.
    """
    parts = urlsplit(url)
    runs = re.findall(r"\d{5,}", parts.path + "?" + parts.query)
    numbers = [run for run in runs if not _DATE_RUN.fullmatch(run)]
    return numbers[-1] if numbers else None
