"""Open loop by k6: arrivals at a constant rate, latency from the scheduled time."""

import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.harness.loads import RATE, Answers, Load
from benchmarks.harness.places import HOST, LOAD, program
from benchmarks.harness.systems.system import System


def run(system: System, load: Load, seconds: float) -> Answers:
    """Send the mix for some seconds, each request at its time whatever the others do."""
    directory = system.stage.directory
    plan, summary = directory / f"{system.name}-plan.json", directory / f"{system.name}-k6.json"
    plan.write_text(json.dumps(_plan(system)))
    environment = {
        "PLAN": plan,
        "SUMMARY": summary,
        "TARGET": f"http://{HOST}:{system.port}",
        "RATE": RATE,
        "SECONDS": max(1, round(seconds)),
        "USERS": load.connections,
    }
    variables = [part for key, value in environment.items() for part in ("-e", f"{key}={value}")]
    # No usage report and no control port: nothing but the system is contacted.
    log = ("--log-output", f"file={directory / f'{system.name}-k6.log'}")
    quiet = ("--quiet", "--no-usage-report", "--address", "", *log)
    subprocess.run(
        [program("k6"), "run", *quiet, *variables, LOAD / "mix.js"],
        check=True,
        capture_output=True,
        cwd=directory,
    )
    return _answers(summary, seconds)


def _plan(system: System) -> dict[str, Any]:
    people = [
        {
            "subject": person.subject,
            "header": person.header,
            "recent": person.recent,
            "old": person.old,
        }
        for person in system.known
    ]
    return {"calls": system.calls.document(), "people": people}


def _answers(summary: Path, seconds: float) -> Answers:
    metrics = json.loads(summary.read_text())["metrics"]

    def value(metric: str, name: str) -> float:
        return float(metrics.get(metric, {}).get("values", {}).get(name, 0.0))

    dropped = round(value("dropped_iterations", "count"))
    # The schedule is known by the number of the arrival, which drops shift.
    latency = "from_start" if dropped else "from_schedule"
    return Answers(
        rate=value("right", "count") / seconds,
        p50=value(latency, "med"),
        p95=value(latency, "p(95)"),
        p99=value(latency, "p(99)"),
        errors=round(value("wrong", "count")),
        dropped=dropped,
    )
