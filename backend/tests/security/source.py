"""A key set without the network, on a clock that leaps."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from backend.security.keys.fetch import FetchFailed
from backend.security.keys.key import VerificationKey
from backend.security.keys.remote import RemoteKeySet
from backend.security.signing import Issuer
from backend.tests.support.leaping import now

MINUTE, HOUR = 60.0, 3600.0


class Source:
    """An issuer's key set without the network; `delay` is the way there and back, in seconds."""

    def __init__(self, *issuers: Issuer, delay: float = 0.05) -> None:
        self.issuers = list(issuers)
        self.delay = delay
        self.down = False
        self.document: bytes | None = None
        self.fetched_at: list[float] = []

    async def __call__(self) -> bytes:
        self.fetched_at.append(now())
        await asyncio.sleep(self.delay / 2)
        document = self.document or json.dumps({"keys": [i.jwk for i in self.issuers]}).encode()
        await asyncio.sleep(self.delay / 2)
        if self.down:
            raise FetchFailed("unreachable")
        return document

    async def aclose(self) -> None:
        pass

    def rotate(self) -> Issuer:
        """A new key; the one before it stays published, as during Better Auth's grace period."""
        self.issuers = [*self.issuers[-1:], Issuer.generate()]
        return self.issuers[-1]

    def most_fetches_in(self, seconds: float) -> int:
        """The most fetches that any window of that length saw."""
        at = self.fetched_at
        return max(sum(start <= one < start + seconds for one in at) for start in at)


@asynccontextmanager
async def kept(source: Source) -> AsyncIterator[RemoteKeySet]:
    """A started key set over that source, on the time of the running loop."""
    keys = RemoteKeySet("https://app.example.com/jwks", fetch=source, monotonic=now)
    await keys.start()
    try:
        yield keys
    finally:
        await keys.aclose()

        await asyncio.sleep(0.01)


Timed = tuple[VerificationKey | None, float]
"""An answer, and the seconds it took."""


async def timed(call: Awaitable[VerificationKey | None]) -> Timed:
    began = now()
    return await call, now() - began


def kid(issuer: Issuer) -> str:
    assert issuer.kid
    return issuer.kid
