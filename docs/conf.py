"""The documentation site: ``make docs`` builds it into docs/_build/html, without the network."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
sys.path.insert(0, str(HERE.parent))  # schemas/ is shared with the pages, and is not installed

import zlmdb  # noqa: E402  # the checkout's own, which the paths above make known

project = "zlmdb"
author = "The zlmdb authors"
copyright = "The zlmdb authors"
version = release = zlmdb.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "command_help",
    "drawings",
    "generated_code",
    "map_table",
    "names",
    "program_output",
    "python_inventory",
    "upcoming",
]
exclude_patterns = ["_build", "_ext", "diagrams"]

# A name that leads nowhere is an error, and so (by the command line) is every warning.
nitpicky = True
# Type variables, and types whose packages are not linked: shown as they are, without a link.
nitpick_ignore_regex = [
    ("py:.*", r"(.*\.)?[A-Z]"),
    ("py:class", r"(.*\.)?_\w+"),  # a private base class, whose methods are shown with the classes derived from it
    ("py:class", r".*\[.*"),  # the text of an annotation with parameters, in the list of bases
    ("py:class", "(Unique|Many)Declaration"),  # what a type checker sees in place of a declared index
    ("py:.*", r"(np|numpy|st|hypothesis|lmdb|click|msgspec|cbor2)\..*|datetime64|NDArray"),
]
suppress_warnings: list[str] = []

# -- the reference, from the docstrings

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
maximum_signature_line_length = 90
add_module_names = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
toc_object_entries_show_parents = "hide"

# -- the pages

html_theme = "furo"
html_title = f"zlmdb {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_logo = None
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_theme_options = {
    "light_logo": "logo.svg",
    "dark_logo": "logo-dark.svg",
    "navigation_with_keys": True,
    "top_of_page_buttons": [],
    "light_css_variables": {"color-brand-primary": "#0f766e", "color-brand-content": "#0f766e"},
    "dark_css_variables": {"color-brand-primary": "#5eead4", "color-brand-content": "#5eead4"},
}
pygments_style = "default"
pygments_dark_style = "github-dark"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_selector = "div:not(.highlight-output):not(.no-copy) > div.highlight > pre"
highlight_language = "python"
