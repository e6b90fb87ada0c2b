"""What the documents take from being files of a repository: links to its folders, tables as plain text."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx


def folders_as_text(app: Sphinx, document: nodes.document) -> None:
    """Leave the words of links to folders: the site has files only. Any other missing target stays an error."""
    here = Path(app.env.srcdir, app.env.docname).parent
    for link in list(document.findall(pending_xref)):
        if (here / link["reftarget"]).is_dir():
            link.replace_self(link.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect both."""
    app.connect("doctree-read", folders_as_text)
    app.add_lexer("csv", TextLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
