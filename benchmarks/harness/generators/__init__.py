"""Programs that make load, and which of them a load takes."""

from collections.abc import Callable

from benchmarks.harness.generators import k6, threads, wrk
from benchmarks.harness.loads import FEW, Answers, Kind, Load
from benchmarks.harness.places import missing
from benchmarks.harness.systems.system import System


def generator(load: Load) -> Callable[[System, Load, float], Answers]:
    """What sends a load to a system over HTTP for some seconds."""
    if load.kind is Kind.MIX:
        return k6.run
    return threads.run if missing("wrk") else wrk.run


def missing_for(load: Load) -> list[str]:
    """The programs without which a load cannot be sent; threads stand in for few connections."""
    if load.kind is Kind.MIX:
        return missing("k6")
    return missing("wrk") if load.connections > FEW else []
