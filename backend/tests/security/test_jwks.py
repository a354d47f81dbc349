"""The key set under rotation and floods, on a clock that leaps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from backend.core.problems import KeysUnavailable
from backend.security.keys.remote import FLOOR_SECONDS, RemoteKeySet
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


async def forge(keys: RemoteKeySet, a_second: float) -> None:
    """Ask for made-up names, each of them twice, until cancelled."""
    async with asyncio.TaskGroup() as group:
        while True:
            name = identifier()
            group.create_task(keys.get(name))
            group.create_task(keys.get(name))
            await asyncio.sleep(1 / a_second)


@asynccontextmanager
async def flooded(keys: RemoteKeySet, a_second: float) -> AsyncIterator[None]:
    attack = asyncio.create_task(forge(keys, a_second))
    await asyncio.sleep(0.5)
    try:
        yield
    finally:
        attack.cancel()
        with suppress(asyncio.CancelledError):
            await attack


def test_made_up_names_delay_nobody_and_are_refused_after_a_fetch_each(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            strangers = []
            for _ in range(1000):
                strangers.append(asyncio.create_task(timed(keys.get(identifier()))))
                assert (await timed(keys.get(kid(source.issuers[0]))))[1] == 0
                await asyncio.sleep(0.01)
            answers = await asyncio.gather(*strangers)
            assert {key for key, _ in answers} == {None}, "refused, not unavailable"
            assert source.most_fetches_in(10) <= 1 + 10 / FLOOR_SECONDS + 1

    leap(story())


def test_the_refusals_of_a_flood_leave_turns_to_others(source: Source) -> None:
    async def story() -> None:
        order: list[str] = []
        begun = asyncio.Event()

        async def be_refused() -> None:
            assert await keys.get(identifier()) is None
            order.append("refused")
            begun.set()

        async with kept(source) as keys, asyncio.TaskGroup() as group:
            for _ in range(100):
                group.create_task(be_refused())
            await begun.wait()
            for _ in range(5):  # steps of another request
                await asyncio.sleep(0)
            order.append("other")
        assert order.index("other") < 50

    leap(story())


def test_a_new_key_is_never_refused_after_two_made_up_names(source: Source) -> None:
    """The one user of a new key comes alone, just after the forger."""

    async def story() -> None:
        async with kept(source) as keys:
            assert [await keys.get(name) for name in ("a", "b")] == [None, None]
            key, seconds = await timed(keys.get(kid(source.rotate())))
            assert key
            assert seconds < 2

    leap(story())


@pytest.mark.parametrize("a_second", [3, 100, 3000])
@pytest.mark.parametrize("moment", [0, 0.3, 0.6, 0.9, 1.2])
def test_the_first_token_of_a_new_key_gets_through_a_flood_of_made_up_names(
    source: Source, a_second: float, moment: float
) -> None:
    async def story() -> None:
        async with kept(source) as keys, flooded(keys, a_second):
            await asyncio.sleep(moment)
            key, seconds = await timed(keys.get(kid(source.rotate())))
            assert key
            assert seconds < 2

    leap(story())


def test_the_name_of_the_next_key_cannot_be_used_up_before_it_comes(source: Source) -> None:
    """With serial ids everybody knows it."""

    async def story() -> None:
        async with kept(source) as keys:
            new = Issuer.generate()
            assert [await keys.get(kid(new)) for _ in range(3)] == [None] * 3
            source.issuers.append(new)
            assert await keys.get(kid(new))

    leap(story())


def test_whoever_was_not_looked_for_is_unavailable_and_not_refused(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            source.delay = 2.5
            stray = asyncio.create_task(keys.get("stray"))
            await asyncio.sleep(1.3)
            new = source.rotate()  # too late for the answer that is on its way
            with pytest.raises(KeysUnavailable):
                await keys.get(kid(new))
            with pytest.raises(KeysUnavailable):
                await stray

    leap(story())


@pytest.mark.parametrize("flood", [0, 20, 300], ids=lambda n: f"{n}_made_up_names_a_second")
def test_rotation_every_three_seconds_rejects_no_valid_token(source: Source, flood: int) -> None:
    async def story() -> None:
        valid: list[asyncio.Task[Timed]] = []
        async with kept(source) as keys, AsyncExitStack() as stack:
            if flood:
                await stack.enter_async_context(flooded(keys, flood))
            for second in range(30):
                newest = source.issuers[-1] if second % 3 else source.rotate()
                for _ in range(25):  # requests a second
                    valid.append(asyncio.create_task(timed(keys.get(kid(newest)))))
                    await asyncio.sleep(0.04)
            answers = await asyncio.gather(*valid)
        assert all(key for key, _ in answers)
        assert max(seconds for _, seconds in answers) < (2 if flood else 0.1)
        rotations, fruitless = 10, 32 / FLOOR_SECONDS if flood else 0
        assert len(source.fetched_at) - 1 <= rotations + fruitless

    leap(story())


def test_a_name_that_nobody_waits_for_any_more_causes_no_fetch(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            assert await keys.get("a") is None
            gone = asyncio.create_task(keys.get("b"))
            await asyncio.sleep(FLOOR_SECONDS / 2)
            gone.cancel()
            await asyncio.sleep(MINUTE)
            assert len(source.fetched_at) == 2

    leap(story())
