"""Whether a rule can go on from what it starts from."""

from dataclasses import replace
from datetime import date
from typing import Final

from backend.core.recurrence.rules import InvalidRule, Rule
from backend.core.recurrence.series import next_due

_LONG: Final = 100
_LAST_OF_EVERY: Final = {"WEEKLY": 0, "MONTHLY": 4, "YEARLY": 52}
"""The how manieth of a weekday each such period has."""


def check_anchor(rule: Rule, anchor: date) -> None:
    """Refuse a rule that can do nothing with its anchor.

    Raises:
        InvalidRule: when it speaks of times and the anchor is a day, and when nothing can ever
            follow the anchor, such as Mondays every seven days from a Tuesday on.
    """
    endless = replace(rule, count=None, until=None)
    if next_due(endless, anchor, anchor) is None:
        raise InvalidRule("It never fires again from this date on.")


def suits_any_anchor(rule: Rule) -> bool:
    """Whether it is plain to see that something follows any anchor, but for the calendar's end.

    Of the rules that people choose most are such. Others may be as well.
    """
    if (
        rule.interval == 1
    ):  # what its BY parts leave comes; with what it takes from the anchor, maybe
        names_days = rule.by_day or rule.by_month_day or rule.by_year_day
        takes_none = rule.freq not in {"MONTHLY", "YEARLY"} or names_days
        return bool(takes_none or not (rule.by_month or rule.by_week_no))
    if rule.by_month or rule.by_month_day or rule.by_year_day or rule.by_week_no or rule.by_set_pos:
        return False
    if rule.freq in {"HOURLY", "MINUTELY"} and (rule.by_hour or rule.by_minute):
        return False
    last = _LAST_OF_EVERY.get(rule.freq, -1)
    return rule.interval <= _LONG and all(abs(each.ordinal) <= last for each in rule.by_day)
