"""The examples of the room run as they stand, and the room stays light."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import wan_sdk.spec

MODULES = [module.name for module in pkgutil.iter_modules(wan_sdk.spec.__path__, "wan_sdk.spec.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0


def test_the_shop_window_has_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in wan_sdk.spec.__all__:
        thing = getattr(wan_sdk.spec, name)
        assert thing.__doc__
        if name != "Pose":
            assert any(test.examples for test in finder.find(thing, name)), name


def test_the_room_is_standard_library_alone():
    program = (
        "import sys; before = set(sys.modules); import wan_sdk.spec as s;"
        "s.Scene('a').shot('b', camera='pan left').to_json();"
        "new = {n.partition('.')[0] for n in set(sys.modules) - before} - {'wan_sdk'};"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
