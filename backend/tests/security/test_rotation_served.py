"""A new key beside forged tokens, over HTTP: its first user is never signed out."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import httpx2
import pytest

from backend.config import Settings
from backend.security.signing import Issuer, identifier
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import NO_TLS, ORIGIN
from backend.tests.support.service import Service


@pytest.fixture
def source() -> Iterator[KeyServer]:
    with KeyServer(Issuer.generate()) as server:
        yield server


@pytest.fixture
def service(database_url: str, source: KeyServer) -> Iterator[Service]:
    settings = Settings(
        _env_file=None,
        environment="production",
        database_url=database_url,
        auth_issuer=ORIGIN,
        auth_audience=(ORIGIN,),
        auth_jwks_url=source.url,
    )
    with Service(settings) as served:
        yield served


def caller(service: Service) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=None)
    return httpx2.AsyncClient(
        base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60, limits=limits
    )


async def ask(client: httpx2.AsyncClient, issuer: Issuer) -> httpx2.Response:
    token = issuer.token("lone-user", issuer=ORIGIN, audience=ORIGIN)
    return await client.get("/api/tasks", headers={"Authorization": f"Bearer {token}"})


async def use(client: httpx2.AsyncClient, issuer: Issuer) -> int:
    """What its user is told in the end, who comes again as long as it is 503.

    And when a connection ends for idleness just as it is used (RFC 9112, section 9.5).
    """
    while True:
        with suppress(httpx2.ReadError, httpx2.RemoteProtocolError):
            answer = await ask(client, issuer)
            if answer.status_code != 503:
                return answer.status_code
            assert int(answer.headers["Retry-After"]) > 0


async def forge(client: httpx2.AsyncClient) -> int:
    """A well-formed token of a made-up key."""
    forger = Issuer.generate()
    forger.kid = identifier()
    return await use(client, forger)


def test_the_lone_user_of_a_new_key_is_accepted_after_two_forged_tokens(
    service: Service, source: KeyServer
) -> None:
    async def story() -> list[int]:
        async with caller(service) as client:
            return [await forge(client), await forge(client), await use(client, source.rotate())]

    assert asyncio.run(story()) == [401, 401, 200]


def test_the_first_token_of_a_new_key_gets_through_a_flood_of_forged_ones(
    service: Service, source: KeyServer
) -> None:
    async def flood(client: httpx2.AsyncClient) -> None:
        while True:
            assert await forge(client) == 401

    async def story() -> list[int]:
        async with caller(service) as client:
            floods = [asyncio.create_task(flood(client)) for _ in range(100)]
            await forge(client)  # a fetch has found nothing, and the next one is not due
            answers = [await use(client, source.rotate()) for _ in range(3)]
            for each in floods:
                assert not each.done() or each.exception() is None
                each.cancel()
                with suppress(asyncio.CancelledError):
                    await each
            return answers

    assert asyncio.run(story()) == [200] * 3


def test_a_key_that_was_not_looked_for_in_time_is_no_reason_to_sign_anybody_out(
    service: Service, source: KeyServer
) -> None:
    async def story() -> None:
        async with caller(service) as client:
            source.mode = "slow"
            new = source.rotate()
            answer = await ask(client, new)
            assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            source.mode = "ok"
            source.release.set()
            assert await use(client, new) == 200

    asyncio.run(story())
