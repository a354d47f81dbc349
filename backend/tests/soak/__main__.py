"""A quarter of an hour at half load, while something is killed all the time.

    make soak [SOAK_SECONDS=900]

A PostgreSQL backend is killed every 20 s, a worker every minute, and a key is rotated every two
minutes. Status 1 if a bar is not kept. Rotation, outage and flood of keys alone, in more detail:
`python -m backend.tests.soak.tokens`.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import typer

from backend.security.signing import Issuer
from backend.tests.faults.aside import Aside, now
from backend.tests.faults.bars import Bars, lines
from backend.tests.faults.crowd import Record
from backend.tests.faults.load import Load, generate
from backend.tests.faults.stage import Stage, ask
from backend.tests.faults.wires import message
from backend.tests.soak.samples import Samples
from backend.tests.support.key_server import KeyServer
from backend.tests.support.private_cluster import private_cluster
from backend.tests.support.program import ServedProgram

BACKENDS, WORKERS, KEYS = 20.0, 60.0, 120.0  # seconds between two of a kind
SAMPLES, PROGRESS = 2.0, 15.0
CONNECTIONS = 32  # of the load
WARM = 300.0  # seconds at most: the ten minutes after them are what counts
AVAILABLE = 0.999


class Trouble:
    """What happens meanwhile, each at its own pace."""

    def __init__(self, stage: Stage, program: ServedProgram, seconds: float) -> None:
        self.samples = Samples(program)
        self.happened = Counter[str]()
        self.valid = Counter[int]()  # the statuses of valid tokens of the newest key
        self._stage, self._program = stage, program
        self._began = now()
        self._until = self._began + seconds
        self._paces = {
            self._kill_backend: BACKENDS,
            self._kill_worker: WORKERS,
            self._rotate: KEYS,
            self.samples.take: SAMPLES,
            self._tell: PROGRESS,
        }

    def run(self) -> None:
        """Until the time is over."""
        due = {action: self._began + pace for action, pace in self._paces.items()}
        while now() < self._until:
            for action in [action for action, at in due.items() if at <= now()]:
                action()
                due[action] += self._paces[action]
            time.sleep(0.1)

    def _kill_backend(self) -> None:
        self._stage.cluster.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'duly'"
            " and pid <> pg_backend_pid() order by random() limit 1"
        )
        self.happened["backends killed"] += 1

    def _kill_worker(self) -> None:
        if worker := self.samples.youngest():
            worker.kill()
            self.happened["workers killed"] += 1

    def _rotate(self) -> None:
        """The key of the load stays; beside it there is one that changes."""
        new = Issuer.generate()
        self._stage.keys.issuers = [self._stage.issuer, new]
        token = self._stage.token("rotating", new)
        for _ in range(10):
            self.valid[ask(self._program, "GET", "/api/tasks", token).status_code] += 1
        self.happened["keys rotated"] += 1

    def _tell(self) -> None:
        last = self.samples.taken[-1]
        typer.echo(
            f"  {now() - self._began:4.0f} s: {dict(self.happened)}; oldest worker"
            f" {last.survivor:.1f} MB, all {last.together:.0f} MB, {last.descriptors} descriptors",
            err=True,
        )


def judge(bars: Bars, stage: Stage, trouble: Trouble, load: Load, record: Record) -> None:
    seen = Counter(load.statuses)
    seen.update(answer.status for answer in record.answers)
    good, total = seen[200] + seen[201], seen.total()
    share = good / total if total else 0.0
    counts = ", ".join(f"{number} × {status}" for status, number in sorted(seen.items()))
    bars.bar(f"availability ≥ {AVAILABLE:.1%}", f"{share:.3%}: {counts}", kept=share >= AVAILABLE)
    bars.bar(
        "what was due was sent", f"{load.sent} of {load.due}", kept=load.sent >= 0.99 * load.due
    )
    bars.bar("tokens of a new key: 200", dict(trouble.valid), kept={*trouble.valid} <= {200})
    warm = trouble.samples.taken[0].at + min(WARM, load.seconds / 2)
    growth = trouble.samples.growth(warm)
    bars.bar(
        "memory grows < 1 % in 10 minutes (the oldest worker, which nobody kills)",
        f"{growth:+.2%}, at the end {trouble.samples.taken[-1].survivor:.1f} MB",
        kept=growth < 0.01 and trouble.samples.survived,
    )
    first, last = trouble.samples.descriptors(warm)
    bars.bar("descriptors flat", f"{last:.0f}", calm=f"{first:.0f}", kept=last <= first + 3)
    bars.bar("all of it happened", dict(trouble.happened), kept=bool(trouble.happened))
    bars.invariants(record, stage.cluster)


def soak(seconds: float, directory: Path) -> Bars:
    issuer, bars = Issuer.generate(), Bars("soak")
    with private_cluster(durable=True) as cluster, KeyServer(issuer) as keys:
        stage = Stage(cluster, issuer, keys, directory)
        requests = [message("GET", "/api/tasks?limit=20", stage.owner_of(20)[1]) for _ in range(50)]
        with stage.program() as program, stage.crowd(program, pace=0.1) as crowd:
            with Aside(generate, program.port, requests, 50, None, 5.0) as generator:
                capacity = generator.result(stop=False)
            half = capacity.goodput / 2
            typer.echo(f"capacity beside the crowd {capacity}; half of it: {half:.0f}/s", err=True)
            arguments = (program.port, requests, CONNECTIONS, half, seconds)
            with Aside(generate, *arguments) as generator:
                trouble = Trouble(stage, program, seconds)
                trouble.run()
                load = generator.result(stop=False)
            judge(bars, stage, trouble, load, crowd.stop())
    return bars


def main() -> None:
    seconds = float(os.environ.get("SOAK_SECONDS", "900"))
    with tempfile.TemporaryDirectory(prefix="duly-soak-") as directory:
        bars = soak(seconds, Path(directory))
    for line in lines(bars.held):
        typer.echo(line)
    sys.exit(not all(bar.kept for bar in bars.held))


if __name__ == "__main__":
    main()
