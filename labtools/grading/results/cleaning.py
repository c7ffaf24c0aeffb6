"""What a submission shows, without what could act, load, or pass for something else.

The feedback page is one reader. nbgrader is the other: its formgrader renders Markdown and HTML of
autograded notebooks as they are, in the session of the instructor who looks at them.
"""

import functools
import re
from html import unescape
from typing import Any

from labtools.grading.judging.time_limit import Budget, TooLong

#: Seconds of processor time for all that is formatted of one submission, and for each part of it.
SECONDS, SECONDS_EACH = 4.0, 1.5
#: HTML that has more characters, tags, or tags that are not closed is not cleaned: what shows it
#: would take time out of all proportion.
HTML_LIMIT, MOST_TAGS, MOST_OPEN = 200_000, 10_000, 1_000
#: A parser opens what formats text again in every paragraph, unless it was closed. To count so many
#: elements takes a second or two, in which the parser cannot be interrupted.
MOST_REOPENED = 1_000_000
#: Characters of HTML that are shown as they are written, where nothing else can be shown.
SOURCE_LIMIT = 2_000

AS_WRITTEN = (
    "*This text is shown as it was written: it could do more than be read, or formatting it would "
    "take too long.*"
)
TOO_DEAR = "[The HTML of this output is too long or too involved to be shown as such.]\n"


def new_budget() -> Budget:
    """The time that may be spent on one submission's page and notebook together."""
    return Budget(SECONDS, SECONDS_EACH)


# HTML of outputs ------------------------------------------------------------------------------


def is_dear(html: str) -> bool:
    """Whether HTML is too much for a parser, as far as that can be told without one."""
    tags = html.count("<")
    if len(html) > HTML_LIMIT or tags > MOST_TAGS:
        return True
    # What closes is not believed: it may stand in an attribute, where it closes nothing.
    if tags * len(_FORMATS.findall(html)) > MOST_REOPENED:
        return True
    return len(_OPENED.findall(html)) - html.count("</") > MOST_OPEN


_OPENED = re.compile(r"<(?!(?:br|hr|img|col)\b)[a-z]", re.IGNORECASE)
_FORMATS = re.compile(
    r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.IGNORECASE
)


@functools.lru_cache(maxsize=200)
def clean(html: str) -> str:
    """HTML without what could act, load, or lie over the rest of the page.

    Raises
    ------
    TooLong
        If it is too much for a parser.
    """
    if is_dear(html):
        raise TooLong
    made = _cleaner().clean(html)
    if len(made) > 2 * HTML_LIMIT:  # what is open is opened again in every paragraph
        raise TooLong
    return made


@functools.lru_cache(maxsize=1)
def _cleaner():
    import nh3

    anywhere = {*_ATTRIBUTES, "class"}
    return nh3.Cleaner(
        tags=set(_TAGS),
        attributes={"*": anywhere, "a": {"href"}, "img": {"src", "alt"}, "details": {"open"}},
        attribute_filter=lambda tag, name, value: value if _is_kept(name, value) else None,
        filter_style_properties=set(_PROPERTIES),
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )


_TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption "
    "figure h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre q s small span strong sub summary sup "
    "table tbody td tfoot th thead tr u ul".split()
)
_ATTRIBUTES = frozenset("style title scope colspan rowspan align".split())
_PROPERTIES = frozenset(
    "background-color border border-left border-collapse color font-family font-style font-weight "
    "opacity padding text-align text-decoration vertical-align white-space".split()
)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|svg\+xml)[;,]", re.IGNORECASE)


def _is_kept(name: str, value: str) -> bool:
    """Whether an attribute that is allowed as such is so with this value."""
    if name == "class":
        return _are_known(value)
    if name == "href":
        # Whatever has a colon and is no known kind: parsers differ in what they take for a scheme.
        return _is_url(value, "http", "https", "mailto") or ":" not in unescape(value)
    if name == "src":
        return not _is_url(value, "data") or _DATA_IMAGE.match(value.strip()) is not None
    return True


def _is_url(value: str, *schemes: str) -> bool:
    """Whether an attribute's value is a URL of one of these kinds, as a browser reads it."""
    found = re.match(r"([a-z][a-z0-9+.-]*):", re.sub(r"[\0-\x20]", "", unescape(value)).lower())
    return found is not None and found[1] in schemes


def _are_known(classes: str) -> bool:
    """Whether they are those of data frames, of code or of nbconvert.

    Any other could be one that a page gives a meaning: a verdict here, a button in formgrader.
    """
    return all(c in _known_classes() or _OF_TABLES.fullmatch(c) for c in classes.split())


@functools.lru_cache(maxsize=1)
def _known_classes() -> frozenset[str]:
    from pygments.token import STANDARD_TYPES

    return frozenset(
        "dataframe tex2jax_ignore highlight cell border-box-sizing text_cell rendered inner_cell "
        "text_cell_render rendered_html anchor-link task-list-item task-list-item-checkbox".split()
    ).union(STANDARD_TYPES.values())


#: Of pandas' styled tables.
_OF_TABLES = re.compile(r"(?:row|col)_heading|data|blank|index_name|(?:level|row|col)\d+")


# Markdown -------------------------------------------------------------------------------------


def safe_markdown(source: str, budget: Budget) -> str:
    """Markdown that can be rendered with its HTML as it is, or else its source as a code block."""
    if not re.search(r"[<&:(\[]", source):
        return source
    try:
        if budget.call(_is_rendered_harmless, source):
            return source
    except (Exception, TooLong):  # nested deeper than it can follow, or made to take long
        pass
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", source)), default=0))
    return f"{AS_WRITTEN}\n\n{fence}\n{source}\n{fence}"


def _is_rendered_harmless(source: str) -> bool:
    from nbconvert.filters import markdown2html

    return is_harmless(markdown2html(source))


#: A tag that every parser reads alike: no quote is left open, none stands where none belongs.
_STRICT_TAG = re.compile(
    r"<(?:/([a-z][a-z0-9]*)\s*"
    r"|([a-z][a-z0-9]*)((?:\s+[a-z][a-z-]*(?:=(?:\"[^\"<]*\"|'[^'<]*'|[^\s\"'<>=`]+))?)*+)\s*/?)>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"([a-z][a-z-]*)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S+)))?", re.IGNORECASE)
_ALSO_TAGS = frozenset("big center font input mark tt".split())
_ALSO_ATTRIBUTES = frozenset(
    "alt border cellpadding cellspacing checked color disabled face height open size start type "
    "valign width".split()
)
_VOID = frozenset("br col hr img input".split())
_OPTIONAL_END = frozenset("colgroup dd dt li p tbody td tfoot th thead tr".split())


def is_harmless(html: str) -> bool:
    """Whether HTML can stand between other HTML as it is: it does nothing and ends what it begins.

    Such HTML needs no parser to be told: all tags are of known kinds and written in the plainest
    way, so nothing that stands before or after can make them something else.
    """
    if "<" in _STRICT_TAG.sub("", html):
        return False
    opened: list[str] = []
    for end, tag, attributes in _STRICT_TAG.findall(html):
        name = (end or tag).lower()
        if name not in _TAGS and name not in _ALSO_TAGS:
            return False
        if end:
            while opened and opened[-1] != name and opened[-1] in _OPTIONAL_END:
                opened.pop()
            if not opened or opened.pop() != name:
                return False
        elif name not in _VOID:
            opened.append(name)
        for attribute, *values in _ATTRIBUTE.findall(attributes):
            if not _is_harmless(name, attribute.lower(), "".join(values)):
                return False
    return all(name in _OPTIONAL_END for name in opened)


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if tag == "input" and name == "type":
        return value == "checkbox"
    if name == "class":
        return _are_known(value) or re.fullmatch(r"language-\w+", value) is not None
    if name == "id":  # of a heading; those of formgrader's own fields begin so
        return re.fullmatch(r"h[1-6]", tag) is not None and not value.startswith("lab")
    if name == "style":
        declared = [d.split(":")[0].strip() for d in unescape(value).lower().split(";")]
        return all(d in _PROPERTIES or not d for d in declared)
    if (tag, name) in (("a", "href"), ("img", "src")):
        if _is_url(value, "http", "https", "mailto"):
            return True
        if _DATA_IMAGE.match(value):
            return tag == "img"
        # Within the page, or beside it; but what the server itself would do is not for a picture.
        return ":" not in unescape(value) and (tag == "a" or not value.startswith("/"))
    return name in _ATTRIBUTES or name in _ALSO_ATTRIBUTES


def inert(text: str) -> str:
    """A sentence in which Markdown finds no HTML and no link."""
    return re.sub(r"\](?=[(:\[])", "] ", re.sub(r"<(?=[A-Za-z/!?])", "< ", text))


# Outputs --------------------------------------------------------------------------------------

_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_NO_TEXT = re.compile(r"<IPython\.core\.display\.\w+ object>")
_ACTIVE_SVG = re.compile(
    r"<\s*(?:\w+:)?(?:script|foreignobject|iframe|object|embed|handler|animate\w*|set|a)\b"
    r"|\bon\w+\s*=|href\s*=(?!\s*[\"'](?:#|data:image/png;))|javascript:|<!ENTITY|@import",
    re.IGNORECASE,
)


def is_base64(text: str) -> bool:
    """Whether a picture's text holds nothing else."""
    return _BASE64.fullmatch(text) is not None


def text_instead(data: dict[str, str]) -> str:
    """What is shown of an output whose HTML cannot be: its text, or how the HTML is written."""
    text = data.get("text/plain", "")
    html = data.get("text/html", "")
    if html and (not text or _NO_TEXT.fullmatch(text)):
        cut = "\n[The rest of it is not shown.]" if len(html) > SOURCE_LIMIT else ""
        text = html[:SOURCE_LIMIT] + cut
    return text


def safe_output(output: dict[str, Any], budget: Budget) -> dict[str, Any]:
    """An output as nbgrader may keep and render it; what is harmless stays as it is."""
    if output["output_type"] not in ("display_data", "execute_result"):
        return output
    data = output["data"]
    made: dict[str, str] = {}
    for mime, value in data.items():
        if mime == "text/html":
            if "<script" in value.lower() and "text/plain" in data:
                continue  # as on the page: without the script it is not what it was
            try:
                made[mime] = budget.call(clean, value).lstrip()
            except (Exception, TooLong):
                made["text/plain"] = TOO_DEAR + text_instead(data)
        elif mime == "text/markdown":
            made[mime] = safe_markdown(value, budget)
        elif mime == "image/svg+xml":
            if not _ACTIVE_SVG.search(value):
                made[mime] = value
        elif not mime.startswith("image/") or is_base64(value):
            made.setdefault(mime, value)
    if not made:
        made["text/plain"] = "[This output is not kept: it could do more than be seen.]"
    return {**output, "data": made}
