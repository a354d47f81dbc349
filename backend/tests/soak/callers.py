"""Those who call the program at once, and what they were answered."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from statistics import quantiles
from typing import NamedTuple

import httpx2
import typer

from backend.security.signing import Issuer, identifier
from backend.tests.support.people import NO_TLS, ORIGIN

CALLERS = 20
PAUSE = 0.1  # between two calls of one caller

now = time.monotonic


class Answer(NamedTuple):
    """What a caller got; status 0 is none at all."""

    status: int
    asked_at: float
    seconds: float
    retry_after: str | None


class Caller:
    """A user with one token of each key.

    Args:
        url: The program's origin.
        number: Another number, another user.
        connections: How many it keeps; with none, each call may reach another worker.
    """

    def __init__(self, url: str, number: int, connections: int) -> None:
        self._subject = f"caller-{number}"
        self._tokens: dict[str | None, str] = {}
        limits = httpx2.Limits(max_keepalive_connections=connections)
        self.client = httpx2.AsyncClient(
            base_url=url, limits=limits, verify=NO_TLS, trust_env=False
        )

    async def call(self, issuer: Issuer) -> Answer:
        """List tasks with a token of this key: the same one whenever the key is the same."""
        token = self._tokens.get(issuer.kid)
        if token is None:
            token = issuer.token(self._subject, issuer=ORIGIN, audience=ORIGIN, lifetime=86_400)
            self._tokens[issuer.kid] = token
        return await get_tasks(self.client, token)


async def get_tasks(client: httpx2.AsyncClient, token: str) -> Answer:
    began = now()
    try:
        answer = await client.get("/api/tasks", headers={"Authorization": f"Bearer {token}"})
    except httpx2.TransportError:
        return Answer(0, began, now() - began, None)
    retry_after = answer.headers.get("Retry-After")
    return Answer(answer.status_code, began, now() - began, retry_after)


@asynccontextmanager
async def callers(url: str, connections: int) -> AsyncIterator[list[Caller]]:
    made = [Caller(url, number, connections) for number in range(CALLERS)]
    yield made
    for each in made:
        await each.client.aclose()


async def traffic(
    crowd: Sequence[Caller], issuer: Issuer, seconds: float, title: str
) -> list[Answer]:
    """The answers to all callers, who use one known key."""
    answers: list[Answer] = []
    until = now() + seconds

    async def go_on(caller: Caller) -> None:
        while now() < until:
            answers.append(await caller.call(issuer))
            await asyncio.sleep(PAUSE)

    async with progress(title, lambda: statuses(answers)):
        await asyncio.gather(*map(go_on, crowd))
    return answers


async def ask_for(url: str, issuer: Issuer, seconds: float, wanted: int = 0) -> list[Answer]:
    """Use a key again and again, on new connections so that every worker is asked.

    Ends early as soon as ten answers in a row have the wanted status.
    """
    answers: list[Answer] = []
    until = now() + seconds
    while now() < until and [one.status for one in answers[-10:]] != [wanted] * 10:
        caller = Caller(url, len(answers), 0)
        async with caller.client:
            answers.append(await caller.call(issuer))
        await asyncio.sleep(PAUSE)
    return answers


def flood(url: str, strangers: int, seconds: float) -> list[int]:
    """Send well-formed tokens of as many made-up keys, evenly over the seconds; the statuses."""
    return asyncio.run(_flood(url, strangers, seconds))


async def _flood(url: str, strangers: int, seconds: float) -> list[int]:
    forger = Issuer.generate()
    sending: list[asyncio.Task[Answer]] = []
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(
        base_url=url, limits=limits, verify=NO_TLS, trust_env=False
    ) as client:
        began = now()
        for number in range(strangers):
            forger.kid = identifier()
            token = forger.token("mallory", issuer=ORIGIN, audience=ORIGIN)
            sending.append(asyncio.create_task(get_tasks(client, token)))
            await asyncio.sleep(began + (number + 1) * seconds / strangers - now())
        return [answer.status for answer in await asyncio.gather(*sending)]


@asynccontextmanager
async def progress(title: str, state: Callable[[], str]) -> AsyncIterator[None]:
    """Tell every five seconds how it goes."""

    async def tell() -> None:
        began = now()
        while True:
            await asyncio.sleep(5)
            typer.echo(f"  {title} {now() - began:3.0f} s: {state()}", err=True)

    telling = asyncio.create_task(tell())
    yield
    telling.cancel()


def statuses(answers: Sequence[Answer]) -> str:
    counts = Counter(answer.status for answer in answers)
    return ", ".join(f"{number} × {status}" for status, number in sorted(counts.items()))


def p95(answers: Sequence[Answer]) -> float:
    """Milliseconds."""
    return quantiles([answer.seconds for answer in answers], n=20)[-1] * 1000
