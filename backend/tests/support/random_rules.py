"""Random recurrence rules, of every frequency and with all parts that the RFC lets go together."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from backend.core.recurrence import Rule
from backend.core.recurrence.rules import Frequency, Weekday

_START: Final = datetime.combine(date(2026, 1, 1), time())
_FREQUENCIES: Final[tuple[Frequency, ...]] = (
    *("DAILY", "WEEKLY", "MONTHLY", "YEARLY") * 3,
    "HOURLY",
    "MINUTELY",
)
_ORDINALS: Final[dict[str, Sequence[Sequence[int]]]] = {
    "MONTHLY": ([0], [0], [1, 2, -1, 3, 5, -2]),
    "YEARLY": ([0], [0], [1, 2, -1, 5, 10, -3, 20, 53]),
}


def random_rule(random: Random) -> tuple[Rule, datetime]:
    """A rule and where it starts, perhaps on a day that it would not have itself."""
    anchor = _START + timedelta(days=random.randrange(1500), minutes=random.randrange(24 * 60))
    rule = Rule(random.choice(_FREQUENCIES))
    parts: dict[str, Any] = {}

    def perhaps(chance: float, name: str, make: Callable[[], Any], *freqs: str) -> None:
        if rule.freq in (freqs or _FREQUENCIES) and random.random() < chance:
            parts[name] = make()

    def some(values: Sequence[int], most: int) -> tuple[int, ...]:
        return tuple(sorted(random.sample(values, random.randint(1, most))))

    perhaps(0.5, "interval", lambda: random.choice((2, 3, 4, 5, 7)))
    perhaps(0.3, "by_month", lambda: some(range(1, 13), 5))
    perhaps(0.15, "by_week_no", lambda: some([1, 2, 10, 26, 52, 53, -1, -2, -53], 3), "YEARLY")
    year_days = [1, 2, 31, 59, 60, 100, 200, 365, 366, -1, -2, -100, -366]
    perhaps(0.15, "by_year_day", lambda: some(year_days, 4), "YEARLY", "HOURLY", "MINUTELY")
    month_days = [*range(1, 32), -1, -2, -5, -31]
    not_weekly = [freq for freq in _FREQUENCIES if freq != "WEEKLY"]
    perhaps(0.35, "by_month_day", lambda: some(month_days, 4), *not_weekly)
    ordinals = random.choice(_ORDINALS.get(rule.freq, [[0]]))
    if "by_week_no" in parts:
        ordinals = [0]
    perhaps(
        0.5,
        "by_day",
        lambda: tuple(sorted(Weekday(random.choice(ordinals), day) for day in some(range(7), 3))),
    )
    perhaps(0.15, "by_hour", lambda: some(range(24), 3))
    perhaps(0.15, "by_minute", lambda: some(range(60), 3))
    perhaps(0.1, "by_second", lambda: (random.randrange(60),))
    if parts.keys() - {"interval"}:
        perhaps(0.25, "by_set_pos", lambda: some([1, 2, 3, -1, -2], 2))
    perhaps(0.3, "week_start", lambda: random.choice((5, 6)))
    end = random.random()
    if end < 0.2:
        parts["count"] = random.randint(1, 30)
    elif end < 0.4:
        until = anchor + timedelta(days=random.randrange(2_000), minutes=random.randrange(1440))
        parts["until"] = until if random.random() < 0.5 else until.date()
    return replace(rule, **parts), anchor
