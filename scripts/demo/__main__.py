"""Runs the example until Ctrl-C, SIGTERM or SIGHUP: `make demo`.

Ends with status 0 when it was told to, and with 1 and a sentence when something did not work.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scripts.demo.application import ROOT
from scripts.demo.parts import DemoFailed
from scripts.demo.stack import Plan, prepare, run

_TASKS: Final = 100_000
_PORTS: Final = 65_535


def main() -> None:
    """Do what the command line asks for."""
    plan = _told()
    try:
        (prepare if plan.prepare else run)(plan)
    except DemoFailed as error:
        sys.exit(str(error))


def _told() -> Plan:
    reader = argparse.ArgumentParser(prog="python -m scripts.demo", description=__doc__)
    reader.add_argument("--dev", action="store_true", help="`next dev`: changes show at once")
    reader.add_argument(
        "--seed", type=_number(_TASKS), metavar="N", help="demo@example.com with N tasks"
    )
    reader.add_argument(
        "--port", type=_number(_PORTS), metavar="N", help="of the application; 3000"
    )
    reader.add_argument("--duly-port", type=_number(_PORTS), metavar="N", help="of Duly; 8000")
    folder = ROOT / ".duly" / "demo"
    reader.add_argument("--data", type=Path, default=folder, metavar="DIR", help="kept here")
    reader.add_argument("--prepare", action="store_true", help="install and build, and end")
    return Plan(**vars(reader.parse_args()))


def _number(most: int) -> Callable[[str], int]:
    """Reads what is 1 to `most`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    return read


if __name__ == "__main__":
    main()
