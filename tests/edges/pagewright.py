"""Writes article pages as sites of five languages do, with everything around the article.

The articles are ours. Whatever must not be read (comments, hidden text, neighbours' headlines,
menus, walls) carries the word CANARY, so that a leak is seen at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

CANARY: Final = "CANARY"


@dataclass(frozen=True)
class Story:
    """One article and the words that its site puts around articles."""

    lang: str
    title: str
    paragraphs: tuple[str, ...]
    related: str  # the heading of a list of other articles
    inline: str  # the words before a single link to another article
    comments: str  # the heading of the readers' comments
    junk: str  # a sentence in the language, for what must not be read


STORIES: Final = {
    "en": Story(
        "en",
        "Shipyard in the port hires sixty workers from North Korea",
        (
            "A shipyard on the eastern coast has taken on sixty welders from North Korea, three"
            " people who work there said on Tuesday.",
            "The men live in a hostel behind the dry dock and are brought to the yard by bus at six"
            " in the morning. They do not leave the grounds alone, the gatekeeper said.",
            "Their pay, some 700 dollars a month, goes to an interpreter who keeps their passports"
            " as well.",
            "A spokeswoman of the yard declined to say under which visas the men had entered the"
            " country. Student visas had been used in earlier years.",
            "“We build what was ordered,” she said. “Who holds the torch is a matter for the"
            " contractor.”",
        ),
        "Read also",
        "See also:",
        "Comments",
        f"{CANARY} labourers from North Korea were seen at another building site last week.",
    ),
    "ru": Story(
        "ru",
        "На верфь в порту приняли шестьдесят рабочих из Северной Кореи",
        (
            "Верфь на восточном побережье приняла на работу шестьдесят сварщиков из Северной Кореи,"
            " сообщили во вторник трое её сотрудников.",
            "Мужчины живут в общежитии за сухим доком, и в шесть утра их привозит на верфь автобус."
            " Одни они территорию не покидают, сказал вахтёр.",
            "Их заработок, около 700 долларов в месяц, получает переводчик, у которого хранятся и"
            " их паспорта.",
            "Представительница верфи отказалась сообщить, по каким визам рабочие въехали в страну."
            " В прежние годы использовались студенческие визы.",
            "«Мы строим то, что нам заказали, — сказала она. — Кто держит горелку, решает"
            " подрядчик».",
        ),
        "Читайте также",
        "Читайте также:",
        "Комментарии",
        f"{CANARY} северокорейских рабочих на прошлой неделе видели и на другой стройке.",
    ),
    "ko": Story(
        "ko",
        "항구 조선소, 북한 노동자 60명 고용",
        (
            "동해안의 한 조선소가 북한 용접공 60명을 고용했다고 이곳에서 일하는 직원"
            " 세 명이 화요일 밝혔다.",
            "이들은 건선거 뒤편 기숙사에서 지내며 아침 여섯 시에 버스로 조선소에 도착한다."
            " 경비원은 이들이 혼자서는 구내를 벗어나지 않는다고 말했다.",
            "월 700달러가량의 임금은 이들의 여권까지 보관하고 있는 통역에게 지급된다.",
            "조선소 대변인은 노동자들이 어떤 비자로 입국했는지 밝히기를 거부했다."
            " 과거에는 유학 비자가 사용된 적이 있다.",
            "그는 “우리는 주문받은 배를 만들 뿐”이라며 “누가 용접봉을 잡는지는"
            " 하청업체가 정한다”고 말했다.",
        ),
        "관련기사",
        "관련기사:",
        "댓글",
        f"{CANARY} 북한 노동자들이 지난주 다른 공사장에서도 목격됐다.",
    ),
    "ja": Story(
        "ja",
        "港の造船所、北朝鮮の労働者60人を雇用",
        (
            "東海岸の造船所が北朝鮮の溶接工60人を雇い入れたと、そこで働く3人が火曜日に明らかにした。",
            "男性たちは乾ドックの裏にある寮で暮らし、朝6時にバスで造船所に運ばれてくる。守衛によると、"
            "一人で敷地を出ることはないという。",
            "月に700ドルほどの賃金は、旅券も預かっている通訳に支払われている。",
            "造船所の広報担当者は、労働者がどの査証で入国したのかについて回答を避けた。以前は留学査証が"
            "使われたことがある。",
            "担当者は「注文された船を造っているだけだ。誰が溶接するかは下請けが決める」と述べた。",
        ),
        "関連記事",
        "関連記事：",
        "コメント",
        f"{CANARY} 北朝鮮の労働者は先週、別の建設現場でも目撃された。",
    ),
    "zh": Story(
        "zh",
        "港口船厂雇用六十名朝鲜劳工",
        (
            "东海岸一家船厂雇用了六十名来自朝鲜的焊工，在那里工作的三名员工星期二表示。",
            "这些男子住在干船坞后面的宿舍里，早上六点由大巴送到船厂。门卫说，他们从不单独离开厂区。",
            "他们每月约七百美元的工资交给一名翻译，护照也由这名翻译保管。",
            "船厂发言人拒绝说明这些工人持何种签证入境。前几年曾有人使用留学签证。",
            "她说：“我们只是按订单造船，由谁来焊接是承包商的事。”",
        ),
        "相关阅读",
        "相关阅读：",
        "网友评论",
        f"{CANARY} 上周有人在另一处工地也看到了朝鲜工人。",
    ),
}  # fmt: skip


def _links(story: Story, count: int, tag: str = "li") -> str:
    return "".join(
        f'<{tag}><a href="/news/{number}">{story.junk} {number}</a></{tag}>'
        for number in range(count)
    )


def _body(story: Story) -> str:
    return "\n".join(f"<p>{paragraph}</p>" for paragraph in story.paragraphs)


def _said(story: Story, count: int = 4) -> str:
    return "".join(
        f'<li class="comment depth-1" id="comment-{number}"><cite class="fn">Ann</cite>'
        f'<div class="comment-body"><p>{story.junk} {story.junk}</p></div></li>'
        for number in range(count)
    )


def portal(story: Story) -> str:
    """An article element between a menu, a side column and a comment section; JSON-LD."""
    return f"""<!DOCTYPE html><html lang="{story.lang}"><head><meta charset="utf-8">
<title>{story.title} | The Site</title><meta property="og:title" content="{story.title}">
<link rel="canonical" href="https://news.example/2026/11/24/shipyard">
<script type="application/ld+json">{{"@context":"https://schema.org","@graph":[{{"@type":"WebSite"}},
{{"@type":"NewsArticle","headline":"{story.title}","datePublished":"2026-11-24T08:30:00+09:00",
"author":{{"@type":"Person","name":"Kim Ann"}}}}]}}</script></head><body>
<header><nav><ul>{_links(story, 12)}</ul></nav></header>
<div class="cookie-banner"><p>{story.junk}</p><button>OK</button></div>
<main><article><h1>{story.title}</h1><div class="byline">Kim Ann</div>
<div itemprop="articleBody">{_body(story)}</div>
<div class="share-buttons"><a href="#">{story.junk}</a></div></article>
<aside class="sidebar"><h3>{story.related}</h3><ul>{_links(story, 9)}</ul></aside></main>
<section class="comments"><h2>{story.comments} (4)</h2><ol>{_said(story)}</ol></section>
<footer><p>{story.junk}</p></footer></body></html>"""


def blog(story: Story) -> str:
    """The usual weblog: entry-content, a comment list and form, widgets, related posts inside."""
    return f"""<!DOCTYPE html><html lang="{story.lang}"><head><meta charset="utf-8">
<title>{story.title} - A Weblog</title>
<meta property="article:published_time" content="2026-11-23T23:30:00Z">
<meta name="author" content="Kim Ann"></head><body class="single post comments-open">
<div id="page"><div id="primary" class="content-area"><article class="post hentry has-comments">
<header class="entry-header"><h1 class="entry-title">{story.title}</h1></header>
<div class="entry-content">{_body(story)}
<div class="sharedaddy"><h3>{story.junk}</h3></div>
<div class="jp-relatedposts"><h3>{story.related}</h3>
<p><a href="/x">{story.junk}</a></p></div></div>
<footer class="entry-footer"><span class="tags-links">{_links(story, 3, "span")}</span></footer>
</article><div id="comments" class="comments-area"><h2>{story.comments}</h2>
<ol class="comment-list">{_said(story, 8)}</ol><div id="respond"><p>{story.junk}</p>
<form><textarea>{story.junk}</textarea></form></div></div></div>
<div id="secondary" class="widget-area"><aside class="widget"><ul>{_links(story, 10)}</ul></aside>
</div></div></body></html>"""


def inline(story: Story) -> str:
    """Headlines of other articles between the paragraphs, as headings, hints and cards."""
    one, two, *rest = story.paragraphs
    return f"""<!DOCTYPE html><html lang="{story.lang}"><head><meta charset="utf-8">
<title>{story.title}</title></head><body><div class="top"><ul>{_links(story, 20)}</ul></div>
<div class="wrapper"><div class="content"><h1>{story.title}</h1>
<time datetime="2026-11-24T08:30:00+09:00">24.11.</time><div class="text">
<p>{one}</p><p><strong>{story.inline}</strong> <a href="/a">{story.junk}</a></p><p>{two}</p>
<div class="teaser card"><a href="/b"><h3>{story.junk}</h3><p>{story.junk}</p></a></div>
{"".join(f"<p>{paragraph}</p>" for paragraph in rest)}
<h4>{story.related}</h4><ul>{_links(story, 5)}</ul></div></div>
<div class="right"><div class="block most-read"><h3>{story.junk}</h3>
<ul>{_links(story, 9)}</ul></div></div></div></body></html>"""


def tables(story: Story) -> str:
    """A page of 2004: columns are table cells, lines end in br, nothing has a name."""
    lines = "<br><br>\n".join(story.paragraphs)
    return f"""<html><head><title>{story.title}</title></head><body bgcolor="#ffffff">
<table width="100%"><tr><td colspan="3"><font size="1">{_links(story, 12, "b")}</font></td></tr>
<tr><td width="160" valign="top"><table><tr><td>{_links(story, 14, "p")}</td></tr></table></td>
<td valign="top"><h2>{story.title}</h2><font size="2">{lines}</font></td>
<td width="200"><b>{story.related}</b>{_links(story, 12, "p")}</td></tr>
<tr><td colspan="3"><small>© 2004</small></td></tr></table></body></html>"""


def hidden(story: Story) -> str:
    """Text that no reader sees, hidden in every way that pages have."""
    ways = (
        'style="display:none"',
        'style="display : none !important"',
        'style="visibility:hidden"',
        'style="font-size:0"',
        'style="font-size: 0px; color: #fff"',
        'style="position:absolute;left:-9999px"',
        'style="text-indent:-5000px"',
        'style="opacity:0"',
        'style="height:0;overflow:hidden"',
        'style="position:absolute; clip: rect(0 0 0 0)"',
        "hidden",
        'aria-hidden="true"',
        'class="sr-only"',
        'class="visually-hidden"',
        'class="secret-words"',
        'id="secret"',
    )
    words = "".join(f"<div {way}><p>{story.junk} {story.junk}</p></div>" for way in ways)
    spans = "".join(f"<span {way}>{story.junk}</span>" for way in ways)
    first, *rest = story.paragraphs
    return f"""<!DOCTYPE html><html lang="{story.lang}"><head><meta charset="utf-8">
<title>{story.title}</title><style>body{{margin:0}} .secret-words, #secret {{ color:red;
display: none }} @media print {{ .entry {{ display:none }} }}</style></head><body>
<article class="entry"><h1>{story.title}</h1><p>{first}{spans}</p>{words}
{"".join(f"<p>{paragraph}</p>" for paragraph in rest)}
<template><p>{story.junk}</p></template><noscript><p>{story.junk}</p></noscript>
<!-- {story.junk} --><script>var text = "{story.junk}";</script></article></body></html>"""


def framework(story: Story) -> str:
    """Nameless divs with machine-made classes; teasers in the same column; state in a script."""
    cards = "".join(
        f'<article class="teaser card"><a href="/{n}"><h3>{story.junk}</h3></a>'
        f"<p>{story.junk}</p></article>"
        for n in range(8)
    )
    return f"""<!DOCTYPE html><html lang="{story.lang}"><head><meta charset="utf-8">
<title>{story.title}</title><meta property="og:url" content="https://news.example/2026/11/24/x">
</head><body><div id="__next"><header><ul>{_links(story, 10)}</ul></header><main>
<div class="css-1a2b"><h1 class="css-9f">{story.title}</h1>
<div class="css-77">{_body(story)}</div></div>
<div class="css-rel"><div>{cards}</div></div></main></div>
<script id="__NEXT_DATA__" type="application/json">{{"text":"{story.junk}"}}</script>
</body></html>"""


TEMPLATES: Final[dict[str, Callable[[Story], str]]] = {
    "portal": portal,
    "blog": blog,
    "inline": inline,
    "tables": tables,
    "hidden": hidden,
    "framework": framework,
}
