"""What must hold, what was seen, and the table at the end of the run."""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import psutil
import pytest

from backend.tests.faults.crowd import Phase, Record
from backend.tests.faults.journal import examine
from backend.tests.support.private_cluster import PrivateCluster

LONGEST = 45  # lines of a table that also has failures
BUSY = 0.15  # of all cores, taken by others: times then say little of the program

# Where others use the machine unseen, times are in the table and fail nothing.
TIMES_ARE_TOLD = os.environ.get("FAULT_TIMES") == "told"


class Bar(NamedTuple):
    """One line of the table."""

    scenario: str
    promise: str
    calm: str
    seen: str
    kept: bool
    timing: bool


TABLE: list[Bar] = []


class Bars:
    """The bars of one scenario."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.held: list[Bar] = []

    def bar(
        self, promise: str, seen: object, *, kept: bool, calm: object = "", timing: bool = False
    ) -> None:
        """Enter a figure and whether it is good enough; the scenario goes on.

        Args:
            promise: The bar in words.
            seen: The figure.
            kept: Whether it is good enough.
            calm: The same figure of the calm phase.
            timing: Whether it depends on the pace of the machine: a busy one may excuse it, once.
        """
        self.held.append(Bar(self.scenario, promise, str(calm), str(seen), kept, timing))

    def slower(
        self, what: str, times: float, calm: Phase, seen: Phase, finest: float = 20.0
    ) -> None:
        """Bar: the p95 of `what` is at most so many times that of the calm phase.

        Args:
            finest: Milliseconds that are good enough in any case: below 20, two turns of the
                kernel's scheduler decide.
        """
        kept = seen.p95 <= max(times * calm.p95, finest)
        shown = f"{calm.p95:.0f} ms", f"{seen.p95:.0f} ms"
        promise = f"{what}: p95 ≤ {times:g} × calm"
        self.bar(promise, shown[1], calm=shown[0], kept=kept, timing=True)

    def answered(self, what: str, share: float, calm: Phase, seen: Phase) -> None:
        """Bar: at least this share of `what` succeeds."""
        kept = seen.answered >= share
        self.bar(f"{what}: ≥ {share:.1%} answered", seen, calm=calm, kept=kept, timing=True)

    def invariants(self, record: Record, cluster: PrivateCluster) -> None:
        """Bars: what holds after each scenario, whatever happened."""
        found = examine(record.journal, cluster)
        wrong = {name: number for name, number in found._asdict().items() if number}
        good = sum(entry.acknowledged for entry in record.journal)
        seen = f"{good} of {len(record.journal)} writes acknowledged; {wrong or 'all as told'}"
        self.bar("acknowledged ⊆ stored ⊆ acknowledged ∪ unknown", seen, kept=not wrong)
        strange = Phase(record.answers).statuses.keys() - _EXPECTED
        foreign = len(record.foreign)
        self.bar(
            "no foreign row, no 500, no status that is no answer to this",
            f"{foreign} foreign, statuses {sorted(strange) or 'as expected'}",
            kept=not foreign and not strange,
        )

    def verdict(self) -> None:
        """Fail if a bar was not kept; the table has the figures."""
        broken = [bar for bar in self.held if not bar.kept and not (bar.timing and TIMES_ARE_TOLD)]
        if broken:
            names = "; ".join(bar.promise for bar in broken)
            pytest.fail(f"{len(broken)} of {len(self.held)} bars: {names}", pytrace=False)

    def again(self, busy: float) -> None:
        """Forget the figures: others took that share of the machine."""
        self.scenario = f"{self.scenario} (again: others took {busy:.0%})"
        self.held.clear()

    @property
    def only_slow(self) -> bool:
        """Whether nothing but times was wrong."""
        broken = [bar for bar in self.held if not bar.kept]
        return bool(broken) and all(bar.timing for bar in broken)


_EXPECTED = {200, 201, 503, 0, -1, -2}


class Machine:
    """How much of the machine others take: all processes but this one with its children.

    Args:
        own: Gives the servers that these started and let go.
    """

    def __init__(self, own: Callable[[], set[int]]) -> None:
        self._own = own
        self._began = time.monotonic()
        self._before = self._others()
        self._steal = psutil.cpu_times().steal

    def busy(self) -> float:
        """The share of all cores that went to others since the beginning, or to other machines."""
        after = self._others()
        spent = sum(used - self._before.get(key, 0.0) for key, used in after.items())
        spent += psutil.cpu_times().steal - self._steal
        cores = len(os.sched_getaffinity(0))
        return float(spent / cores / (time.monotonic() - self._began))

    def _others(self) -> dict[tuple[int, float], float]:
        """Seconds of CPU by process."""
        seen = [
            each.info for each in psutil.process_iter(["pid", "ppid", "cpu_times", "create_time"])
        ]
        parents = {each["pid"]: each["ppid"] for each in seen}
        roots = self._own() | {os.getpid()}

        def ours(pid: int) -> bool:
            while pid not in roots and pid in parents:
                pid = parents[pid]
            return pid in roots

        return {
            (each["pid"], each["create_time"]): each["cpu_times"].user + each["cpu_times"].system
            for each in seen
            if each["cpu_times"] and not ours(each["pid"])
        }


def lines(bars: list[Bar]) -> list[str]:
    """The table; when it is long and something failed, only that."""
    broken = [bar for bar in bars if not bar.kept]
    shown = broken if broken and len(bars) > LONGEST else bars
    rows = [
        ("ok" if bar.kept else "FAIL", bar.scenario, bar.promise, bar.calm, bar.seen)
        for bar in shown
    ]
    titles = ("", "scenario", "bar", "calm", "seen")
    widths = [max(len(row[column]) for row in [titles, *rows]) for column in range(4)]
    table = [
        "  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in [titles, *rows]
    ]
    return [*table, f"{len(bars) - len(broken)} of {len(bars)} bars kept"]
