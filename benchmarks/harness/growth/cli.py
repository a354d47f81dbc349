"""The command line of `python -m benchmarks.growth`."""

import argparse
import random
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import machine, pythons
from benchmarks.harness.cli import say
from benchmarks.harness.growth import measure, report
from benchmarks.harness.growth.data import Grown
from benchmarks.harness.people import Size
from benchmarks.harness.places import BENCHMARKS, DULY_BIN
from benchmarks.harness.stage import set_stage

_FULL = (10_000, 1_000_000, 10_000_000)
_QUICK = (10_000, 100_000)
_BYTES_PER_TASK = 1_500
"""Of disk that a run needs, write-ahead log included."""

UPDATES = {
    "completed": ('{"completed":true}', '{"completed":false}'),
    "title": ('{"title":"A changed title"}', '{"title":"Another title of the same task"}'),
}


def main() -> None:
    """Measure what the arguments say, print the report and write it."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    random.seed(1)
    with ExitStack() as stack:
        systems = _prepared(stack, options)
        sizes = {system.total: system.sizes() for system in systems}
        latencies = measure.latencies(systems, options.requests, say)
        deep = {s.total: measure.deep_pages(s, options.requests // 5, say) for s in systems}
        churn = {system.total: _churn(system, options.seconds) for system in systems}
        facts = machine.describe_duly(options.duly)
    growth = report.Growth(latencies, deep, sizes, churn)
    text = report.markdown(growth, facts, pythons.line(options.duly))
    print(f"\n{text}")
    if options.output:
        (options.output / "GROWTH.md").write_text(text)
        say(f"wrote GROWTH.md to {options.output}")


def _prepared(stack: ExitStack, options: argparse.Namespace) -> list[Grown]:
    """A database and a running Duly for each size."""
    needed = sum(options.sizes) * _BYTES_PER_TASK
    folder = tempfile.gettempdir()
    if shutil.disk_usage(folder).free < needed:
        raise SystemExit(f"{folder} needs {needed / 1e9:.0f} GB of free disk: choose --sizes")
    say("starting PostgreSQL")
    each_its_own = Size(0, 0)
    stage = set_stage(stack, each_its_own, duly=options.duly, workers=options.workers)
    systems = [Grown(stage, total) for total in options.sizes]
    for system in systems:
        say(f"making {system.total:,} tasks of {sum(g.users for g in system.groups):,} users")
        system.prepare()
        stack.callback(system.stop)
        system.start()
        system.known = system.people()
    return systems


def _churn(system: Grown, seconds: float) -> dict[str, measure.Churn]:
    found = {}
    for half, (name, bodies) in enumerate(UPDATES.items()):
        found[name] = measure.churn(system, bodies, half, seconds)
        hot = ", ".join(f"{t} {report.hot_share(found[name], t):.0%}" for t in measure.TABLES)
        say(f"{system.total:,}: {found[name].rate:,.0f} updates/s of {name}; HOT: {hot}")
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small and short, under 60 s")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="TASKS", help="of each database")
    parser.add_argument("--requests", type=int, help="of each kind and size")
    parser.add_argument("--seconds", type=float, help="of each kind of update and size")
    parser.add_argument("--workers", type=int, default=2, help="processes of each server")
    parser.add_argument("--duly", type=Path, default=DULY_BIN, help="folder of Duly's programs")
    parser.add_argument("--output", type=Path, help="folder for GROWTH.md")
    options = parser.parse_args()
    if not (options.quick or options.sizes):
        options.output = options.output or BENCHMARKS
    options.sizes = options.sizes or (_QUICK if options.quick else _FULL)
    options.requests = options.requests or (100 if options.quick else 1000)
    options.seconds = options.seconds or (2 if options.quick else 5)
    return options
