"""The tasks of an invented life, as rows of an export: trees, dates around today, things done."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final, TypeVar

from backend.core.ids import id_at
from backend.core.recurrence import occurrences, parse
from backend.jobs.phrases import NOTES, RULES, THEMES, ZONES, Theme

A = TypeVar("A")
Row = dict[str, Any]

_DAYS: Final = 60  # since the oldest task was made
_DONE_DAYS: Final = 30  # since the first one was completed
_PRIORITIES: Final = (0, 0, 0, 0, 0, 1, 2, 2, 3, 4)
_TIMES: Final = [time(hour, minute) for hour in range(7, 22) for minute in (0, 30)]
_MOST_STEPS: Final = 4
_DEEPEST: Final = 4


class Life:
    """Invents it.

    Args:
        chance: Decides.
        now: When it is.
    """

    def __init__(self, chance: Random, now: datetime) -> None:
        self._chance = chance
        self._now = now
        self._lists = [_list_id(theme) for theme in THEMES]

    def lists(self) -> list[Row]:
        """The lists, which are the same ones each time."""
        made_at = self._now - timedelta(days=_DAYS)
        return [
            {"id": list_id, "name": theme.name, "color": theme.color, "created_at": made_at}
            for theme, list_id in zip(THEMES, self._lists, strict=True)
            if list_id
        ]

    def tree(self, most: int) -> list[Row]:
        """A task, and perhaps some below it: at most `most`, each behind the one it is part of."""
        place = min(int(self._chance.triangular(0, len(THEMES), 0)), len(THEMES) - 1)
        theme, list_id = THEMES[place], self._lists[place]
        root = self._task(theme, self._ago(_DAYS), list_id=list_id)
        rows = [root]
        if self._happens(0.2):
            self._divide(root, theme, rows, 2)
        del rows[most:]
        self._settle(rows)
        return rows

    def _divide(self, parent: Row, theme: Theme, rows: list[Row], level: int) -> None:
        """Put some steps below a task, and perhaps others below those."""
        for number in range(self._chance.randint(1, _MOST_STEPS)):
            made_at = parent["created_at"] + timedelta(minutes=number + 1)
            step = self._task(theme, min(made_at, self._now), title=self._one(theme.steps))
            step["parent_id"] = parent["id"]
            rows.append(step)
            if level < _DEEPEST and self._happens(0.15):
                self._divide(step, theme, rows, level + 1)

    def _task(self, theme: Theme, made_at: datetime, **others: Any) -> Row:
        chance = self._chance
        row: Row = {
            "id": id_at(int(made_at.timestamp() * 1000), chance.getrandbits(74)),
            "title": self._one(theme.titles).format(self._one(theme.things)),
            "priority": self._one(_PRIORITIES),
            "created_at": made_at,
            "updated_at": made_at,
            **others,
        }
        if self._happens(0.4):
            row["tags"] = chance.sample(theme.tags, chance.randint(1, len(theme.tags)))
        if self._happens(0.15):
            row["description"] = self._one(NOTES)
        if self._happens(0.55):
            self._date(row)
        return row

    def _date(self, row: Row) -> None:
        """Make it due some time around today, at a time of day or not, once or repeatedly."""
        due = (self._now + timedelta(days=self._chance.gauss(4, 9))).date()
        at = self._one(_TIMES) if self._happens(0.4) else None
        if at:
            row["due_time"] = at
            if self._happens(0.3):
                row["due_time_zone"] = self._one(ZONES)
        if "list_id" in row and self._happens(0.12):
            row["recurrence"] = rule = self._one(RULES)
            row["recurrence_from"] = "completion" if self._happens(0.2) else "due"
            due = _first(rule, due)
            row["recurrence_anchor"] = datetime.combine(due, at or time())
        row["due_date"] = due

    def _settle(self, rows: list[Row]) -> None:
        """Complete a tree or some of it, or put it into the trash."""
        root = rows[0]
        outcome = self._chance.random()
        if outcome < 0.05:  # noqa: PLR2004 - one of twenty
            self._mark(rows, "deleted_at", "trashed_with")
        elif outcome < 0.4 and "recurrence" not in root:  # noqa: PLR2004 - and seven
            self._mark(rows, "completed_at", "completed_with")
        else:
            divided = {row.get("parent_id") for row in rows}
            for row in rows:
                if row is not root and row["id"] not in divided and self._happens(0.35):
                    self._mark([row], "completed_at", "completed_with")

    def _mark(self, rows: list[Row], at: str, by: str) -> None:
        """Let the first of them happen, which takes the others along."""
        root = rows[0]
        moment = max(self._ago(_DONE_DAYS), *(row["created_at"] for row in rows))
        for row in rows:
            row[at] = row["updated_at"] = moment
            if row is not root:
                row[by] = root["id"]

    def _ago(self, days: int) -> datetime:
        return self._now - timedelta(days=self._chance.random() * days)

    def _happens(self, how_often: float) -> bool:
        return self._chance.random() < how_often

    def _one(self, things: Sequence[A]) -> A:
        return things[int(self._chance.random() * len(things))]


def _list_id(theme: Theme) -> Any:
    """The id of its list, which follows from the name; None: the inbox."""
    bits = Random(theme.name).getrandbits(74)  # noqa: S311 - no secret
    return id_at(1_767_225_600_000, bits) if theme.name else None


def _first(rule: str, day: date) -> date:
    """The first day of a rule that is not before `day`, if the rule says which days it means."""
    before = day - timedelta(days=1)
    return next(occurrences(parse(rule), before, after=before)) if "BY" in rule else day
