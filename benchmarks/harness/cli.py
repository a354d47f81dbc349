"""The command line: which systems, which loads, how long."""

import argparse
import resource
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import chart, machine, pythons, report
from benchmarks.harness.check import check
from benchmarks.harness.figures import Figures
from benchmarks.harness.generators import generator, missing_for
from benchmarks.harness.loads import LOADS
from benchmarks.harness.measure import LEAST_FOR_MANY, Pace, measure_all
from benchmarks.harness.people import Size
from benchmarks.harness.places import BENCHMARKS, DULY_BIN, missing
from benchmarks.harness.stage import set_stage
from benchmarks.harness.systems import SYSTEMS, System

_QUICK_LOADS = ("list-32", "get-32", "list-1000", "create-32")


def main() -> None:
    """Measure what the arguments say, print the report and write it."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _allow_many_connections()
    _leave_out(options)
    loads = [LOADS[name] for name in LOADS if name in options.only]
    with ExitStack() as stack:
        systems = _prepared(stack, options)
        figures = Figures(measure_all(systems, loads, _pace(options), say), systems, loads)
        text = report.markdown(figures, machine.describe(options.duly), _notes(options))
    print(f"\n{text}")
    if options.output:
        (options.output / "RESULTS.md").write_text(text)
        (options.output / "results.svg").write_text(chart.svg(figures))
        say(f"wrote RESULTS.md and results.svg to {options.output}")


def _leave_out(options: argparse.Namespace) -> None:
    """Keep only what there are programs for; a run that is written down must have all of them."""
    lacks = {name: missing(*SYSTEMS[name].needs) for name in options.systems}
    lacks |= {name: missing_for(LOADS[name]) for name in options.only}
    left_out = {name: programs for name, programs in lacks.items() if programs}
    for name, programs in left_out.items():
        say(f"{name} is left out: no {' and no '.join(programs)} here")
    if missing("wrk"):
        say("threads of Python stand in for wrk, slowly: apt-get install -y wrk")
    if options.output and (left_out or missing("wrk")):
        raise SystemExit("a run that is written down leaves nothing out")
    options.systems = [name for name in options.systems if name not in left_out]
    options.only = [name for name in options.only if name not in left_out]


def _prepared(stack: ExitStack, options: argparse.Namespace) -> list[System]:
    """Every system with its data, running and checked."""
    say("starting PostgreSQL")
    size = Size(options.users, options.tasks)
    stage = set_stage(
        stack, size, duly=options.duly, workers=options.workers, before=options.before
    )
    systems = [SYSTEMS[name](stage) for name in options.systems]
    for system in systems:
        say(f"{system.name}: making {options.users} × {options.tasks} tasks, starting, checking")
        system.prepare()
        stack.callback(system.stop)
        system.start()
        system.known = system.people()
        if system.known:
            check(system)
            generator(LOADS["list-32"])(
                system, LOADS["list-32"], 1
            )  # every user known, every worker warm
    stage.cluster.execute("postgres", "checkpoint")
    return systems


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, about 90 s")
    parser.add_argument("--only", nargs="+", choices=LOADS, metavar="LOAD", help=", ".join(LOADS))
    parser.add_argument(
        "--systems", nargs="+", choices=SYSTEMS, metavar="NAME", help=", ".join(SYSTEMS)
    )
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of one closed-loop measurement")
    parser.add_argument("--open-seconds", type=int, help="of one open-loop measurement")
    parser.add_argument(
        "--patience",
        type=int,
        default=0,
        help="seconds for each to wait and repeat on a busy machine",
    )
    parser.add_argument("--users", type=int)
    parser.add_argument("--tasks", type=int, default=200, help="of each user (at least 50)")
    parser.add_argument(
        "--workers", type=int, default=2, help="processes of each server that has them"
    )
    parser.add_argument("--duly", type=Path, default=DULY_BIN, help="folder of Duly's programs")
    parser.add_argument("--before", type=Path, help="another checkout of Duly, beside this one")
    parser.add_argument("--output", type=Path, help="folder for RESULTS.md and results.svg")
    options = parser.parse_args()
    if not (options.quick or options.only or options.systems):
        options.output = options.output or BENCHMARKS
    quick, full = (1, 1, 5, 200, _QUICK_LOADS), (5, 5, 20, 1000, tuple(LOADS))
    names = ("rounds", "seconds", "open_seconds", "users", "only")
    for name, value in zip(names, quick if options.quick else full, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.systems = options.systems or tuple(SYSTEMS)
    if options.before is None:
        options.systems = [name for name in options.systems if name != "before"]
    else:
        options.before = options.before.resolve()
    options.warm_up = 0 if options.quick else 1
    return options


def _pace(options: argparse.Namespace) -> Pace:
    seconds = (options.seconds, options.open_seconds, options.warm_up, options.patience)
    return Pace(options.rounds, *seconds)


def _notes(options: argparse.Namespace) -> list[str]:
    size = f"{options.users:,} users with {options.tasks} tasks each"
    rounds = f"{options.rounds} round(s), systems interleaved"
    client = "threads of Python (wrk is missing)" if missing("wrk") else "wrk"
    closed = f"Closed loop: {client}, {options.seconds:g} s (at least {LEAST_FOR_MANY} at 1,000)"
    opened = f"Open loop: k6, {options.open_seconds} s"
    patience = f"; up to {options.patience} s of waiting for calm" if options.patience else ""
    return [
        f"{size}, who take turns; {options.workers} workers for each server but PocketBase.",
        f"{rounds}{patience}; medians, ± the farthest round; ratios are taken round by round.",
        f"{closed}. {opened}; latency from the scheduled time, where nothing was dropped.",
        "An error is a status over 399, a lost connection, or no answer to a connection at all.",
        "Database, server and generator share the machine.",
        "PostgreSQL waits for the disk on every commit; PocketBase's SQLite does not.",
        pythons.line(options.duly),
    ]


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65_536)), hard))


_began = time.monotonic()


def say(text: str) -> None:
    """A line of progress, with the seconds since the start."""
    print(f"{time.monotonic() - _began:6.1f} s  {text}", flush=True)
