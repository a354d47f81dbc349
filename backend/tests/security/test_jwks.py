"""The key set under rotation, floods and outages, on a clock that leaps."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

import pytest

from backend.core.problems import KeysUnavailable
from backend.security.fetch import FetchFailed
from backend.security.issuer import Issuer, identifier
from backend.security.jwks import RemoteKeySet
from backend.security.keys import VerificationKey
from backend.tests.security.leaping import leap, now

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


async def timed(call: Awaitable[VerificationKey | None]) -> tuple[VerificationKey | None, float]:
    began = now()
    return await call, now() - began


def kid(issuer: Issuer) -> str:
    assert issuer.kid
    return issuer.kid


@pytest.fixture
def source() -> Source:
    return Source(Issuer.generate())


def test_a_known_key_takes_no_time_and_no_fetch(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            for _ in range(100):
                key, seconds = await timed(keys.get(kid(source.issuers[0])))
                assert key
                assert keys.holds(key)
                assert seconds == 0
            assert len(source.fetched_at) == 1

    leap(story())


def test_the_first_token_of_a_new_key_is_accepted_after_one_fetch(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            new = source.rotate()
            both = await asyncio.gather(*(timed(keys.get(kid(new))) for _ in range(200)))
            assert all(key for key, _ in both)
            assert max(seconds for _, seconds in both) == pytest.approx(source.delay)
            assert len(source.fetched_at) == 2, "200 requests share one flight"

    leap(story())


def test_a_key_published_while_a_fetch_is_on_its_way_back_gets_another_fetch() -> None:
    source = Source(Issuer.generate(), delay=0.4)

    async def story() -> None:
        async with kept(source) as keys:
            stray = asyncio.create_task(keys.get("stray"))
            await asyncio.sleep(0.3)
            new = source.rotate()
            assert await keys.get(kid(new))
            assert await stray is None
            assert len(source.fetched_at) == 3

    leap(story())


def test_keys_are_fetched_again_within_ten_minutes_and_served_meanwhile(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            first = await keys.get(kid(source.issuers[0]))
            source.delay = 2.5
            for _ in range(1000):
                key, seconds = await timed(keys.get(kid(source.issuers[0])))
                assert key is first, "an unchanged key stays the same object"
                assert seconds == 0
                await asyncio.sleep(2)
            assert 4 <= len(source.fetched_at) <= 5
            assert source.most_fetches_in(9 * MINUTE) == 1

    leap(story())


def test_a_removed_key_is_refused_within_ten_minutes_even_without_traffic(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            removed = await keys.get(kid(source.issuers[0]))
            assert removed
            source.issuers = [Issuer.generate()]
            await asyncio.sleep(10 * MINUTE)
            assert not keys.holds(removed)
            assert await keys.get(removed.kid) is None

    leap(story())


def test_another_key_under_the_old_name_replaces_it(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            old = await keys.get(kid(source.issuers[0]))
            assert old
            source.issuers = [Issuer("EdDSA", Issuer.generate()._key, old.kid)]  # noqa: SLF001
            await asyncio.sleep(10 * MINUTE)
            assert not keys.holds(old)
            new = await keys.get(old.kid)
            assert new
            assert new != old

    leap(story())


def test_made_up_names_cause_two_fetches_and_delay_nobody(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            strangers = []
            for _ in range(1000):
                strangers.append(asyncio.create_task(timed(keys.get(identifier()))))
                assert (await timed(keys.get(kid(source.issuers[0]))))[1] == 0
                await asyncio.sleep(0.01)
            answers = await asyncio.gather(*strangers)
            assert {key for key, _ in answers} == {None}, "refused, not unavailable"
            assert max(seconds for _, seconds in answers) <= 0.501
            assert len(source.fetched_at) - 1 <= 2

    leap(story())


@pytest.mark.parametrize("flood", [0, 20, 300], ids=lambda n: f"{n}_made_up_names_a_second")
def test_rotation_every_three_seconds_rejects_no_valid_token(source: Source, flood: int) -> None:
    async def attack(keys: RemoteKeySet) -> None:
        async with asyncio.TaskGroup() as group:
            while flood:
                group.create_task(keys.get(identifier()))
                await asyncio.sleep(1 / flood)

    async def story() -> None:
        valid: list[asyncio.Task[tuple[VerificationKey | None, float]]] = []
        async with kept(source) as keys:
            attacker = asyncio.create_task(attack(keys))
            for second in range(30):
                newest = source.issuers[-1] if second % 3 else source.rotate()
                for _ in range(25):  # requests a second
                    valid.append(asyncio.create_task(timed(keys.get(kid(newest)))))
                    await asyncio.sleep(0.04)
            answers = await asyncio.gather(*valid)
            attacker.cancel()
            with suppress(asyncio.CancelledError):
                await attacker
        assert all(key for key, _ in answers)
        assert max(seconds for _, seconds in answers) < 0.2
        rotations, fruitless = 10, 2 * 30 / 10 if flood else 0
        assert len(source.fetched_at) - 1 <= rotations + fruitless

    leap(story())


def test_an_attacker_who_asks_twice_for_each_name_gets_a_fetch_in_two_seconds(
    source: Source,
) -> None:
    async def story() -> None:
        async with kept(source) as keys, asyncio.TaskGroup() as group:
            for _ in range(1000):
                name = identifier()
                group.create_task(keys.get(name))
                group.create_task(keys.get(name))
                await asyncio.sleep(0.01)
        assert source.most_fetches_in(10) <= 1 + 2 + 5, "the first one, two alone, five in company"

    leap(story())


def test_a_name_that_was_looked_for_is_not_looked_for_again_for_ten_seconds(
    source: Source,
) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            assert await keys.get("a") is None
            for _ in range(99):
                assert await timed(keys.get("a")) == (None, 0)
                await asyncio.sleep(0.1)
            assert len(source.fetched_at) == 2
            await asyncio.sleep(0.2)
            assert await keys.get("a") is None
            assert len(source.fetched_at) == 3

    leap(story())


def test_a_name_that_nobody_waits_for_any_more_causes_no_fetch(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            assert [await keys.get(name) for name in ("a", "b", "c")] == [None] * 3
            await asyncio.sleep(MINUTE)
            assert len(source.fetched_at) == 3

    leap(story())


def test_an_outage_of_a_day_is_not_noticed_by_known_keys(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            source.down = True
            for _ in range(24):
                await asyncio.sleep(HOUR)
                key, seconds = await timed(keys.get(kid(source.issuers[0])))
                assert key
                assert seconds == 0
            assert keys.state().error == "unreachable"
            assert keys.state().ready
            await asyncio.sleep(HOUR)
            assert not keys.state().ready, "but it does not last for ever"

    leap(story())


def test_in_an_outage_an_unknown_key_is_unavailable_and_never_refused(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            source.down = True
            new = kid(source.rotate())
            began = now()
            for _ in range(1000):
                with pytest.raises(KeysUnavailable):
                    await keys.get(new)
                await asyncio.sleep(0.01)
            waited = now() - began - 1000 * 0.01
            assert waited < 1, "all but the few that caused a fetch are answered at once"
            source.down = False
            await asyncio.sleep(5.1)
            assert await timed(keys.get(new)) != (None, 0), "healed without being asked"

    leap(story())


def test_it_starts_without_its_source_and_heals_by_itself(source: Source) -> None:
    async def story() -> None:
        source.down = True
        async with kept(source) as keys:
            assert now() < 1.1
            assert not keys.state().ready
            await asyncio.sleep(MINUTE)
            assert source.most_fetches_in(10) <= 8
            source.down = False
            await asyncio.sleep(5.1)
            state = keys.state()
            assert (state.ready, state.keys, state.error) == (True, 1, None)
            assert state.age is not None

    leap(story())


def test_a_source_that_hangs_delays_a_start_by_a_second(source: Source) -> None:
    async def story() -> None:
        source.delay = 3
        async with kept(source) as keys:
            assert now() == pytest.approx(1)
            assert keys.state().error == "not_fetched"

    leap(story())


def test_a_slow_source_is_waited_for_one_and_a_half_seconds(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            source.delay = 2.5
            new, began = source.rotate(), now()
            with pytest.raises(KeysUnavailable):
                await keys.get(kid(new))
            assert now() - began == pytest.approx(1.5)
            assert await keys.get(kid(new)), "the fetch goes on without the one who asked"

    leap(story())


@pytest.mark.parametrize(
    ("document", "error"),
    [(b"<html>", "not_a_key_set"), (b'{"keys":1}', "not_a_key_set"), (b"{}", "not_a_key_set")],
)
def test_a_poisoned_document_changes_nothing(source: Source, document: bytes, error: str) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            source.document = document
            await asyncio.sleep(11 * MINUTE)
            assert keys.state().error == error
            assert await keys.get(kid(source.issuers[0]))

    leap(story())


def test_an_empty_key_set_is_believed(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            source.document = b'{"keys":[]}'
            await asyncio.sleep(10 * MINUTE)
            assert not keys.state().ready
            with pytest.raises(KeysUnavailable):
                await keys.get(kid(source.issuers[0]))
            source.document = None
            await asyncio.sleep(5.1)
            assert keys.state().ready

    leap(story())


def test_closing_leaves_nobody_waiting(source: Source) -> None:
    async def story() -> None:
        source.delay = 3
        async with kept(source) as keys:
            waiting = asyncio.create_task(keys.get("a"))
            await asyncio.sleep(0)
        with pytest.raises(KeysUnavailable):
            await waiting
        assert now() == pytest.approx(1, abs=0.1)

    leap(story())


def test_it_works_without_being_started(source: Source) -> None:
    async def story() -> None:
        keys = RemoteKeySet("https://app.example.com/jwks", fetch=source, monotonic=now)
        assert await keys.get(kid(source.issuers[0]))
        await keys.aclose()

    leap(story())


def test_a_token_without_a_name_asks_nobody(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            assert await keys.get(None) is None
            assert len(source.fetched_at) == 1

    leap(story())


def test_a_request_that_is_cancelled_leaves_no_trace(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            for name in ("a", "b"):
                assert await keys.get(name) is None
            gone = asyncio.create_task(keys.get("c"))
            await asyncio.sleep(0.1)
            gone.cancel()
            await asyncio.sleep(MINUTE)
            assert len(source.fetched_at) == 3

    leap(story())
