"""Formulas between dollars as MathML: a page that runs no script has no MathJax.

The converter passes on what it does not know, so of a student's formula only that is kept which is
MathML and does nothing.
"""

import re
import xml.etree.ElementTree as ET
from html import unescape

#: Characters of a student's formula, and formulas of one cell, that are converted.
LONGEST, MOST = 500, 100

#: What is code, and what is a formula.
_CODE_OR_FORMULA = re.compile(
    r"(<code.*?</code>|<pre.*?</pre>)|\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL
)
#: As a student means one: of "between $5 and $10" neither dollar begins a formula.
_FORMULA = re.compile(
    rf"\$\$([^$]{{1,{LONGEST}}})\$\$|(?<![\\$])\$(?!\s)([^$\n]{{1,{LONGEST}}}?)(?<![\s\\])\$(?![\d$])"
)
_SPACE = "http://www.w3.org/1998/Math/MathML"
_TAGS = frozenset(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msup msub msubsup munder mover "
    "munderover mtable mtr mtd mstyle mpadded mphantom menclose mfenced".split()
)
_ATTRIBUTES = frozenset(
    "display notation mathvariant stretchy fence form separator accent linethickness columnalign "
    "rowspacing columnspacing displaystyle scriptlevel minsize maxsize movablelimits".split()
)


def with_formulas(html: str) -> str:
    """The course's own text as HTML, with its formulas converted."""

    def formula(found: re.Match[str]) -> str:
        code, block, inline = found.groups()
        if code is not None:
            return code
        return _convert(unescape(block or inline), block is not None)

    return _CODE_OR_FORMULA.sub(formula, html)


def with_students_formulas(html: str) -> str:
    """A student's text as cleaned HTML, with those formulas converted that can be.

    A formula stands in one piece of text: dollars in attributes, in code or on both sides of a tag
    are left alone.
    """
    if html.count("$") < 2:
        return html
    from bs4 import BeautifulSoup, NavigableString

    soup, left = BeautifulSoup(html, "html.parser"), MOST
    for text in soup.find_all(string=_FORMULA):
        if type(text) is not NavigableString or text.find_parent(("code", "pre")):
            continue
        pieces, end = [], 0
        for found in _FORMULA.finditer(text):
            block, inline = found.groups()
            made = _harmless(block or inline, block is not None) if left else None
            if made is not None:
                left -= 1
                math = BeautifulSoup(made, "html.parser").math
                pieces += [NavigableString(text[end : found.start()]), math]
                end = found.end()
        text.replace_with(*pieces, NavigableString(text[end:]))
    return str(soup)


def _harmless(formula: str, block: bool) -> str | None:
    """A formula without what it may hold beside MathML; None if it cannot be converted."""
    try:
        math = ET.fromstring(_convert(formula, block))
    except Exception:  # the converter fails in many ways, or gives what is no XML
        return None
    for element in math.iter():
        space, _, name = element.tag.rpartition("}")
        if name not in _TAGS or space != f"{{{_SPACE}":
            return None
        element.tag = name
        element.attrib = {k: v for k, v in element.attrib.items() if k in _ATTRIBUTES}
    math.set("xmlns", _SPACE)
    return ET.tostring(math, encoding="unicode")


def _convert(formula: str, block: bool) -> str:
    from latex2mathml.converter import convert

    return convert(formula, display="block" if block else "inline")
