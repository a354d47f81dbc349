"""Recurrence rules of RFC 5545: `parsing.py` reads one, `series.py` says when it fires."""

from backend.core.recurrence.anchors import check_anchor, suits_any_anchor
from backend.core.recurrence.parsing import parse
from backend.core.recurrence.rules import LONGEST, MOST, InvalidRule, Rule, canonical
from backend.core.recurrence.series import next_due, occurrences

__all__ = [
    "LONGEST",
    "MOST",
    "InvalidRule",
    "Rule",
    "canonical",
    "check_anchor",
    "next_due",
    "occurrences",
    "parse",
    "suits_any_anchor",
]
