"""Completing a task and opening it again, whether it recurs or not."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from backend.core.dates import Due
from backend.core.problems import NotFound
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.statements import Bound, Fragment, Value
from backend.services.tasks import recurring, steps
from backend.services.tasks.changes import change
from backend.services.tasks.recurring import IS_AS_SEEN, IS_MEANT, IS_SETTLED, Found
from backend.services.tasks.shape import SHOW, Representation, only, stale


class Completion(NamedTuple):
    """How a task is completed or opened: in one call, or in two if it recurs.

    Attributes:
        task_id: Which task.
        assignments: What this does to one that does not recur, or not any more.
        values: Those of the assignments.
        versions: The versions that `If-Match` allows; None for any.
        occurrence: Which occurrence is meant: nothing changes if it is another one that would be
            completed or opened. None for the current one.
    """

    task_id: UUID
    assignments: frozenset[str]
    values: Mapping[str, Value]
    versions: Sequence[int] | None
    occurrence: Due | None = None

    def begin(self) -> Operation[Representation]:
        """For one that does not recur this is all."""
        if self.occurrence is None or "completed" not in self.values:
            return self._operation(self.assignments, self.values, IS_SETTLED)
        values = {**self.values, "day": self.occurrence.day, "at": self.occurrence.at}
        return self._operation(self.assignments, values, IS_MEANT)

    @property
    def _may_stay(self) -> bool:
        """Whether the task may be there and not be changed: then its answer is what is there."""
        return self.versions is not None or self.occurrence is not None

    def _operation(
        self,
        assignments: frozenset[str],
        values: Mapping[str, Value],
        condition: Fragment,
        *others: Bound,
    ) -> Operation[Representation]:
        """Change the task on that condition; if it does not hold, look why, and go on."""
        changed = change(assignments, conditional=self.versions is not None, also=condition)
        reasons = [recurring.LOOK, *([SHOW] if self._may_stay else [])]
        given = {**values, "id": self.task_id, "versions": list(self.versions or ())}
        return Operation(
            (changed.bind(**given), *others),
            partial(self._read, condition),
            writes=True,
            decisive=True,
            reasons=tuple(each.bind(id=self.task_id) for each in reasons),
            goes_on=True,
        )

    def _read(
        self, condition: Fragment, rows: list[Rows]
    ) -> Representation | Operation[Representation]:
        if rows[0]:
            return only(rows)
        current = only(rows[-1:]) if self._may_stay else None
        if current and self.versions is not None and current.version not in self.versions:
            raise stale(rows)
        looked = rows[-2] if current else rows[-1]
        if looked:
            found = Found.read(looked[0])
            if self.values.get("completed") is False:
                return steps.undo_step(self.task_id, self.occurrence, self.versions)
            is_other = self.occurrence and not recurring.is_current(found.series, self.occurrence)
            return current if current and is_other else self._step(found)
        if condition is IS_AS_SEEN:  # meanwhile somebody else made it one that does not recur
            return self.begin()
        if current is None:
            raise NotFound
        if self.occurrence is None:
            raise stale(rows)
        return current

    def _step(self, found: Found) -> Operation[Representation]:
        """As long as that depends on what was found; after the last occurrence it is done."""
        series = recurring.changed(found.series, self.values)
        step = series and recurring.step(series, found.now)
        if step is None:
            values = {**self.values, **found.seen}
            return self._operation(self.assignments | {"unstepped"}, values, IS_AS_SEEN)
        names = self.assignments - recurring.REPLACED | {"stepped", *step}
        values = {**self.values, **step, **found.seen}
        opening = steps.OPEN_BELOW.bind(id=self.task_id)
        return self._operation(names, values, IS_AS_SEEN, opening)
