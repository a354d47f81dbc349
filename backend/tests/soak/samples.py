"""What the workers hold, again and again; whether it grows."""

from statistics import linear_regression, median
from typing import NamedTuple

import psutil

from backend.tests.faults.aside import now
from backend.tests.faults.stage import memory, workers
from backend.tests.support.program import ServedProgram

_TEN_MINUTES = 600.0
_MEGABYTE = 2**20


class Sample(NamedTuple):
    """One look at the workers.

    Attributes:
        at: When, by the monotonic clock.
        survivor: MB that only the oldest worker has (USS): what is shared moves when another
            worker is killed.
        together: MB of all live workers (PSS).
        descriptors: Of all live workers: connections move from one that dies to the others.
    """

    at: float
    survivor: float
    together: float
    descriptors: int


class Samples:
    """Of a program whose oldest worker is never killed: that one would show a leak."""

    def __init__(self, program: ServedProgram) -> None:
        self._program = program
        self._oldest = min(workers(program), key=psutil.Process.create_time)
        self.taken: list[Sample] = []

    def take(self) -> Sample:
        size = self._oldest.memory_full_info().uss / _MEGABYTE
        sample = Sample(now(), size, *memory(self._program))
        self.taken.append(sample)
        return sample

    def youngest(self) -> psutil.Process | None:
        """The worker that may be killed; None while there is but one."""
        others = [each for each in workers(self._program) if each.pid != self._oldest.pid]
        return max(others, key=psutil.Process.create_time, default=None)

    @property
    def survived(self) -> bool:
        return bool(self._oldest.is_running())

    def growth(self, since: float) -> float:
        """By which part the oldest worker grows in ten minutes, by the line of best fit."""
        kept = [sample for sample in self.taken if sample.at >= since]
        if len(kept) < 3:
            return 0.0
        slope, _ = linear_regression([one.at for one in kept], [one.survivor for one in kept])
        return slope * _TEN_MINUTES / median(one.survivor for one in kept)

    def descriptors(self, since: float) -> tuple[float, float]:
        """The medians of the first and of the last third: those of moments with all workers."""
        kept = [sample.descriptors for sample in self.taken if sample.at >= since] or [0]
        third = max(1, len(kept) // 3)
        return median(kept[:third]), median(kept[-third:])
