"""The key set over real HTTP, with a server that misbehaves."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TypeVar

import pytest

from backend.config import Settings
from backend.core.problems import InvalidToken, KeysUnavailable
from backend.security.keys import fetch
from backend.security.keys.fetch import HttpFetch
from backend.security.keys.remote import RemoteKeySet, key_source
from backend.security.keys.sources import KeySource
from backend.security.signing import Issuer
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.support.key_server import MODES, KeyServer
from backend.tests.support.patient import PatientLoop
from backend.tests.support.target import ISSUER, Target

Answer = TypeVar("Answer")


@pytest.fixture
def server(issuer: Issuer) -> Iterator[KeyServer]:
    with KeyServer(issuer) as server:
        yield server


def run(test: Coroutine[object, object, Answer]) -> Answer:
    """Run to its end with more patience than production has."""
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        return runner.run(test)


async def started(server: KeyServer) -> tuple[KeySource, TokenVerifier]:
    settings = Settings(auth_jwks_url=server.url, auth_issuer=ISSUER, auth_audience=(ISSUER,))
    keys = key_source(settings)
    await keys.start()
    return keys, TokenVerifier(settings, keys)


async def state_of(url: str) -> tuple[int, str | None]:
    keys = RemoteKeySet(url)
    await keys.start()
    state = keys.state()
    await keys.aclose()
    return state.keys, state.error


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("ok", None),
        ("slow", "not_fetched"),
        ("drip", "not_fetched"),
        ("drop", "unreachable"),
        ("cut", "unreachable"),
        ("redirect", "status_302"),
        ("compressed", "compressed"),
        ("down", "status_503"),
        ("missing", "status_404"),
        ("limited", "status_429"),
        ("huge", "too_large"),
        ("endless", "too_large"),
        ("garbage", "not_a_key_set"),
        ("empty", "not_a_key_set"),
        ("array", "not_a_key_set"),
        ("keyless", "no_usable_key"),
        ("strange", "not_a_key_set"),
        ("doubled", "not_a_key_set"),
    ],
)
def test_what_the_source_does_is_seen_and_survived(
    server: KeyServer, mode: str, error: str | None
) -> None:
    server.mode = mode
    # What is not fetched was given up after a second; waiting on would have ended as a timeout.
    found = (asyncio.run if error == "not_fetched" else run)(state_of(server.url))
    assert found == (1 if mode == "ok" else 0, error)
    assert server.requests >= 1


def test_every_misbehaviour_of_the_server_has_its_row() -> None:
    rows = test_what_the_source_does_is_seen_and_survived.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {mode for mode, _ in rows} == set(MODES)


@pytest.mark.parametrize("mode", ["slow", "drip"])
def test_a_source_that_hangs_is_given_up(
    server: KeyServer, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "TOTAL_SECONDS", 0.2)
    server.mode = mode

    async def ask() -> None:
        source = HttpFetch(server.url)
        with pytest.raises(fetch.FetchFailed, match="timeout"):
            await source()
        await source.aclose()

    asyncio.run(ask())


def test_a_source_that_is_not_there_is_unreachable(issuer: Issuer) -> None:
    with KeyServer(issuer) as gone:
        url = gone.url
    assert asyncio.run(state_of(url)) == (0, "unreachable")


@pytest.mark.parametrize(
    "url",
    [
        *("http://app.example.com/jwks", "http://127.0.0.1.example.com/", "http://localhost.:1/"),
        *("file:///etc/passwd", "ftp://127.0.0.1/", "//app.example.com/jwks", "jwks", ""),
        *("http://[::ffff:8.8.8.8]/", "http://app.example.com@evil.test/", "http://0x7f000001/"),
    ],
)
def test_only_https_and_loopback_are_asked(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        HttpFetch(url)


def test_the_first_token_after_a_rotation_is_accepted(server: KeyServer) -> None:
    async def story() -> None:
        keys, verifier = await started(server)
        for _ in range(5):
            target = Target(ed=server.rotate())
            assert await verifier.verify(target.token())
        assert server.requests == 6
        await keys.aclose()

    run(story())


def test_an_outage_is_no_reason_to_sign_anybody_out(server: KeyServer) -> None:
    async def story() -> None:
        keys, verifier = await started(server)
        old, new = Target(ed=server.issuers[0]), Target(ed=server.rotate())
        server.mode = "down"
        with pytest.raises(KeysUnavailable):
            await verifier.verify(new.token())
        assert await verifier.verify(old.token()), "known keys go on"
        await keys.aclose()

    run(story())


def test_a_token_that_is_refused_anyway_asks_nobody(server: KeyServer) -> None:
    async def story() -> None:
        keys, verifier = await started(server)
        stranger = Target(ed=Issuer.generate())
        for changes in ({"exp": 1}, {"iss": "x"}, {"aud": "x"}, {"sub": ""}, {"iat": 2**50}):
            with pytest.raises(InvalidToken):
                await verifier.verify(stranger.ed.sign(stranger.claims(**changes)))
        assert server.requests == 1
        await keys.aclose()

    run(story())
