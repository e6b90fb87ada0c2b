"""How Sphinx makes the site of these documents: `make docs`, without the network, warnings being errors.

The sources are the Markdown files where they stand, README.md and its neighbours included, so a link that works in the
repository works on the site.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from recommender import __version__  # noqa: E402

logging.getLogger("faiss").setLevel(logging.WARNING)  # it tells at length which of its builds it loads

project = "alsobought"
author = "the alsobought authors"
copyright = author  # noqa: A001 -- Sphinx's name
version = release = __version__

root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "docs/notebooks/*.ipynb", "data/*.md", "serving/widget/README.md"]
exclude_patterns = ["docs/site/**"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "mathml", "repository"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist", "dollarmath"]
nb_execution_mode = "off"  # tests run the notebooks; the site shows what stands in them

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_use_ivar = True  # attributes as a list; each is an object of its own already where it has a docstring
suppress_warnings = ["ref.python"]  # a type in a signature that shares its name with some attribute
default_role = "code"

html_theme = "furo"
html_title = "alsobought"
html_static_path = ["static"]
html_extra_path = ["extra"]
html_css_files = ["site.css"]
html_favicon = "../../serving/static/icon.svg"
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0f6b5c", "color-brand-content": "#0f6b5c"},
    "dark_css_variables": {"color-brand-primary": "#62c9b3", "color-brand-content": "#62c9b3"},
}
copybutton_prompt_text = "$ "
