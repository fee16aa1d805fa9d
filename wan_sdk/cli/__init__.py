"""The command line: ``wan-sdk demo | render | plan | verify | models | bench | lab | doctor``.

Exit codes: 0 done, 1 failed, 64 wrong usage or a bad scene, 70 anything unforeseen, 130 interrupted;
`verify` has one for each state of the verdict.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from wan_sdk.cli.app import app
from wan_sdk.cli.output import print_error
from wan_sdk.errors import Cancelled, UsageError, WanError

USAGE = 64
UNFORESEEN = 70
INTERRUPTED = 130


def main() -> None:
    """Run the command line and leave with its exit code."""
    raise SystemExit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    >>> run(["--version"])              # doctest: +SKIP
    0
    """
    as_json = "--json" in arguments
    try:
        code = app(args=list(arguments), prog_name="wan-sdk", standalone_mode=False)
        sys.stdout.flush()
    except WanError as problem:
        print_error(problem, as_json)
        return problem.exit_code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # whoever read the output has gone, as `| head` does; nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as problem:
        return _unforeseen(problem, as_json)
    if code == INTERRUPTED:  # the CLI library turns Ctrl-C into this code by itself
        print_error(Cancelled("interrupted", hint="what was finished is in the gallery"), as_json)
    return code if isinstance(code, int) else 0


def _unforeseen(problem: Exception, as_json: bool) -> int:
    # The CLI library's own usage errors carry `format_message`; without a message it has printed its help.
    if hasattr(problem, "format_message"):
        if message := problem.format_message().strip():
            print_error(UsageError(message, hint="wan-sdk --help"), as_json)
        return USAGE
    print_error(
        WanError(f"{type(problem).__name__}: {problem}", hint="this is a defect of wan_sdk; the lines above say where"),
        as_json,
        details="".join(traceback.format_exception(problem)),
    )
    return UNFORESEEN
