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
        RuntimeError: when an answer is an error other than one of time (503), which is counted, as
            lost connections are.
    """
    asked = requests(system, load.kind)
    deadline = time.monotonic() + seconds

    def ask(number: int) -> list[Answer | None]:
        seen: list[Answer | None] = []
        line = Line(system.port)
        for call, person in cycle(asked[number % len(asked) :] + asked[: number % len(asked)]):
            try:
                seen.append(line.ask(call, person, patient=True))
            except OSError:
                seen.append(None)
                line.close()
                line = Line(system.port)
            if time.monotonic() > deadline:
                break
        line.close()
        return seen

    with ThreadPoolExecutor(load.connections) as pool:
        asks = [each for some in pool.map(ask, range(load.connections)) for each in some]
    seen = [answer for answer in asks if answer]
    latencies = [answer.latency for answer in seen]
    errors = asks.count(None) + sum(answer.status == TOO_LATE for answer in seen)
    percent = quantiles(latencies, n=100)
    return Answers(
        rate=(len(asks) - errors) / seconds,
        p50=median(latencies),
        p95=percent[94],
        p99=percent[98],
        answer_bytes=sum(len(answer.head) + len(answer.body) for answer in seen) / len(seen),
        errors=errors,
    )
