"""What makes Markdown for people who browse the repository into pages: anchors, equations, diagrams."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ALONE = re.compile(r'^<a id="([\w-]+)"></a>$', re.MULTILINE)
WITHIN = re.compile(r'<a id="([\w-]+)"></a>')


def as_targets(app: Sphinx, name: str, source: list[str]) -> None:
    """An HTML anchor becomes a target of MyST, so that links to it are checked."""
    source[0] = WITHIN.sub(r"[]{#\1}", ALONE.sub(r"(\1)=", source[0]))


def as_written(app: Sphinx, tree: nodes.document) -> None:
    """Displayed equations go to MathJax as they are: Sphinx's own lines and numbers know no \\tag."""
    for equation in tree.findall(nodes.math_block):
        text = f"\\[{equation.astext()}\\]"
        equation["no-wrap"] = True
        equation.children = [nodes.Text(text)]


class Mermaid(SphinxDirective):
    """A diagram that the browser draws; mermaid.js finds it by its class."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content).replace("&", "&amp;").replace("<", "&lt;")
        return [nodes.raw("", f'<pre class="mermaid">{text}</pre>', format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", as_targets)
    app.connect("doctree-read", as_written)
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
