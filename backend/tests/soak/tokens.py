"""Rotation, outage and flood against `duly serve` in production: minutes of traffic, one table.

    .venv/bin/python -m backend.tests.soak.tokens [--seconds 60]

The program runs on a PostgreSQL of its own, beside a key source of its own, with 20 callers. It
takes twice `--seconds` and 80 s more. Status 1 if a promise is not kept; the logs are kept then.
"""

import asyncio
import shutil
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Annotated, NamedTuple

import typer
from pydantic import SecretStr

from backend.config import Settings
from backend.database import migrate
from backend.database.embedded import EmbeddedServer
from backend.security.keys.remote import FLOOR_SECONDS
from backend.security.signing import Issuer
from backend.tests.soak.callers import (
    PAUSE,
    Answer,
    Caller,
    ask_for,
    callers,
    flood,
    now,
    p95,
    progress,
    statuses,
    traffic,
)
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import ORIGIN
from backend.tests.support.program import ServedProgram, serve

PACE = 3.0  # a new key comes
GRACE = 1.0  # the key before it is published that long beside it
LONGEST_RETRY = (
    5.0  # seconds between two tries of a source that is down (backend/security/keys/remote.py)
)
FLOODS, STRANGERS, FLOOD_SECONDS = 3, 1000, 10.0
# Of fetches: besides, one at the beginning, two in the seconds in which the last answers come, the
# one that finds the new key, and the one after it, which needs not wait.
MOST = int(FLOOD_SECONDS / FLOOR_SECONDS) + 5


class Figure(NamedTuple):
    """One line of the table."""

    part: str
    promise: str
    seen: str
    kept: bool


# Rotation


class Rotation:
    """Keys that come and go, and what the callers saw of them."""

    def __init__(self, source: KeyServer, seconds: float) -> None:
        self._source = source
        self._until = now() + seconds
        self._newest = source.issuers[0]
        self._removed: deque[tuple[Issuer, float]] = deque(maxlen=3)
        self._changed = asyncio.Event()
        self.keys = 0
        self.valid: list[Answer] = []
        self.removed: list[Answer] = []
        self.lags = [0.0]  # how long after its removal the token of a key was accepted

    async def rotate(self) -> None:
        while now() < self._until:
            old, self._newest = self._newest, self._source.rotate(keep=True)
            self.keys += 1
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()  # all callers use the new key in the very moment it exists
            await asyncio.sleep(GRACE)
            self._source.issuers = [self._newest]
            self._removed.append((old, now()))
            await asyncio.sleep(PACE - GRACE)

    async def use(self, caller: Caller) -> None:
        while now() < self._until:
            self.valid.append(await caller.call(self._newest))
            for issuer, removed_at in tuple(self._removed):
                answer = await caller.call(issuer)
                self.removed.append(answer)
                if answer.status == 200:
                    self.lags.append(answer.asked_at - removed_at)
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE):
                    await self._changed.wait()


async def rotate_under_traffic(url: str, source: KeyServer, seconds: float) -> list[Figure]:
    before = source.requests
    rotation = Rotation(source, seconds)
    async with callers(url, 0) as crowd, progress("rotation", lambda: statuses(rotation.valid)):
        await asyncio.gather(rotation.rotate(), *map(rotation.use, crowd))
    refused = [answer for answer in rotation.valid if answer.status != 200]
    strange = [answer for answer in rotation.removed if answer.status not in {200, 401}]
    longest, fetches = max(rotation.lags), source.requests - before
    return [
        Figure(
            "rotation",
            "valid tokens refused: 0",
            f"{len(refused)} of {len(rotation.valid)}, {rotation.keys} keys; "
            f"slowest {max(answer.seconds for answer in rotation.valid) * 1000:.0f} ms",
            not refused and rotation.keys >= seconds // PACE,
        ),
        Figure(
            "rotation",
            f"tokens of removed keys accepted later than the next key ({PACE:.0f} s): 0",
            f"{sum(lag > PACE for lag in rotation.lags)} of {len(rotation.removed)} "
            f"({statuses(rotation.removed)}); the last {longest:.2f} s after removal",
            longest <= PACE and not strange,
        ),
        Figure(
            "rotation",
            "fetches by 2 workers (stated)",
            f"{fetches} for {rotation.keys} new keys and as many removed ones",
            kept=True,
        ),
    ]


# Outage


async def suffer(url: str, known: Issuer, unknown: Issuer, seconds: float) -> list[Figure]:
    async with callers(url, 0) as crowd:
        asking = asyncio.create_task(ask_for(url, unknown, seconds))
        answers = await traffic(crowd, known, seconds, "outage")
        denied = await asking
    failed = [answer for answer in answers if answer.status != 200]
    retryable = [answer for answer in denied if answer.status == 503 and answer.retry_after]
    return [
        Figure(
            "outage",
            "errors for known keys: 0",
            f"{len(failed)} of {len(answers)} in {seconds:.0f} s",
            not failed,
        ),
        Figure(
            "outage",
            "unknown key: always 503 with Retry-After",
            f"{len(retryable)} of {len(denied)} ({statuses(denied)})",
            len(retryable) == len(denied) > 0,
        ),
    ]


async def recover(url: str, unknown: Issuer) -> list[Figure]:
    began = now()
    answers = await ask_for(url, unknown, 4 * LONGEST_RETRY, wanted=200)
    took = max([one.asked_at - began for one in answers if one.status != 200], default=0.0)
    return [
        Figure(
            "outage",
            f"the new key after the end: 503 for {LONGEST_RETRY:.0f} s at most, then accepted",
            f"the last 503 after {took:.2f} s ({statuses(answers)})",
            answers[-1].status == 200
            and {one.status for one in answers} <= {200, 503}
            and took <= LONGEST_RETRY + 0.5,  # a fetch takes time, too
        )
    ]


# Flood


async def withstand(url: str, source: KeyServer) -> list[Figure]:
    known = source.issuers[0]
    fetches, refused, ratios, valid = [], Counter[int](), [], []
    first: list[Answer] = []
    # A process of its own: the sender's work must not slow the measuring down.
    with ProcessPoolExecutor(1, get_context("spawn")) as sender:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(sender, flood, url, 0, FLOOD_SECONDS)
        async with callers(url, 1) as crowd:
            before = await traffic(crowd, known, FLOOD_SECONDS, "quiet")
            for _ in range(FLOODS):
                requests = source.requests
                flooding = loop.run_in_executor(sender, flood, url, STRANGERS, FLOOD_SECONDS)
                rotating = asyncio.create_task(use_a_new_key(url, source))
                during = await traffic(crowd, known, FLOOD_SECONDS, "flood")
                first.append(await rotating)
                refused.update(await flooding)
                fetches.append(source.requests - requests)
                after = await traffic(crowd, known, FLOOD_SECONDS, "quiet")
                ratios.append((p95(during), p95(before + after)))
                valid += during
                before = after
    middle = median(flooded / quiet for flooded, quiet in ratios)
    return [
        Figure(
            "flood",
            f"fetches for {STRANGERS} made-up keys in {FLOOD_SECONDS:.0f} s, 1 worker: ≤ {MOST}",
            f"{' and '.join(map(str, fetches))} in {FLOODS} floods",
            max(fetches) <= MOST,
        ),
        Figure(
            "flood",
            "the first token of a new key: accepted within 2 s",
            ", ".join(f"{one.status} after {one.seconds:.2f} s" for one in first),
            all(one.status == 200 and one.seconds < 2 for one in first),
        ),
        Figure(
            "flood",
            "made-up keys: always 401",
            ", ".join(f"{number} × {status}" for status, number in refused.items()),
            refused == {401: FLOODS * STRANGERS},
        ),
        Figure(
            "flood",
            "p95 of valid callers: ≤ 1.5 × quiet (median of the floods)",
            f"{middle:.2f} × ("
            + ", ".join(f"{flooded:.1f} / {quiet:.1f} ms" for flooded, quiet in ratios)
            + f"); {statuses(valid)}",
            middle <= 1.5 and {answer.status for answer in valid} == {200},
        ),
    ]


async def use_a_new_key(url: str, source: KeyServer) -> Answer:
    """In the midst of a flood and of the floor between fetches, as the only one who has it."""
    await asyncio.sleep(4.25 * FLOOR_SECONDS)
    caller = Caller(url, 0, 0)
    async with caller.client:
        return await caller.call(source.rotate(keep=True))


# The program


@contextmanager
def served(database: str, source: KeyServer, directory: Path, workers: int) -> Iterator[str]:
    settings = Settings(
        _env_file=None,
        environment="production",
        database_url=SecretStr(database),
        auth_jwks_url=source.url,
        auth_issuer=ORIGIN,
        auth_audience=(ORIGIN,),
    )
    directory.mkdir()
    with serve(settings, directory, WORKERS=str(workers)) as program:
        # One worker that is ready makes the program so; here all shall have the keys.
        program.wait_for(lambda: _count(program, "key_set_changed") >= workers or None)
        yield program.url


def _count(program: ServedProgram, event: str) -> int:
    return sum(line.get("event") == event for line in program.log())


@contextmanager
def new_database(directory: Path) -> Iterator[str]:
    cluster = EmbeddedServer(directory / "postgres")
    try:
        url = cluster.database("soak")
        migrate.upgrade(url)
        yield url
    finally:
        cluster.close()


def run(seconds: float, directory: Path) -> Iterator[Figure]:
    known, new = Issuer.generate(), Issuer.generate()
    with new_database(directory) as database:
        with KeyServer(known) as source, served(database, source, directory / "1", 2) as url:
            yield from asyncio.run(rotate_under_traffic(url, source, seconds))
        with ExitStack() as stack:
            with KeyServer(known) as source:
                url = stack.enter_context(served(database, source, directory / "2", 2))
            # Nobody listens on its port any more.
            yield from asyncio.run(suffer(url, known, new, seconds))
            with KeyServer(known, new, port=source.port):
                yield from asyncio.run(recover(url, new))
        with KeyServer(known) as source, served(database, source, directory / "3", 1) as url:
            yield from asyncio.run(withstand(url, source))


def main(
    seconds: Annotated[float, typer.Option(help="Of rotation, and of outage.")] = 60.0,
) -> None:
    """Show what Duly promises about tokens."""
    directory = Path(tempfile.mkdtemp(prefix="duly-soak-"))
    figures = list(run(seconds, directory))
    width = max(len(figure.promise) for figure in figures)
    for part, promise, seen, kept in figures:
        typer.echo(f"{'ok  ' if kept else 'FAIL'} {part:8}  {promise:{width}}  {seen}")
    if not all(figure.kept for figure in figures):
        typer.echo(f"logs: {directory}/*/duly.log", err=True)
        sys.exit(1)
    shutil.rmtree(directory)


if __name__ == "__main__":
    typer.run(main)
