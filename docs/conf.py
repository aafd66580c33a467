"""Configuration of the documentation, which Sphinx builds with `make docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from generate import write_generated_pages

import galsearch

project = "galsearch"
author = "The galsearch developers"
copyright = f"2026, {author}"  # noqa: A001 (Sphinx's name)
release = version = galsearch.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates"]
smartquotes = False  # an option such as --out in plain text keeps its hyphens
html_theme = "furo"
html_title = "galsearch"
html_static_path: list[str] = []

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
# Notebooks are executed by tests/docs/test_notebooks.py; pages show the outputs stored in them.
nb_execution_mode = "off"

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

linkcheck_ignore = [r"https://doi\.org/10\.1093/.*"]  # the publisher refuses programs

write_generated_pages(Path(__file__).parent / "reference")
