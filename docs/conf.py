"""How the documentation is built: Sphinx with MyST; notebooks of the course are executed."""

from wan_sdk._version import __version__

project = "wan_sdk"
author = "the wan_sdk authors"
copyright = "2026, the wan_sdk authors"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "jupyter_execute", "decisions/README.md"]
html_theme = "furo"
html_title = f"wan_sdk {__version__}"
nitpicky = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_class_signature = "separated"
napoleon_use_rtype = False
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_execution_show_tb = True


def _bring_in_the_course() -> None:
    """Copy the notebooks of the course beside the pages, so that the build executes and shows them."""
    import shutil
    from pathlib import Path

    here = Path(__file__).parent
    course = here / "course"
    course.mkdir(exist_ok=True)
    for notebook in sorted((here.parent / "notebooks").glob("*.ipynb")):
        shutil.copyfile(notebook, course / notebook.name)


_bring_in_the_course()
