"""Closed loop by threads, where wrk is missing: shows that all of it works, not how fast it is."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from statistics import median, quantiles

from benchmarks.harness.generators.wrk import requests
from benchmarks.harness.line import TOO_LATE, Answer, Line
from benchmarks.harness.loads import Answers, Load
from benchmarks.harness.systems.system import System


def run(system: System, load: Load, seconds: float) -> Answers:
    """Keep `load.connections` busy for some seconds.

    Raises:
        RuntimeError: when an answer is an error other than one of time (503), which is counted.
    """
    asked = requests(system, load.kind)
    deadline = time.monotonic() + seconds

    def ask(number: int) -> list[Answer]:
        seen = []
        line = Line(system.port)
        for call, person in cycle(asked[number % len(asked) :] + asked[: number % len(asked)]):
            seen.append(line.ask(call, person, patient=True))
            if time.monotonic() > deadline:
                break
        line.close()
        return seen

    with ThreadPoolExecutor(load.connections) as pool:
        seen = [each for some in pool.map(ask, range(load.connections)) for each in some]
    latencies = [answer.latency for answer in seen]
    errors = sum(answer.status == TOO_LATE for answer in seen)
    percent = quantiles(latencies, n=100)
    return Answers(
        rate=(len(seen) - errors) / seconds,
        p50=median(latencies),
        p95=percent[94],
        p99=percent[98],
        answer_bytes=sum(len(answer.head) + len(answer.body) for answer in seen) / len(seen),
        errors=errors,
    )
