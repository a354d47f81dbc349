"""The counters: what they let through as time goes by, and how little memory they take."""

import random
from collections.abc import Iterator

import pytest

from backend.core.rates import Limit, parse_limits
from backend.rates import windows
from backend.rates.windows import SlidingWindow

LIMIT = Limit(10, 60)


class Clock:
    """A wall clock that goes when told to."""

    def __init__(self) -> None:
        self.now = 60_000_000.0  # where a window of a minute begins

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(clock: Clock) -> Iterator[SlidingWindow]:
    """Counters that nobody else in this process uses, empty again afterwards."""
    yield SlidingWindow(LIMIT, windows.ADDRESSES, clock)
    start = windows.ADDRESSES * windows.TABLE_SIZE
    windows._SHARED[start : start + windows.TABLE_SIZE] = bytes(windows.TABLE_SIZE)  # noqa: SLF001


def test_a_burst_of_the_whole_limit_passes_at_once(window: SlidingWindow) -> None:
    standings = [window.take("alice", 1) for _ in range(11)]
    assert [standing.remaining for standing in standings] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert [standing.wait > 0 for standing in standings] == [False] * 10 + [True]
    assert window.take("bob", 1).wait == 0


def test_whoever_waits_as_told_passes_and_a_second_earlier_does_not(
    window: SlidingWindow, clock: Clock
) -> None:
    generator = random.Random(7)  # noqa: S311 - which requests come when
    for _ in range(500):
        cost = generator.randint(1, 4)
        standing = window.take("alice", cost)
        if standing.wait:
            clock.now += standing.wait - 1
            early = clock.now
            assert window.take("alice", cost, spend=False).wait in {0, 1}
            clock.now = early + 1
            assert window.take("alice", cost).wait == 0
        clock.now += generator.random() * 8


def test_no_window_of_the_limits_length_sees_much_more_than_the_limit(
    window: SlidingWindow, clock: Clock
) -> None:
    """An estimate, as that of `limits`: right if requests came evenly in the window before."""
    passed = []
    for _ in range(6_000):
        if window.take("alice", 1).wait == 0:
            passed.append(clock.now)
        clock.now += 0.1
    assert len(passed) >= 0.9 * LIMIT.amount * 10  # ten minutes of knocking
    most = max(sum(at <= other < at + 60 for other in passed) for at in passed)
    assert most <= 2 * LIMIT.amount


def test_what_is_dearer_than_the_limit_takes_all_of_it(window: SlidingWindow) -> None:
    assert window.take("alice", 1_000).remaining == 0
    assert window.take("alice", 1).wait > 0


def test_what_is_dearer_than_the_limit_passes_when_some_of_it_was_counted_before(
    window: SlidingWindow,
) -> None:
    assert window.take("alice", 1).remaining == 9
    assert window.take("alice", 99, beside=1) == (LIMIT, 0, 60 + 1, 0)
    assert window.take("alice", 1).wait > 0


def test_asking_uses_nothing_up(window: SlidingWindow) -> None:
    for _ in range(20):
        assert window.take("alice", 1, spend=False).wait == 0
    assert window.take("alice", 1).remaining == 9


def test_three_tables_of_made_up_names_set_nobody_free_who_has_used_up_the_limit(
    window: SlidingWindow,
) -> None:
    """The table has a fixed size: what is new takes the place of what was used least."""
    for _ in range(10):
        window.take("alice", 1)
    assert all(window.take(f"made up {number}", 1).wait == 0 for number in range(400_000))
    assert window.take("alice", 1).wait > 0


def test_whoever_used_up_the_limit_long_ago_makes_room_for_those_who_come_now(
    window: SlidingWindow, clock: Clock
) -> None:
    for number in range(300_000):
        window.take(f"earlier {number}", 10)
    clock.now += 120
    names = [f"now {number}" for number in range(100_000)]
    for name in names:
        window.take(name, 1)
    kept = sum(window.take(name, 1).remaining == 8 for name in names)
    assert kept > 60_000  # of a table of 131 072; a place in each bucket would be 32 768


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("600/minute", [(600, 60)]),
        ("off", []),
        ("OFF", []),
        ("600/minute;20/second", [(20, 1), (600, 60)]),
        ("20 per second, 5/2 hours", [(20, 1), (5, 7_200)]),
    ],
)
def test_limits_are_written_as_the_library_has_them(
    text: str, limits: list[tuple[int, int]]
) -> None:
    assert list(parse_limits(text)) == limits


@pytest.mark.parametrize(
    "text",
    ["", "0/minute", "600", "-1/minute", "600/fortnight", "600/0 minutes", "1/minute;2/minute"],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|may have"):
        parse_limits(text)
