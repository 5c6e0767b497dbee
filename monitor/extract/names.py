"""How pages name what is not the article: classes, ids, roles, styles, and headings of lists.

Tables only. A name here is a strong hint, never a verdict: `pruning` looks at what would be lost.
Names are matched as whole words between hyphens and underscores, so that `commentary` is no
comment; `relative` and `position-relative` are layout, not relatives.
"""

from __future__ import annotations

import re
from typing import Final

HIDING_STYLE: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:px|pt|em|%)?\s*(?:;|!|$)"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)"
    r"|(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*;.*overflow\s*:\s*hidden"
    r"|overflow\s*:\s*hidden\s*;.*(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|$)"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]",
    re.IGNORECASE,
)
HIDDEN_NAMES: Final = {
    "sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "screen-reader",
    "hidden", "hide", "d-none", "is-hidden", "u-hidden", "element-invisible", "invisible",
    "a11y-hidden", "blind", "skip-link",
}  # fmt: skip
# `hidden md:block`, `d-none d-md-flex`: hidden on telephones only.
SHOWN_AGAIN: Final = re.compile(
    r"(?:sm|md|lg|xl|2xl|tablet|desktop):(?:block|flex|grid|inline\S*|contents|table|visible)"
    r"|d-(?:sm|md|lg|xl|xxl)-(?:block|flex|grid|inline\S*|table)"
)

COMMENTS: Final = re.compile(
    r"(?:^|[-_])(?:comments?|commentlist|commentbox|commentsarea|commentthread|disqus|livere"
    r"|livefyre|cbox|cackle|hypercomments|sohucs|changyan|pinglun|komment\w*|댓글)(?:$|[-_\d])"
    r"|^(?:comments?(?!ary|ator)|readercomment|usercomment|vk_comments|fb-comments|u_cbox"
    r"|lv-container|mc-container|isso-|remark42)"
)
# What an article is called when readers may write under it.
NOT_COMMENTS: Final = re.compile(
    r"^(?:has|no|with|without|show|hide|allow)[-_]?comments?|^comments?[-_]?"
    r"(?:open|closed|enabled|disabled|allowed|on|off|count|link|status)\b"
)
ASIDE: Final = re.compile(
    r"(?:^|[-_])(?:related\w*|recommend\w*|read-?(?:more|next)|readmore|up-?next|respond|replies"
    r"|reply|cmt|guestbook|discussion|(?:read|see)-?also|also-?read"
    r"|more-?(?:news|stories|articles|from|on)"
    r"|most-?(?:read|popular|viewed|commented)|popular\w*|trending|teasers?|promo\w*|side-?bar\w*"
    r"|outbrain|taboola|mgid|smi2|relap|newsletter\w*|subscribe|subscription-?box|share\w*|sharing"
    r"|addthis|addtoany|social\w*|breadcrumbs?|cookies?\w*|consent|gdpr|advert\w*|adsbygoogle"
    r"|sponsor\w*|(?:next|prev|other|latest|last|top|hot)-?(?:article|news|post)s?|news-?list"
    r"|ranking|headlines|same-?(?:theme|topic)|by-?theme|po-?teme|you-?may|youmay"
    r"|author-?(?:bio|box|card|info)|about-?author|donat\w*|telegram)(?:$|[-_\d])|^jp-"
)
ASIDE_TAGS: Final = frozenset({"nav", "footer", "form"})
ASIDE_ROLES: Final = frozenset(
    {"navigation", "complementary", "banner", "contentinfo", "search", "dialog", "alertdialog"}
)
# What the usual systems call the part that holds the article's text.
BODY: Final = re.compile(
    r"(?:^|\s|[-_])(?:article-?(?:body|text|content|view)|entry-?content|post-?(?:content|body|text)"
    r"|story-?(?:body|text|content)|news-?(?:text|body|content|view)|td-post-content|wsw|dic_area"
    r"|newsct_article|doc__text|content-?body|body-?text|main-?text|detail-?text)"
    r"(?:$|\s|[-_])|articlebody|js-mediator-article",
    re.IGNORECASE,
)

READ_ALSO: Final = re.compile(
    r"\s*[\W_]*(?:read (?:also|more|next)|see also|also read|related(?: (?:articles?|stories|news"
    r"|posts|coverage|content|topics))?|more (?:on this(?: story)?|stories|news)|you may also like"
    r"|recommended(?: for you)?|most (?:read|popular)|latest news"
    r"|editors?['’]?s? picks?|don['’]t miss"
    r"|читайте также|читать также|смотрите также|ещ[её] по теме|по теме|материалы по теме"
    r"|другие новости|новости по теме|ранее по теме|рекомендуем|самое читаемое|популярное"
    r"|главные новости|последние новости|похожие (?:статьи|новости|материалы)|что ещ[её] почитать"
    r"|관련\s?(?:기사|뉴스|글|기사 더보기)|주요\s?(?:기사|뉴스)|많이 본 (?:기사|뉴스)"
    r"|인기\s?(?:기사|뉴스)"
    r"|추천\s?(?:기사|뉴스)|다른 기사|함께 (?:본|읽으면 좋은) 기사"
    r"|이 시각 (?:주요|많이).*|핫(?:이슈| 이슈|뉴스)"
    r"|関連(?:記事|ニュース|リンク|トピックス)|あわせて読みたい|こちらもおすすめ|おすすめ(?:記事)?|人気記事"
    r"|アクセスランキング|ランキング|注目記事|最新記事"
    r"|相关(?:阅读|新闻|文章|报道|推荐)|延伸阅读|推荐阅读|热门(?:文章|新闻|推荐)|猜你喜欢|更多(?:新闻|文章)"
    r"|相關(?:閱讀|新聞|文章|報導)|延伸閱讀|推薦閱讀|熱門(?:文章|新聞)|你可能也想看)\s*[\W_]*",
    re.IGNORECASE,
)
COMMENT_PHRASE: Final = re.compile(
    r"\s*(?:\d+\s*)?(?:comments?|leave a (?:reply|comment)|комментари(?:и|ев|й)|обсуждение"
    r"|댓글(?:쓰기)?|コメント(?:一覧)?|评论|網友評論|留言|网友评论|发表评论)\s*[\W\d_]*",
    re.IGNORECASE,
)

# Elements whose bare text is parted by <br>, and those that end a line by themselves.
LINED: Final = {
    "article", "blockquote", "body", "center", "div", "font", "main", "section", "td",
}  # fmt: skip
BLOCKS: Final = {
    "address", "article", "aside", "blockquote", "center", "div", "dl", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p",
    "pre", "section", "table", "ul",
}  # fmt: skip
# What may head a list of other articles, or be a hint to one.
HEADINGS: Final = {
    "h2", "h3", "h4", "h5", "h6", "p", "div", "strong", "b", "em", "i", "span", "dt", "li",
    "section",
}  # fmt: skip
