"""What the others notice of one user whose statements take half a second each, four at a time.

Rounds with and without that user alternate: 32 connections that never think, then the mix
at its constant rate.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.harness import pythons
from benchmarks.harness.calls import Call, send
from benchmarks.harness.generators import generator, missing_for
from benchmarks.harness.loads import LOADS, Answers
from benchmarks.harness.people import Person, Size
from benchmarks.harness.places import DULY_BIN
from benchmarks.harness.stage import set_stage
from benchmarks.harness.systems.duly import Duly

_AT_ONCE = 4
_MOST = 1.3
_MANY = """
    insert into bench.tasks
    select user_id, uuidv7(), format('Task %s', n), description, completed_at, created_at,
        updated_at, 1
    from (select * from bench.tasks where user_id = '{user}' limit 1) one,
        generate_series(1, 200000) n"""
_SLOW = Call("GET", "/api/tasks?sort=title&limit=1&count=exact")  # reads and sorts them all
_LOADS = ("list-32", "open")


def main() -> None:
    """Print the others' p95 with and without the slow user, and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fairness", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--users", type=int, default=1_000)
    options = parser.parse_args()
    print(pythons.line(DULY_BIN))
    with ExitStack() as stack:
        duly, slow = _started(stack, options.users)
        for name in _LOADS:
            if lacks := missing_for(LOADS[name]):
                print(f"{LOADS[name].title}: left out, no {' and no '.join(lacks)} here")
                continue
            generate = generator(LOADS[name])
            quiet: list[Answers] = []
            disturbed: list[Answers] = []
            for _ in range(options.rounds):
                duly.restore()  # the mix deletes
                quiet.append(generate(duly, LOADS[name], options.seconds))
                duly.restore()
                with _dawdling(duly, slow) as pages:
                    disturbed.append(generate(duly, LOADS[name], options.seconds))
                print(f"{LOADS[name].title}: slow pages {sorted(pages)}", flush=True)
            before, after = (_p95(answers) for answers in (quiet, disturbed))
            errors = sum(each.errors + each.dropped for each in disturbed)
            verdict = "met" if after <= _MOST * before else "missed"
            print(
                f"{LOADS[name].title}: p95 {before:.1f} ms alone, {after:.1f} ms beside the slow "
                f"user: {after / before:.2f} × (≤ {_MOST} ×: {verdict}); {errors} errors"
            )


def _started(stack: ExitStack, users: int) -> tuple[Duly, Person]:
    duly = Duly(set_stage(stack, Size(users, tasks=50)))
    duly.prepare()
    stack.callback(duly.stop)
    duly.start()
    slow, *duly.known = duly.people()
    duly.stage.cluster.execute(duly.name, _MANY.format(user=slow.subject))
    generator(LOADS["list-32"])(duly, LOADS["list-32"], 2)  # every user known, every worker warm
    return duly, slow


@contextmanager
def _dawdling(duly: Duly, slow: Person) -> Iterator[list[tuple[int, float]]]:
    """The slow user asks four times at once, over and over; gives status and seconds of each."""
    over = threading.Event()
    pages: list[tuple[int, float]] = []

    def ask() -> None:
        while not over.is_set():
            began = time.monotonic()
            status, _ = send(duly.port, _SLOW, slow, timeout=10.0)
            pages.append((status, round(time.monotonic() - began, 1)))

    threads = [threading.Thread(target=ask) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        yield pages
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _p95(answers: list[Answers]) -> float:
    return statistics.median(each.p95 for each in answers)


if __name__ == "__main__":
    main()
