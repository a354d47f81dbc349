"""Random rules by python-dateutil as well: every difference between the two has its explanation."""

import os
from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import islice, pairwise
from random import Random
from typing import Final

from dateutil.rrule import rrulestr

from backend.core.recurrence import Rule, canonical, next_due, occurrences
from backend.core.recurrence.rules import Weekday
from backend.tests.support.random_rules import random_rule

RULES: Final = int(os.environ.get("RECURRENCE_RULES", "300"))
SEED: Final = int(os.environ.get("RECURRENCE_SEED", "0"))
OCCURRENCES: Final = 20
# dateutil errs in whether the first days of January are in week 52 or 53 of the year before; those
# are compared with Python's own calendar in test_recurrence.py.
_LAST_WEEKS: Final = {52, 53, -52, -53}


def by_dateutil(rule: Rule, anchor: datetime, many: int) -> list[datetime]:
    """The first occurrences by dateutil, with what it reads otherwise said in its words."""
    start, until = anchor, rule.until
    if until and not isinstance(until, datetime):
        until = datetime.combine(until, time(23, 59, 59))  # it takes a day for its midnight
    dayless = not (rule.by_day or rule.by_month_day or rule.by_year_day)
    by_day = rule.by_day
    if dayless and (rule.by_week_no or rule.freq == "WEEKLY"):
        by_day = (Weekday(0, anchor.weekday()),)  # of a week alone it would take all seven days
    if rule.freq == "WEEKLY":
        # Of the first week it would have BYSETPOS count only what is not before the anchor.
        start -= timedelta(days=(anchor.weekday() - rule.week_start) % 7)
    text = canonical(replace(rule, count=None, until=until, by_day=by_day))
    found = (moment for moment in rrulestr(text, dtstart=start) if moment > anchor)
    # The anchor counts, though the rule may not have it (RFC 5545, section 3.8.5.3).
    return [anchor, *islice(found, min(many, rule.count or many) - 1)]


def test_occurrences_are_those_of_dateutil() -> None:
    random = Random(SEED + 1)  # noqa: S311 - the same for everybody
    seen: Counter[str] = Counter()
    different = []
    while seen["compared"] < RULES:
        rule, anchor = random_rule(random)
        mine = list(islice(occurrences(rule, anchor), OCCURRENCES))
        # Behind the last one dateutil may search for minutes.
        wanted = min(len(mine), rule.count or OCCURRENCES)
        if len(mine) < 2:
            seen["too sparse"] += 1
            continue
        if not _LAST_WEEKS.isdisjoint(rule.by_week_no):
            seen["dateutil errs"] += 1
            continue
        try:
            theirs = by_dateutil(rule, anchor, wanted)
        except IndexError:
            seen["dateutil fails"] += 1
            continue
        seen["compared"] += 1
        if mine != theirs:
            different.append((canonical(rule), anchor, mine[:5], theirs[:5]))
    assert different == []


def test_what_lies_between_the_anchor_and_now_is_jumped_over_rightly() -> None:
    random = Random(SEED + 2)  # noqa: S311 - as above
    for _ in range(RULES):
        rule, anchor = random_rule(random)
        some = list(islice(occurrences(rule, anchor), OCCURRENCES))
        for before, following in pairwise(some):
            assert next_due(rule, anchor, before) == following, (canonical(rule), anchor)
