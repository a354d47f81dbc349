"""The names that requests wait for are bounded, whatever an attacker sends."""

import pytest

from backend.security.keys.pending import MOST_UNKNOWN, MOST_WAITING, UNKNOWN_SECONDS, PendingKeys
from backend.tests.support.leaping import leap, now


def test_the_oldest_of_too_many_names_gives_way() -> None:
    async def story() -> None:
        names = PendingKeys(now)
        wanted = [names.enter(str(number)) for number in range(MOST_WAITING + 3)]
        assert [each.settled for each in wanted] == [True] * 3 + [False] * MOST_WAITING

    leap(story())


def test_a_name_that_is_being_looked_for_is_not_looked_for_twice() -> None:
    async def story() -> None:
        names = PendingKeys(now)
        first = names.enter("a")
        names.ask()
        assert names.enter("a") is first
        assert not names.waiting

    leap(story())


@pytest.mark.parametrize("forgotten", [0, 1, 10])
def test_only_so_many_unknown_names_are_remembered(forgotten: int) -> None:
    async def story() -> None:
        names = PendingKeys(lambda: 0)
        for number in range(MOST_UNKNOWN + forgotten):
            names.enter(str(number))
            names.ask()
            names.answer(())
        remembered = [names.is_unknown(str(each)) for each in range(MOST_UNKNOWN + forgotten)]
        assert remembered == [False] * forgotten + [True] * MOST_UNKNOWN

    leap(story())


def test_an_unknown_name_is_forgotten_in_time() -> None:
    async def story() -> None:
        time = [0.0]
        names = PendingKeys(lambda: time[0])
        names.enter("a")
        names.ask()
        assert names.answer(())
        assert names.is_unknown("a")
        time[0] = UNKNOWN_SECONDS
        assert not names.is_unknown("a")

    leap(story())
