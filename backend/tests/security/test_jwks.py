"""The key set under rotation and floods, on a clock that leaps."""

import asyncio
from contextlib import suppress

import pytest

from backend.security.keys.remote import RemoteKeySet
from backend.security.signing import Issuer, identifier
from backend.tests.security.source import MINUTE, Source, Timed, kept, kid, timed
from backend.tests.support.leaping import leap


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


def test_a_key_found_by_a_fetch_for_another_name_needs_no_fetch_of_its_own() -> None:
    source = Source(Issuer.generate(), delay=0.4)

    async def story() -> None:
        async with kept(source) as keys:
            stray = asyncio.create_task(keys.get("stray"))
            await asyncio.sleep(0.1)
            assert await keys.get(kid(source.rotate()))
            assert await stray is None
            assert len(source.fetched_at) == 2

    leap(story())


def test_a_fetch_that_finds_one_of_several_names_is_free(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            assert await keys.get("a") is None
            new = source.rotate()
            assert (await asyncio.gather(keys.get("b"), keys.get(kid(new))))[1]
            assert await keys.get("c") is None
            assert len(source.fetched_at) == 4, "c was looked for: the budget had room for it"

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
        valid: list[asyncio.Task[Timed]] = []
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
