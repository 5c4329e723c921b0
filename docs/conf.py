"""The documentation site: `make docs` builds these pages, and warnings are errors.

The pages are Markdown that also reads well where the repository is browsed, so anchors are HTML there; what
that takes, and the pages that are made from the sources, stands in `docs/_ext/`.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

import qtopt  # noqa: E402

project = "qtopt"
author = "The qtopt developers"
project_copyright = author
version = release = qtopt.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "myst_nb",
    "sphinx_copybutton",
    "anchors",
    "reference",
]

myst_enable_extensions = ["dollarmath", "attrs_inline"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
nb_execution_mode = "off"  # the notebooks are executed where they are made, `make notebooks`
nb_ipywidgets_js = {}  # progress bars are shown as their last line: no page needs the network
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

default_role = "py:obj"  # names in backticks lead to their entry, if they have one
suppress_warnings = ["ref.python"]  # or to the first of several, where members of classes share a name
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_use_ivar = True
napoleon_attr_annotations = False

html_theme = "furo"
html_title = "qtopt"
html_static_path = ["_static"]
html_css_files = ["qtopt.css"]
html_copy_source = False
html_show_sphinx = False
copybutton_prompt_text = "$ "

# `make docs` puts both scripts into the site, which then needs no network; else browsers fetch them.
MATHJAX, MERMAID = "mathjax@3.2.2/es5/tex-svg.js", "mermaid@11.12.1/dist/mermaid.min.js"
mathjax3_config = {"svg": {"scale": 0.95}}
embedded = (HERE / "_static" / "mathjax.js").exists()
mathjax_path = "mathjax.js" if embedded else f"https://cdn.jsdelivr.net/npm/{MATHJAX}"
html_js_files = ["mermaid.js" if embedded else f"https://cdn.jsdelivr.net/npm/{MERMAID}", "qtopt.js"]
