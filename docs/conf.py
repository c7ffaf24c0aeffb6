"""How Sphinx builds the course site. `make site` gathers the pages and runs it."""

import importlib.util
import shutil
from pathlib import Path

project = "Gradient Descent Labs"
author = "The authors of the Gradient Descent Labs"
html_title = project

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_design",
]
exclude_patterns = ["extra", "README.md"]
templates_path = []

# Pages. The code in them has been run when Sphinx gets to see them.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_mime_priority_overrides = [
    ("html", "text/html", 0),
    ("html", "text/markdown", 1),
    ("html", "image/svg+xml", 2),
    ("html", "image/png", 3),
    ("html", "text/plain", 4),
]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # a lab's quiz may sit one level deeper than its place
pygments_style = "github-light-high-contrast"
pygments_dark_style = "github-dark-high-contrast"

# The reference shows what a lab imports, in the order of its source.
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True
add_module_names = False
default_role = "code"  # `lr` in a docstring is code

# The page.
html_theme = "furo"
html_static_path = ["_static"]
html_extra_path = ["extra"]
html_css_files = ["site.css"]
html_js_files = ["page.js"]
html_favicon = "_static/logo.svg"
html_logo = "_static/logo.svg"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#00598a",
        "color-brand-content": "#00598a",
        "color-brand-visited": "#6b3f78",
        "color-foreground-muted": "#58616b",
        "color-foreground-secondary": "#4c555f",
        "color-toc-item-text": "#4c555f",
        "color-sidebar-caption-text": "#58616b",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc6f0",
        "color-brand-content": "#7cc6f0",
        "color-brand-visited": "#e0a5cb",
        "color-foreground-muted": "#a3acb5",
        "color-foreground-secondary": "#b5bdc6",
        "color-toc-item-text": "#b5bdc6",
        "color-sidebar-caption-text": "#a3acb5",
    },
}

# Mathematics: MathJax from the site's own folder, so that no request goes elsewhere.
mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {"options": {"enableMenu": False}}
MATHJAX_FILES = ("tex-chtml.js", "output/chtml/fonts/woff-v2")


def copy_mathjax(app, exception):
    """Copy the part of MathJax that the pages use: one script and its fonts."""
    if exception is not None or app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    origin = Path(package.submodule_search_locations[0], "static", "mathjax")
    target = Path(app.outdir, "_static", "mathjax")
    for name in MATHJAX_FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (origin / name).is_dir() else shutil.copyfile
        copy(origin / name, target / name)


def escape_bars(app, what, name, obj, options, lines):
    """Keep the bars of an absolute value in a docstring from being read as markup."""
    lines[:] = [line.replace("|", r"\|") for line in lines]


def level_captions(app, pagename, templatename, context, doctree):
    """Say of the captions in the side bar which level of heading they are."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def setup(app):
    """Called by Sphinx."""
    app.connect("html-page-context", level_captions, priority=900)
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("build-finished", copy_mathjax)
