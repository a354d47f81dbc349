"""Recurrence by three other programs: where one differs from Duly, another agrees with it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time
from itertools import chain, islice
from random import Random
from typing import Final

import pytest
from dateutil.rrule import rrulestr

from backend.core.recurrence import Rule, canonical, next_due, occurrences
from backend.tests.e2e import node
from backend.tests.support.random_rules import random_rule

pytestmark = pytest.mark.e2e

RULES: Final = int(os.environ.get("RECURRENCE_RULES", "2000"))
OCCURRENCES: Final = 20
AT_ONCE: Final = 400  # as many as fit into an argument

Series = list[datetime] | None


@dataclass(frozen=True)
class Case:
    """A rule whose anchor is one of its occurrences, and what Duly makes of it."""

    rule: Rule
    anchor: datetime
    expected: list[datetime]


def cases() -> list[Case]:
    random = Random(3)  # noqa: S311 - the same for everybody
    found: list[Case] = []
    while len(found) < RULES:
        rule, anchor = random_rule(random)
        first = next_due(rule, anchor, anchor)
        if rule.until and not isinstance(rule.until, datetime):
            # A day without a time is that day's midnight elsewhere.
            rule = replace(rule, until=datetime.combine(rule.until, time(23, 59, 59)))
        expected = list(islice(occurrences(rule, first), OCCURRENCES)) if first else []
        if first and len(expected) > 1:
            found.append(Case(rule, first, expected))
    return found


def by_node(asked: list[Case]) -> dict[str, list[Series]]:
    """The same series by each program of Node."""
    rules = [
        {
            "rule": canonical(case.rule),
            "start": case.anchor.isoformat(),
            "many": len(case.expected),
        }
        for case in asked
    ]
    parts = [
        node.report(node.HERE / "recurrence" / "expand.mjs", rules=rules[first : first + AT_ONCE])
        for first in range(0, len(rules), AT_ONCE)
    ]
    return {
        name: [
            series and [datetime.fromisoformat(moment) for moment in series]
            for series in chain.from_iterable(part[name] for part in parts)
        ]
        for name in parts[0]
    }


def by_dateutil(case: Case) -> Series:
    """The same by python-dateutil, which fails for some rules with numbers that a month has not."""
    try:
        found = rrulestr(canonical(case.rule), dtstart=case.anchor)
        return list(islice(found, len(case.expected)))
    except IndexError:
        return None


def weeks_are_of_a_year(case: Case) -> bool:
    """Whether it matters that days of week 1 in December count for the year in which they lie.

    RFC 5545 does not say. Duly and dateutil take calendar years, rrule-temporal those of the weeks.
    """
    rule, first = case.rule, case.anchor
    in_week_of_last_year = first.month == 1 and first.day < 4
    return bool(rule.by_week_no) and bool(
        rule.interval > 1
        or rule.by_set_pos
        or in_week_of_last_year
        or {-52, -53, 52, 53} & {*rule.by_week_no}
    )


EXPLAINED: Final[dict[str, Callable[[Rule], object]]] = {
    # From the first week it takes away what lies before the anchor, and counts the rest.
    "WEEKLY with BYSETPOS": lambda rule: rule.freq == "WEEKLY" and rule.by_set_pos,
    # It has all seven days of the week where the RFC takes the anchor's.
    "BYWEEKNO without a day": lambda rule: (
        rule.by_week_no and not (rule.by_day or rule.by_month_day or rule.by_year_day)
    ),
    # It takes the first days of some Januaries for week 53 of a year that has 52, or the reverse.
    "the last weeks": lambda rule: not {52, 53, -52, -53}.isdisjoint(rule.by_week_no),
}
"""Where dateutil differs from Duly."""


def test_no_rule_is_read_by_duly_alone() -> None:
    asked = cases()
    others = {**by_node(asked), "dateutil": [by_dateutil(case) for case in asked]}
    agreeing = dict.fromkeys(others, 0)
    alone, unexplained = [], []
    for n, case in enumerate(asked):
        same = {name for name, series in others.items() if series[n] == case.expected}
        for name in same:
            agreeing[name] += 1
        text = f"{canonical(case.rule)} from {case.anchor}"
        if not same and not weeks_are_of_a_year(case):
            alone.append(text)
        explained = others["dateutil"][n] is None or any(
            is_so(case.rule) for is_so in EXPLAINED.values()
        )
        if "dateutil" not in same and not explained:
            unexplained.append(text)
    assert alone == []
    assert unexplained == []
    # Those that read few rules would be no witnesses.
    assert {name: count / RULES > 0.6 for name, count in agreeing.items()} == dict.fromkeys(
        others, True
    ), agreeing
    print(agreeing)  # noqa: T201 - shown when it is asked for
