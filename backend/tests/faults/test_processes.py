"""Workers and their parent are killed, stopped and started twice."""

import os
import signal
import subprocess
import time

import psutil
import psycopg
import pytest

from backend.tests.faults.aside import now
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Window
from backend.tests.faults.stage import SECONDS, Stage, ask, ready, seconds_until, workers
from backend.tests.support.program import DULY, ServedProgram, environment
from backend.tests.support.raw_http import answer_of, request, sent

pytestmark = pytest.mark.faults

SLOW = 30  # requests in progress at a SIGTERM


def test_a_worker_is_killed(stage: Stage, bars: Bars) -> None:
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        before = {each.pid for each in workers(program)}
        killed = now()
        os.kill(min(before), signal.SIGKILL)
        replaced = seconds_until(
            lambda: len({each.pid for each in workers(program)} - before) == 1, 10
        )
        crowd.watch(SECONDS)
        record = crowd.stop()
    seen = Window(killed - 1, float("inf")).of(record)
    failed = [one for one in seen.answers if not 200 <= one.status < 300]
    late = max((one.asked_at - killed for one in failed), default=0.0)
    bars.bar("replaced", f"after {replaced:.2f} s", kept=replaced < 10, timing=True)
    bars.bar(
        "only its own requests fail (those asked in the moment of its death)",
        f"{len(failed)} failed, the last asked {late * 1000:.0f} ms later ({seen})",
        calm=calm.of(record),
        kept=len(failed) <= 20 and late <= 0.1,
        timing=True,
    )
    bars.bar("nobody is told 503", seen.statuses[503], kept=not seen.statuses[503], timing=True)
    bars.invariants(record, stage.cluster)


def test_sigterm_meets_slow_requests(stage: Stage, bars: Bars) -> None:
    with (
        stage.program(DRAIN_SECONDS="1") as program,
        psycopg.connect(stage.cluster.url) as holder,
    ):
        tokens = [token for _, token in stage.people(SLOW)]
        calm = [ask(program, "POST", "/api/tasks", token, {"title": "x"}) for token in tokens]
        holder.execute("lock table duly.tasks in share mode")  # nobody else writes
        waiting = [sent(program.url, creation(token)) for token in tokens]
        time.sleep(0.3)
        told = now()
        os.kill(program.pid, signal.SIGTERM)
        draining = seconds_until(lambda: says_draining(program), 1)
        served = ask(program, "GET", "/livez").status_code
        time.sleep(max(0.0, told + 1.2 - now()))
        holder.commit()
        statuses = [answer_of(each).status for each in waiting]
        ended = seconds_until(lambda: not psutil.pid_exists(program.pid) or gone(program.pid), 20)
    for each in waiting:
        each.close()
    bars.bar(
        f"{SLOW} slow requests in flight: all answered 201",
        f"{statuses.count(201)} of {SLOW}",
        calm=f"{sum(each.status_code == 201 for each in calm)} of {SLOW}",
        kept=statuses == [201] * SLOW,
        timing=True,
    )
    bars.bar(
        "/readyz 503 first",
        f"after {draining:.2f} s, still serving",
        kept=draining < 1,
        timing=True,
    )
    bars.bar("/livez meanwhile", served, kept=served == 200, timing=True)
    bars.bar("then it ends", f"{ended:.1f} s", kept=ended < 20, timing=True)


def test_the_parent_is_killed(stage: Stage, bars: Bars) -> None:
    with stage.program() as program:
        children = workers(program)
        os.kill(program.pid, signal.SIGKILL)
        took = seconds_until(lambda: all(gone(each.pid) for each in children), 10)
        bars.bar("its workers end ≤ 5 s", f"{took:.2f} s", kept=took <= 5, timing=True)


def test_the_port_is_taken(stage: Stage, bars: Bars) -> None:
    with stage.program() as program:
        variables = {**environment(stage.settings()), "PORT": str(program.port)}
        second = subprocess.Popen(
            [DULY, "serve"],
            env=variables,
            cwd=stage.folder(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = second.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(second.pid, signal.SIGKILL)
            said, _ = second.communicate()
        lines = said.splitlines()
        seen = f"exit {second.returncode}, {len(lines)} lines: {said[:80]!r}"
        told = second.returncode == 1 and len(lines) == 1 and str(program.port) in said
        bars.bar("a second program on the port: one line, exit 1", seen, kept=told)
        bars.bar("the first serves on", ready(program), kept=ready(program))


def gone(pid: int) -> bool:
    """Whether it has ended; who collects it does not matter."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def says_draining(program: ServedProgram) -> bool:
    """Whether /readyz answers 503 because the program is about to stop."""
    answer = ask(program, "GET", "/readyz")
    return answer.status_code == 503 and bool(answer.json().get("draining"))


def creation(token: str) -> bytes:
    fields = f"Authorization: Bearer {token}", "Content-Type: application/json"
    return request("POST", "/api/tasks", *fields, body=b'{"title": "Buy milk"}')
