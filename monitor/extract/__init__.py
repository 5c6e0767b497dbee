"""From the bytes of a page to the text of its article; the only importer of trafilatura.

Pages are other people's and may be anything, so nothing here raises, whatever the bytes; but some
pages take a parser minutes or crash it, so this runs in `monitor.workers`, never in the program's
own process. What must not score (comments, hidden text, lists of other articles) is taken out
before the text is looked for. What could not be read is said: every article has a `state`.

`charset` (bytes to text), `tree` (text to a tree, whatever its shape), `head` (title, date, author,
canonical address), `pruning` (out with comments), `signs` (walls, errors, teasers), `article`
(the two public functions).
"""

from __future__ import annotations

from monitor.extract.article import extract_article, read_page

__all__ = ["extract_article", "read_page"]
