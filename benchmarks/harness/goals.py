"""What Duly has to show, as the performance issue lists it."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.harness.figures import Figures
from benchmarks.harness.loads import LOADS, Load, Sample

DULY = "duly"


class Ratio(NamedTuple):
    """At least so many times the other's right answers per second; `aim` is hoped for."""

    load: str
    against: str
    least: float
    aim: float


class Bound(NamedTuple):
    """At most so much."""

    load: str
    what: str
    most: float


RATIOS = (
    Ratio("list-32", "literal", 8, 11),
    Ratio("get-32", "literal", 7, 9),
    Ratio("create-32", "literal", 7, 9),
    Ratio("list-32", "bun", 1, 1.2),
    Ratio("get-32", "bun", 1, 1.2),
    Ratio("create-32", "bun", 1, 1.2),
    Ratio("list-32", "bare-asyncpg", 0.65, 0.85),
    Ratio("list-32", "bare-wire", 0.6, 0.75),
    Ratio("list-32", "pocketbase", 1.5, 1.5),
    Ratio("get-32", "pocketbase", 0.9, 1),
    Ratio("create-32", "pocketbase", 1.2, 1.2),
)
BOUNDS = (
    Bound("list-1000", "p95, ms", 500),
    Bound("list-1000", "errors", 0),
    Bound("open", "p95, ms", 50),
    Bound("open", "p99, ms", 150),
    Bound("open", "errors", 0),
    Bound("open", "dropped", 0),
    Bound("list-1000", "largest process, MB", 120),
)


class Verdict(NamedTuple):
    """One line of the table of goals."""

    goal: str
    found: str
    met: bool


def verdicts(figures: Figures) -> Iterator[Verdict]:
    """Every goal that this run measured."""
    for goal in RATIOS:
        ratio = figures.ratio(goal.load, DULY, goal.against)
        if ratio:
            wanted = f"≥ {goal.least:g} × (aim {goal.aim:g})"
            found = f"{ratio.middle:.2f} × ({ratio.least:.2f}–{ratio.greatest:.2f})"
            title = f"{LOADS[goal.load].title}, against {goal.against}: {wanted}"
            yield Verdict(title, found, ratio.middle >= goal.least)
    for bound in BOUNDS:
        found_value = _read(figures, LOADS[bound.load], bound.what)
        if found_value is not None:
            title = f"{LOADS[bound.load].title}: {bound.what} ≤ {bound.most:g}"
            yield Verdict(title, f"{found_value:,.0f}", found_value <= bound.most)


def _read(figures: Figures, load: Load, what: str) -> float | None:
    if not figures.samples(load.name, DULY):
        return None
    match what:
        case "errors":
            return figures.errors(load.name, DULY)
        case "dropped":
            return figures.dropped(load.name, DULY)
    readings = {
        "p95, ms": lambda sample: sample.answers.p95,
        "p99, ms": lambda sample: sample.answers.p99,
        "largest process, MB": _largest,
    }
    figure = figures.figure(load.name, DULY, readings[what])
    return figure.middle if figure else None


def _largest(sample: Sample) -> float:
    return sample.largest_process
