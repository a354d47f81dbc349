"""What is remembered of verified tokens, and for how long."""

import asyncio
import gc
from dataclasses import dataclass, field

import pytest

from backend.config import Settings
from backend.core.key_sets import KeySetState
from backend.core.principal import Principal
from backend.security.keys.key import VerificationKey
from backend.security.refusals import RefusedToken
from backend.security.signing import Issuer
from backend.security.tokens.cache import VerifiedTokens
from backend.security.tokens.claims import Reading
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.support.target import Target


@dataclass
class Keys:
    """A key source that counts its questions; `held` is what is in force."""

    held: dict[str | None, VerificationKey] = field(default_factory=dict)
    asked: int = 0

    async def get(self, kid: str | None) -> VerificationKey | None:
        self.asked += 1
        return self.held.get(kid)

    def holds(self, key: VerificationKey) -> bool:
        return self.held.get(key.kid) is key

    def state(self) -> KeySetState:
        return KeySetState(len(self.held))

    async def start(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer) -> Keys:
    return Keys({issuer.kid: issuer.verification_key})


@pytest.fixture
def verifier(settings: Settings, keys: Keys, clock: Clock) -> TokenVerifier:
    return TokenVerifier(settings, keys, now=clock)


@pytest.fixture
def token(issuer: Issuer, clock: Clock) -> str:
    return Target(ed=issuer, now=clock).token()


def test_a_token_is_verified_once(verifier: TokenVerifier, keys: Keys, token: str) -> None:
    assert verifier.cached(token) is None
    principal = asyncio.run(verifier.verify(token))
    assert verifier.cached(token) is principal
    assert asyncio.run(verifier.verify(token)) is principal
    assert keys.asked == 1


def test_a_token_that_differs_in_one_character_is_another(
    verifier: TokenVerifier, token: str
) -> None:
    asyncio.run(verifier.verify(token))
    other = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert verifier.cached(other) is None
    with pytest.raises(RefusedToken):
        asyncio.run(verifier.verify(other))


@pytest.mark.parametrize("seconds", [-86_400, -31, 930, 86_400])
def test_a_remembered_token_follows_the_wall_clock(
    verifier: TokenVerifier, clock: Clock, token: str, seconds: float
) -> None:
    asyncio.run(verifier.verify(token))
    clock.now += seconds
    assert verifier.cached(token) is None
    with pytest.raises(RefusedToken):
        asyncio.run(verifier.verify(token))
    clock.now -= seconds
    assert asyncio.run(verifier.verify(token))


def test_a_remembered_token_lasts_to_its_end(
    verifier: TokenVerifier, clock: Clock, token: str
) -> None:
    asyncio.run(verifier.verify(token))
    clock.now += 929.9
    assert verifier.cached(token)


def test_a_remembered_token_goes_with_its_key(
    verifier: TokenVerifier, keys: Keys, token: str
) -> None:
    asyncio.run(verifier.verify(token))
    keys.held.clear()
    assert verifier.cached(token) is None
    with pytest.raises(RefusedToken):
        asyncio.run(verifier.verify(token))


def test_a_remembered_token_goes_when_its_name_means_another_key(
    verifier: TokenVerifier, keys: Keys, issuer: Issuer, token: str
) -> None:
    asyncio.run(verifier.verify(token))
    keys.held[issuer.kid] = Issuer.generate().verification_key
    assert verifier.cached(token) is None


@pytest.mark.parametrize("junk", ["", "\0", "\ud800", "é", "x" * 8193, "x" * 10_000_000])
def test_the_cache_takes_any_text(verifier: TokenVerifier, junk: str) -> None:
    assert verifier.cached(junk) is None


def test_no_token_lies_in_the_memory_of_the_verifier(verifier: TokenVerifier, token: str) -> None:
    asyncio.run(verifier.verify(token))
    signature = token.rpartition(".")[2]
    seen: set[int] = set()
    pending: list[object] = [verifier.__dict__["_verified"].__dict__["_entries"]]
    while pending:
        thing = pending.pop()
        if id(thing) not in seen and not isinstance(thing, type):
            seen.add(id(thing))
            assert signature not in str(thing) if isinstance(thing, str | bytes) else True
            pending += gc.get_referents(thing)


# The bound


def reading(clock: Clock) -> Reading:
    return Reading(Principal("a", 0), clock.now - 1, clock.now + 1)


def test_the_token_used_longest_ago_gives_way(keys: Keys, clock: Clock) -> None:
    cache = VerifiedTokens(keys, clock, capacity=3)
    key = next(iter(keys.held.values()))
    for token in "abc":
        cache.put(token, reading(clock), key)
    assert cache.get("a")
    cache.put("d", reading(clock), key)
    assert [token for token in "abcd" if cache.get(token)] == ["a", "c", "d"]
    assert len(cache) == 3


def test_what_has_expired_is_dropped_when_asked_for(keys: Keys, clock: Clock) -> None:
    cache = VerifiedTokens(keys, clock)
    cache.put("a", reading(clock), next(iter(keys.held.values())))
    clock.now += 1
    assert cache.get("a") is None
    assert len(cache) == 0
