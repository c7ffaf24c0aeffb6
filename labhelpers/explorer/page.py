"""Carries the figure into a page: the JavaScript module, its data and the still picture in one.

There is no build step. The files of the module are plain JavaScript modules that the tests
run as they are; `module_source` only puts them behind one another, which makes their imports from
each other and their exports unnecessary, with the layout and the style as two constants in front.
Comments and spaces that say nothing to a browser stay behind: every saved notebook holds a copy.
"""

import hashlib
import html
import json
import re
from functools import cache
from importlib.resources import files

_FILES = ("descent.js", "views.js", "map.js", "explorer.js")
_LEFT_OUT = re.compile(r"//|/\*\*|\*|import .* from|$")
#: An attribute's value that means the same without its quotes, in HTML and in a selector.
_QUOTED_NAME = re.compile(r'="([A-Za-z][\w-]*)"')
#: A string of JavaScript, in which every space counts.
_STRING = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)""")


@cache
def module_source() -> str:
    """The whole figure as one JavaScript module that defines ``render`` and ``mount``."""
    folder = files(__package__)

    def text(name: str) -> str:
        return folder.joinpath(name).read_text(encoding="utf-8")

    style, layout = (" ".join(text(f"explorer.{kind}").split()) for kind in ("css", "html"))
    # A space after a colon is needed in a selector, never in a declaration.
    style = re.sub(r" ?([{};,]) ?|(?<=:) (?=[^{}]*[;}])", r"\1", style)
    style = _QUOTED_NAME.sub(r"=\1", style)
    layout = _QUOTED_NAME.sub(r"=\1", layout.replace("> <", "><"))
    parts = [f"const STYLE=`{style.replace(';}', '}')}`,LAYOUT=`{layout}`;\n"]
    for name in _FILES:
        lines = [line.strip() for line in text(name).splitlines()]
        kept = [line.removeprefix("export ") for line in lines if not _LEFT_OUT.match(line)]
        parts.append(_tight(" ".join(kept)) + "\n")
    return "".join(parts)


def _tight(script: str) -> str:
    """A script without the spaces beside its signs. Those inside strings stay."""
    parts = _STRING.split(script)
    parts[::2] = [re.sub(r" ?([^\w$ ]) ?", r"\1", part).replace(";}", "}") for part in parts[::2]]
    return "".join(parts)


def _as_script(value) -> str:
    """JSON that may stand inside a script element: no text in it can close the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("<!--", "\\u003c!--")


def fragment(values: dict, still: str, description: str) -> str:
    """The figure as a self-contained piece of HTML, the same for the same figure.

    The module reads the `values`. Until it runs, or where it cannot, the HTML `still` and the
    `description` are shown. The place is named by a hash of the content, so any number of figures,
    and the same figure twice, get on with each other in one page.
    """
    script = f"{_as_script(values)});"
    name = hashlib.sha256((module_source() + script).encode()).hexdigest()[:12]
    return (
        f'<div class="descent-explorer" data-explorer="{name}">\n'
        f"{still}\n<p>{html.escape(description)}</p>\n"
        "</div>\n"
        f'<script type="module">\n{module_source()}mount("{name}", {script}\n</script>'
    )


def page(title: str, body: str) -> str:
    """A whole HTML page around a fragment."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n"
        "<style>:root { color-scheme: light dark; } "
        "body { max-width: 1160px; margin: auto; padding: 8px; font-family: system-ui; } "
        "h1 { margin: 8px 10px; font-size: 20px; }</style>\n"
        f"</head>\n<body>\n<main>\n<h1>{html.escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
