"""The site: `make docs` builds it into build/docs, where a warning is an error."""

import sys
from pathlib import Path

import lemmata

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "lemmata"
author = "The lemmata maintainers"
copyright = author
version = release = lemmata.__version__

extensions = ["sphinx.ext.autodoc", "myst_parser", "mathml", "catalogue", "markdown_docstrings"]
exclude_patterns = ["_ext", "snippets"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

# Nothing that a page shows comes over the network: system fonts, and formulas as MathML.
html_theme = "furo"
html_title = "lemmata"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}
autodoc_preserve_defaults = True
# Types in signatures lead to other projects, whose lists of names would have to be downloaded.
nitpick_ignore_regex = [("py:(class|data|obj|exc)", r".*")]
