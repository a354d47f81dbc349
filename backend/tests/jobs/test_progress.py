"""An operator sees how far a job has come."""

import io

from backend.jobs.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, total: int | None) -> str:
    """What is told of 2 000 tasks, of which 500 take three seconds."""
    now = [0.0]
    with Progress("tasks", total, stream, lambda: now[0]) as told:
        for _ in range(4):
            now[0] += 3
            told.add(500)
    return stream.getvalue()


def test_it_is_a_bar_on_a_terminal() -> None:
    _, *bars = shown(Terminal(), 2_000).split("\r")
    assert bars[0].startswith("[########........................] 500 of 2,000 tasks")
    assert bars[-1] == f"[{'#' * 32}] 2,000 of 2,000 tasks\x1b[K\n"


def test_it_is_a_line_now_and_then_elsewhere() -> None:
    lines = shown(io.StringIO(), 2_000).splitlines()
    assert lines == ["1,000 of 2,000 tasks", "2,000 of 2,000 tasks"]


def test_it_counts_what_nobody_knows_the_number_of() -> None:
    assert shown(io.StringIO(), None).splitlines() == ["1,000 tasks", "2,000 tasks"]
    assert shown(Terminal(), None).endswith("\r2,000 tasks\x1b[K\n")
