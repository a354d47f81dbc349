"""From one occurrence of a recurring task to the next."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Final, NamedTuple

from backend.core.dates import Due
from backend.core.recurrence.parsing import parse
from backend.core.recurrence.rules import Rule, canonical
from backend.core.recurrence.series import next_due

_END_OF_DAY: Final = time(23, 59, 59)
_EVERY_MONTH_HAS: Final = 28  # days


class Series(NamedTuple):
    """A recurring task, as far as its next date depends on it.

    Attributes:
        rule: RRULE of RFC 5545.
        anchor: The first due; midnight if it had no time.
        due: The current one.
        from_completion: Whether the next one counts from when this one is completed.
    """

    rule: str
    anchor: datetime
    due: Due
    from_completion: bool = False


def following(series: Series, now: datetime) -> Series | None:
    """The series with its next due; None when this was the last one.

    The time of day is the task's, whatever it was first, unless the rule speaks of times. Counted
    from completion, each one is the first of what is left: COUNT goes down, the anchor along.

    Args:
        series: As it is.
        now: What the clock of the task's zone shows.
    """
    rule = parse(series.rule)
    if series.from_completion:
        return _from_completion(rule, series, now)
    zone = series.due.zone
    found = next_due(rule, _anchor(series, rule), _due_moment(series, rule), zone)
    return None if found is None else series._replace(due=_due(found, zone))


def _from_completion(rule: Rule, series: Series, now: datetime) -> Series | None:
    if rule.count == 1:
        return None
    _, at, zone = series.due
    start = now.replace(second=0, microsecond=0) if rule.needs_time else _at(now.date(), at)
    # Behind what was due, too, or a request that is sent again would complete the next one.
    after = max(start, _due_moment(series, rule))
    endless = replace(rule, count=None)
    found = next_due(_in_every_month(endless, start), start, after, zone)
    if found is None:  # the rule picks what its intervals, counted from now, never meet
        found = next_due(endless, _anchor(series, rule), after, zone)
    if found is None:
        return None
    left = replace(rule, count=rule.count and rule.count - 1)
    anchor = found if isinstance(found, datetime) else datetime.combine(found, time())
    return series._replace(rule=canonical(left), anchor=anchor, due=_due(found, zone))


def _anchor(series: Series, rule: Rule) -> date:
    """What the rule counts from."""
    return series.anchor if rule.needs_time else _at(series.anchor.date(), series.due.at)


def _due_moment(series: Series, rule: Rule) -> date:
    """What the next one comes after."""
    day, at, _ = series.due
    return datetime.combine(day, at or _END_OF_DAY) if rule.needs_time else _at(day, at)


def _in_every_month(rule: Rule, start: date) -> Rule:
    """A month after the 31st is the last day of the next one: nobody chose the day by a rule."""
    chosen = rule.by_day or rule.by_month_day or rule.by_year_day or rule.by_week_no
    if rule.freq not in {"MONTHLY", "YEARLY"} or chosen or rule.by_set_pos:
        return rule
    days = tuple(range(min(start.day, _EVERY_MONTH_HAS), start.day + 1))
    month = (start.month,) if rule.freq == "YEARLY" else ()
    by_month = rule.by_month or month
    return replace(rule, by_month_day=days, by_month=by_month, by_set_pos=(-1,))


def _at(day: date, at: time | None) -> date:
    return day if at is None else datetime.combine(day, at)


def _due(found: date, zone: str | None) -> Due:
    if isinstance(found, datetime):
        return Due(found.date(), found.time(), zone)
    return Due(found, None, zone)
