"""The key set while its source is down, slow or poisoned, on a clock that leaps."""

import asyncio

import pytest

from backend.core.problems import KeysUnavailable
from backend.security.keys.remote import RemoteKeySet
from backend.tests.security.source import HOUR, MINUTE, Source, kept, kid, timed
from backend.tests.support.leaping import leap, now


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


def test_a_slow_source_is_waited_for_less_than_a_request_lives(source: Source) -> None:
    async def story() -> None:
        async with kept(source) as keys:
            source.delay = 2.5
            new, began = source.rotate(), now()
            with pytest.raises(KeysUnavailable):
                await keys.get(kid(new))
            assert now() - began == pytest.approx(1.75)
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
