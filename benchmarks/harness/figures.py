"""Medians, spreads and ratios of samples."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.harness.loads import Load, Sample
from benchmarks.harness.measure import Results
from benchmarks.harness.systems import System

Reading = Callable[[Sample], float]


class Figure(NamedTuple):
    """The median over the rounds, and the least and the greatest."""

    middle: float
    least: float
    greatest: float

    @property
    def spread(self) -> float:
        """How far the rounds lie from the median at most, as a share of it."""
        if not self.middle:
            return 0.0
        return max(self.greatest - self.middle, self.middle - self.least) / self.middle


class Figures:
    """Reads the results of a run."""

    def __init__(self, results: Results, systems: Sequence[System], loads: Sequence[Load]) -> None:
        self.systems = list(systems)
        self.loads = list(loads)
        self._results = results

    def samples(self, load: str, system: str) -> list[Sample]:
        """One a round; none if the pair was not measured."""
        return self._results.get((load, system), [])

    def figure(self, load: str, system: str, reading: Reading) -> Figure | None:
        """A reading over the rounds."""
        values = [reading(sample) for sample in self.samples(load, system)]
        return _figure(values) if values else None

    def rate(self, load: str, system: str) -> Figure | None:
        """Right answers per second."""
        return self.figure(load, system, _rate)

    def errors(self, load: str, system: str) -> int:
        """Over all rounds."""
        return sum(sample.answers.errors for sample in self.samples(load, system))

    def dropped(self, load: str, system: str) -> int:
        """Over all rounds."""
        return sum(sample.answers.dropped for sample in self.samples(load, system))

    def ratio(
        self, load: str, system: str, against: str, reading: Reading | None = None
    ) -> Figure | None:
        """A reading (default: the rate) of one system over that of another, round by round."""
        read = reading or _rate
        pairs = zip(self.samples(load, system), self.samples(load, against), strict=False)
        # Less than an answer a second is a collapse, and nothing to compare with.
        values = [read(a) / read(b) for a, b in pairs if _rate(b) >= 1]
        return _figure(values) if values else None


def _rate(sample: Sample) -> float:
    return sample.answers.rate


def _figure(values: Sequence[float]) -> Figure:
    return Figure(median(values), min(values), max(values))
