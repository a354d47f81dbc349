"""Rounds of measurements, interleaved so that the machine's moods fall on all alike."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from benchmarks.harness.generators import generator, pgbench
from benchmarks.harness.loads import FEW, Answers, Kind, Load, Sample
from benchmarks.harness.program import Usage
from benchmarks.harness.systems import Postgres, System

Say = Callable[[str], None]
Results = dict[tuple[str, str], list[Sample]]
"""The samples of each (load, system), one a round."""

LEAST_FOR_MANY = 3
"""Seconds of a measurement with 1,000 connections, which take a while to open."""

_GLANCE, _CALM = 0.5, 0.2
_NOTHING = Usage(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long everything takes.

    Attributes:
        rounds: How often each load meets each system.
        seconds: Of one closed-loop measurement.
        open_seconds: Of one open-loop measurement.
        warm_up: Seconds of the same kind of request from few connections before each.
        patience: Seconds to spend at most on each for a sample that strangers did not disturb.
    """

    rounds: int
    seconds: float
    open_seconds: float
    warm_up: float
    patience: float


def measure_all(systems: Sequence[System], loads: Sequence[Load], pace: Pace, say: Say) -> Results:
    """All rounds; every round begins with the original data and another system."""
    results: Results = {}
    pairs = [(load, system) for load in loads for system in systems if system.handles(load)]
    total, done = len(pairs) * pace.rounds, 0
    for round_ in range(pace.rounds):
        if round_ and any(load.kind in (Kind.CREATE, Kind.MIX) for load in loads):
            say(f"round {round_ + 1}: restoring the data")
            for system in systems:
                system.restore()
        shift = round_ % len(systems)
        for load in loads:
            for system in (*systems[shift:], *systems[:shift]):
                if not system.handles(load):
                    continue
                done += 1
                sample = _measure_calm(system, load, pace)
                results.setdefault((load.name, system.name), []).append(sample)
                say(f"[{done}/{total}] {load.title}, {system.name}: {_line(sample)}")
    return results


def _measure_calm(system: System, load: Load, pace: Pace) -> Sample:
    """A sample that strangers did not disturb; when patience ends, the least disturbed."""
    deadline = time.monotonic() + pace.patience
    samples: list[Sample] = []
    while not samples or (not samples[-1].calm and time.monotonic() < deadline):
        _await_calm(deadline)
        samples.append(_measure_warm(system, load, pace))
    return min(samples, key=lambda sample: sample.other_cores)


def _measure_warm(system: System, load: Load, pace: Pace) -> Sample:
    if pace.warm_up:
        kind = Kind.LIST if load.kind is Kind.MIX else load.kind
        calm = Load(kind, FEW)
        _generator(system, calm)(system, calm, pace.warm_up)
    if load.kind is Kind.MIX:
        sample = _measure(system, load, pace.open_seconds)
    else:
        seconds = max(pace.seconds, LEAST_FOR_MANY) if load.connections > FEW else pace.seconds
        sample = _measure(system, load, seconds)
    if system.program and not system.answers():
        system.restart()  # a collapse must not fall on the next measurement
    return sample


def _measure(system: System, load: Load, seconds: float) -> Sample:
    generate = _generator(system, load)
    before = _cpu_seconds(system)
    start = time.monotonic()
    answers = generate(system, load, seconds)
    wall = time.monotonic() - start
    after = _cpu_seconds(system)
    machine, *own = ((a - b) / wall for a, b in zip(after, before, strict=True))
    server, database, generator = own
    usage = _server(system)
    return Sample(
        answers=answers,
        server_cores=server,
        database_cores=database,
        generator_cores=generator,
        other_cores=max(0.0, machine - sum(own)),
        memory=usage.memory,
        largest_process=usage.largest,
    )


def _generator(system: System, load: Load) -> Callable[[System, Load, float], Answers]:
    if isinstance(system, Postgres):
        return pgbench.run
    return generator(load)


def _server(system: System) -> Usage:
    return system.program.usage() if system.program else _NOTHING


def _cpu_seconds(system: System) -> tuple[float, float, float, float]:
    """Used so far by the machine, the server, the database, and by children that have ended.

    The last are the load generators.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        _machine_cpu_seconds(),
        _server(system).cpu_seconds,
        system.stage.cluster.cpu_seconds(),
        children.ru_utime + children.ru_stime,
    )


def _machine_cpu_seconds() -> float:
    times = psutil.cpu_times()
    used: float = sum(times) - times.idle - times.iowait - times.guest - times.guest_nice
    return used


def _await_calm(deadline: float) -> None:
    """Return when the machine, without load from here, is idle, or at the deadline."""
    while time.monotonic() < deadline:
        before = _machine_cpu_seconds()
        time.sleep(_GLANCE)
        if (_machine_cpu_seconds() - before) / _GLANCE < _CALM:
            return


def _line(sample: Sample) -> str:
    seen = sample.answers
    speed = f", p95 {seen.p95:,.1f} ms" if seen.rate else ""
    trouble = f", {seen.errors} errors" if seen.errors else ""
    trouble += f", {seen.dropped} dropped" if seen.dropped else ""
    return f"{seen.rate:,.0f}/s{speed}{trouble} (others {sample.other_cores:.2f} cores)"
