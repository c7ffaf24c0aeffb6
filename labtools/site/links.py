"""Links of the repository's documents, turned into links of the site."""

import posixpath
import re
from collections.abc import Mapping

# A link, or code, in which what looks like a link is none. Whichever begins first counts.
_PIECE = re.compile(
    r"^```.*?^```$|\[(?P<words>[^\]]+)\]\((?P<link>[^)\s]+)\)|`[^`\n]+`", re.MULTILINE | re.DOTALL
)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#")


def relink(text: str, origin: str, target: str, pages: Mapping[str, str]) -> str:
    """Point the links of a document in Markdown to where its neighbours are on the site.

    The document is `origin` in the repository and `target` on the site; `pages` has each page or
    picture of the site by its path in the repository. One that is not there is named, not linked.
    """

    def replaced(match: re.Match) -> str:
        words, link = match["words"], match["link"]
        if link is None or _ELSEWHERE.match(link):
            return match.group()
        path, hash_, anchor = link.partition("#")
        there = posixpath.normpath(posixpath.join(posixpath.dirname(origin), path))
        if there not in pages:
            return words if words.strip("`") == there else f"{words} (`{there}`)"
        link = posixpath.relpath(pages[there], posixpath.dirname(target) or ".")
        return f"[{words}]({link}{hash_}{anchor})"

    return _PIECE.sub(replaced, text)
