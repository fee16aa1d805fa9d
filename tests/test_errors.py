"""Errors say what, where and what to do."""

import traceback

from wan_sdk import errors


def test_the_tree_in_the_docstring_is_the_tree_in_the_code():
    names = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    for name in names:
        assert name in errors.__doc__, f"{name} is missing from the drawn tree"


def test_the_hint_is_printed_under_the_message():
    problem = errors.PlanError("the clip is too long", where="Shot 'pier'", hint="split it")
    printed = "".join(traceback.format_exception_only(problem))
    assert "Shot 'pier': the clip is too long" in printed
    assert "-> split it" in printed


def test_usage_errors_are_value_errors_with_the_exit_code_of_wrong_usage():
    assert issubclass(errors.SpecError, ValueError)
    assert errors.SizeNotSupported("x").exit_code == 64
    assert errors.Cancelled("x").exit_code == 130
    assert errors.MediaError("x").exit_code == 1


def test_to_dict_is_what_the_command_line_prints():
    problem = errors.MediaError("is empty", where="a.png", hint="look at it")
    assert problem.to_dict() == {"type": "MediaError", "message": "is empty", "where": "a.png", "hint": "look at it"}


def test_nearest_finds_a_slip_of_the_finger_and_nothing_else():
    assert errors.nearest("dolley", ["pan", "dolly"]) == "dolly"
    assert errors.nearest("zebra", ["pan", "dolly"]) is None
