"""Closed loop by wrk: one thread, connections that never think, distinct users in rotation."""

import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.harness.calls import Call
from benchmarks.harness.loads import Answers, Kind, Load
from benchmarks.harness.people import Person
from benchmarks.harness.places import HOST, LOAD
from benchmarks.harness.systems.system import System

_MARK = "JSON "
_TIMEOUT = 10


def run(system: System, load: Load, seconds: float) -> Answers:
    """Keep `load.connections` busy for some seconds."""
    requests = _write_requests(system, load.kind)
    return send(requests, system.port, load.connections, seconds)


def send(requests: Path, port: int, connections: int, seconds: float) -> Answers:
    """Keep connections busy with the requests of a file, in rotation.

    Args:
        requests: One in a line: method, path, name and value of a header field, body, and perhaps
            a key for retries.
        port: Where to, on this machine.
        connections: How many.
        seconds: How long.
    """
    timing = (f"-d{max(1, round(seconds))}s", f"--timeout={_TIMEOUT}s")
    script = ("-s", str(LOAD / "wrk.lua"), f"http://{HOST}:{port}", "--", str(requests))
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", *timing, *script],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    seen = json.loads(output.rsplit(_MARK, 1)[1])
    return _answers(seen, connections)


def _answers(seen: dict[str, Any], connections: int) -> Answers:
    right = seen["requests"] - seen["statuses"]
    # wrk does not count what it still waits for; at least these connections had no answer.
    unanswered = max(0, connections - seen["requests"])
    errors = seen["statuses"] + seen["lost"] + seen["timeouts"] + unanswered
    return Answers(
        rate=right / seen["seconds"],
        p50=seen["p50"],
        p95=seen["p95"],
        p99=seen["p99"],
        answer_bytes=seen["bytes"] / max(1, seen["requests"]),
        errors=errors,
    )


def _write_requests(system: System, kind: Kind) -> Path:
    """One request in a line: method, path, header name, header value, body."""
    path = system.stage.directory / f"{system.name}-{kind.value}.tsv"
    if not path.exists():
        lines = [
            "\t".join((call.method, call.path, *person.header, call.body))
            for call, person in requests(system, kind)
        ]
        path.write_text("\n".join(lines) + "\n")
    return path


def requests(system: System, kind: Kind) -> list[tuple[Call, Person]]:
    """What a closed loop asks, in turn, and who asks it."""
    call: Call = getattr(system.calls, kind.value)
    people = system.known
    if kind is Kind.GET:  # neighbours in the rotation are different users
        return [(call.filled(p, p.recent[n]), p) for n in range(5) for p in people]
    return [(call.filled(p), p) for p in people]
