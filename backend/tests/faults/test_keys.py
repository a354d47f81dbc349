"""The key source is down, slow, poisoned or rotated while people work; others send forged tokens.

Minutes of the same, with more keys: `python -m backend.tests.soak.tokens`.
"""

import asyncio
import secrets
import time

import pytest

from backend.security.signing import Issuer
from backend.tests.faults.aside import Aside, now, pause
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Window
from backend.tests.faults.stage import SECONDS, Stage, ask
from backend.tests.faults.wires import Wire, message
from backend.tests.support.people import ORIGIN

pytestmark = pytest.mark.faults

FORGED_PER_SECOND = 100
MODES = ("down", "drop", "slow", "garbage", "huge")


def test_the_key_source_is_down_slow_or_poisoned(stage: Stage, bars: Bars) -> None:
    token, told, during = stage.token("new", Issuer.generate()), {}, []
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        try:
            for mode in MODES:
                stage.keys.mode = mode
                began = now()
                answers = [ask(program, "GET", "/api/tasks", token) for _ in range(4)]
                time.sleep(max(0.0, began + 1 - now()))
                during.append(Window(began, now()))
                told[mode] = {(each.status_code, "retry-after" in each.headers) for each in answers}
        finally:
            stage.keys.mode = "ok"
        record = crowd.stop()
    bars.answered("known keys", 1, calm.of(record), Window.together(during, record))
    wrong = {mode: answers for mode, answers in told.items() if answers != {(503, True)}}
    seen = f"{wrong or 'so'}: {', '.join(told)}"
    bars.bar("an unknown key: 503 with Retry-After", seen, kept=not wrong)
    bars.invariants(record, stage.cluster)


def test_a_key_is_rotated_under_forged_tokens(stage: Stage, bars: Bars) -> None:
    try:
        with stage.program() as program, stage.crowd(program) as crowd:
            calm = crowd.watch(SECONDS)
            with Aside(forge, program.port, FORGED_PER_SECOND):
                time.sleep(1)
                flooded = crowd.watch(SECONDS)
                new = stage.keys.rotate(keep=True)
                token, began, statuses = stage.token("lone", new), now(), []
                while now() - began < SECONDS:
                    statuses.append((ask(program, "GET", "/api/tasks", token).status_code, now()))
                    time.sleep(0.05)
            record = crowd.stop()
    finally:
        stage.keys.issuers = [stage.issuer]
    took = next((at - began for status, at in statuses if status == 200), float("inf"))
    bars.bar(
        "never 401 for a valid token",
        [*{status for status, _ in statuses}],
        kept=401 not in {status for status, _ in statuses},
    )
    bars.bar("the first token of a new key ≤ 2 s", f"{took:.2f} s", kept=took <= 2, timing=True)
    bars.answered("others", 1, calm.of(record), flooded.of(record))
    bars.slower("others", 2, calm.of(record), flooded.of(record))
    bars.invariants(record, stage.cluster)


async def forge(stopping: asyncio.Event, port: int, rate: int) -> int:
    """Send tokens of made-up keys."""
    forger, wire, sent = Issuer.generate(), Wire(port), 0
    while await pause(stopping, 1 / rate):
        forger.kid = secrets.token_hex(16)
        token = forger.token("mallory", issuer=ORIGIN, audience=ORIGIN)
        await wire.ask(message("GET", "/api/tasks", token))
        sent += 1
    return sent
