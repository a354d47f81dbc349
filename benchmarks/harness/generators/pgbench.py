"""The database by itself: pgbench with the bare peer's statements, prepared."""

import re
import subprocess
from pathlib import Path

from benchmarks import bare_statements as statements
from benchmarks.harness.loads import Answers, Kind, Load
from benchmarks.harness.people import subject
from benchmarks.harness.places import POSTGRES_BIN
from benchmarks.harness.systems.system import System

_PERCENT = 100


def run(system: System, load: Load, seconds: float) -> Answers:
    """Run one statement from `load.connections` clients for some seconds."""
    directory = system.stage.directory
    script, log = directory / f"pgbench-{load.kind.value}.sql", directory / "pgbench-log"
    script.write_text(_script(system, load.kind))
    for old in directory.glob("pgbench-log.*"):
        old.unlink()
    clients = ("-n", "-M", "prepared", "-c", str(load.connections), "-j", "1")
    what = ("-T", str(max(1, round(seconds))), "-f", str(script), "-l", "--log-prefix", str(log))
    output = subprocess.run(
        [str(POSTGRES_BIN / "pgbench"), *clients, *what, system.stage.cluster.url(system.name)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"tps = ([\d.]+)", output)
    if not found:
        raise RuntimeError(f"pgbench said:\n{output}")
    latencies = _latencies(directory)
    p50, p95, p99 = (latencies[len(latencies) * share // _PERCENT] for share in (50, 95, 99))
    return Answers(rate=float(found[1]), p50=p50, p95=p95, p99=p99)


def _script(system: System, kind: Kind) -> str:
    """The statement with the user (and the task) drawn anew each time."""
    size = system.stage.size
    prefix = subject(0).rstrip("0")
    width = len(subject(0)) - len(prefix)
    user = f"('{prefix}' || lpad((:n)::text, {width}, '0'))"
    sql = {
        Kind.LIST: statements.LIST,
        Kind.GET: statements.GET,
        Kind.CREATE: statements.CREATE,
    }[kind]
    # Rows were made hour by hour, one for each user.
    task = f"(((:i)::int - 1) * {size.users} + (:n)::int)"
    filled = sql.replace("$1", user).replace("$2", task if kind is Kind.GET else "'A new task'")
    filled = filled.replace("$3", "'Made under load'")
    recent = max(1, size.tasks - 4)
    return (
        f"\\set n random(1, {size.users})\n"
        f"\\set i random({recent}, {size.tasks})\n"
        f"{' '.join(filled.split())};\n"
    )


def _latencies(directory: Path) -> list[float]:
    """Of every transaction, sorted, in milliseconds."""
    logs = directory.glob("pgbench-log.*")
    lines = (line for log in logs for line in log.read_text().splitlines())
    return sorted(int(line.split()[2]) / 1e3 for line in lines)
