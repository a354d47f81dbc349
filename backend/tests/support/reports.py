"""What a failing test shows behind its assertion: the end of what was written meanwhile."""

from pathlib import Path

import pytest

_LINES = 20  # of each source
_ERRORS = 3  # of each log, from before those lines
_POLLING = '"/readyz"'  # such lines are our own waiting, and would hide the others

logs: list[Path] = []
"""The files into which Duly and other programs write, in this process and beside it."""

_written: dict[Path, int] = {}  # bytes, by earlier tests


def begin() -> None:
    """What is written from here on is the next test's."""
    _written.update((log, log.stat().st_size) for log in logs if log.exists())


def shorten(report: pytest.TestReport) -> None:
    """Leave only the end of what pytest has captured."""
    report.sections = [(title, last_lines(text)) for title, text in report.sections]


def add_logs(report: pytest.TestReport) -> None:
    """Add the end of each log that has grown in this test, and say where the whole is.

    The first errors stay, however far they are from the end: they have the stack of a 500.
    """
    for log in logs:
        text = log.read_bytes() if log.exists() else b""
        before = _written.get(log, 0)
        added = text[before:] if before <= len(text) else text  # or it was begun anew
        lines = [
            line for line in added.decode(errors="replace").splitlines() if _POLLING not in line
        ]
        errors = [line for line in lines[:-_LINES] if '"level":"error"' in line]
        if lines:
            shown = [*errors[:_ERRORS], *lines[-_LINES:]]
            report.sections.append((f"Last lines of {log}", "\n".join(shown)))


def last_lines(text: str) -> str:
    """The end of a text."""
    return "\n".join(text.splitlines()[-_LINES:])
