"""Changes that take changes back. They are as all others: numbered, in the history, to be undone.

What follows for those above and below a task, the triggers do that see to it when people change it
(migration 0017). So no undo leaves what could not be there: an open task below one that is done, or
one outside the trash in a list that is there.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from pydantic_core import from_json
from sqlalchemy import inspect

from backend.core.problems import (
    GoneForGood,
    HistoryGone,
    NotFound,
    Problem,
    TooManyMatches,
    UndoConflict,
)
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, update, value_of
from backend.database.statements import Fragment, Statement
from backend.models import Change, List, SpaceSettings, Task
from backend.models.history import kept_columns
from backend.schemas.batch import MOST_CHANGED
from backend.schemas.history import Undo, Undone
from backend.services.history.plan import ONE, PLAN, SEVERAL
from backend.services.lists.shape import IS_TRASHED as IS_TRASHED_LIST
from backend.services.tasks import moves
from backend.services.tasks.filters import IS_LIVE, IS_TRASHED

_KINDS: Final[Mapping[type[List | SpaceSettings | Task], str]] = {
    Task: "task",
    List: "list",
    SpaceSettings: "settings",
}
_NIL: Final = "'00000000-0000-0000-0000-000000000000'::uuid"
# A map, in which each row finds its own: a join might be planned for few rows, and read all rows
# for each of them.
_OF_KIND: Final = "FILTER (WHERE ready.type = '{}'{})".format
_MAP: Final = "jsonb_object_agg(ready.entity_id, ready.was) {} AS {}".format
_MAPS: Final = ", ".join(_MAP(_OF_KIND(kind, ""), kind) for kind in _KINDS.values())
_IDS: Final = "((SELECT array_agg(ready.entity_id) {} FROM ready)::uuid[])".format


def _put_back(
    model: type[List | SpaceSettings | Task],
    more: str = "",
    *conditions: Fragment,
    left_out: Collection[str] = (),
) -> Parts:
    """Give rows the values that they are ready for; those of settings have no id."""
    kind, table = _KINDS[model], inspect(model).local_table.name
    key = _NIL if model is SpaceSettings else f"{table}.id"
    names = [each.name for each in kept_columns(model) if each.name not in left_out]
    shown = ", ".join(f"was.{name}" for name in names)
    found = ("(SELECT maps.", kind, f" FROM maps) -> {key}::text")
    row = ("jsonb_populate_record(", table, ", ", *found, ") AS was")
    values = Fragment("(SELECT ", shown, " FROM ", *row, ")")
    column = names[0] if len(names) == 1 else f"({', '.join(names)})"
    which = Fragment(f"{key} = ANY({_IDS(_OF_KIND(kind, more))})")
    return update(model, {column: values}, which, *conditions, returning="1")


# First lists, into which tasks come back; then what others come below; and after what moves, and
# takes what is below it along, what stays where it is. Most stay, and their place is not looked at.
_NUMBER_OF: Final = "(SELECT count(*) FROM {})".format
_ORDER: Final = ("lists_back", "moved", "restored", "moved_below", "staying", "settings_back")


def _tasks(place: int, which: str, left_out: Collection[str] = ()) -> Parts:
    """Puts tasks back, after those that come before them in the order."""
    after = Fragment(_NUMBER_OF(_ORDER[place - 1]), " >= 0")
    return f"), {_ORDER[place]} AS (", *_put_back(Task, which, after, left_out=left_out)


_STAYS: Final = " AND NOT ready.is_moved AND {} ready.comes_back".format
_DO: Final[Parts] = (
    *(", maps AS MATERIALIZED (SELECT ", _MAPS, " FROM ready), lists_back AS (", *_put_back(List)),
    *_tasks(1, " AND ready.is_moved AND NOT ready.has_parent"),
    *_tasks(2, _STAYS(""), moves.PLACES),
    *_tasks(3, " AND ready.has_parent"),
    *_tasks(4, _STAYS("NOT"), moves.PLACES),
    *("), settings_back AS (", *_put_back(SpaceSettings), ")\nSELECT "),
    " + ".join(map(_NUMBER_OF, _ORDER)),
    ", row_to_json(verdict)::text FROM verdict",
)
_UNDO_ONE: Final = Statement(*ONE, *PLAN, *_DO)
_UNDO_SEVERAL: Final = Statement(*SEVERAL, *PLAN, *_DO)

# A list that goes to the trash takes its tasks along, also those that came later.
_TRASHED_NOW: Final = Fragment("lists.deleted_at IS NOT NULL AND lists.updated_at = now()")
_TAKE_ALONG: Final = Statement(
    *update(
        Task,
        {"deleted_at": Fragment("now()"), "trashed_with": Fragment("tasks.list_id")},
        IS_LIVE,
        Fragment("EXISTS ", value_of(List, "", _TRASHED_NOW)),  # or else no task is looked at
        Fragment("tasks.list_id IN ", value_of(List, "lists.id", _TRASHED_NOW)),
        returning="1",
    )
)
_OPERATION: Final = "nullif(current_setting('duly.operation', true), '')"
_IS_OWN: Final = Fragment("history.version >= ", _OPERATION, "::bigint")
# What comes back to where nothing is any more comes to the top of its list, or of the inbox.
_FIND_PLACE: Final = Statement(
    *update(
        Task,
        {
            "(list_id, parent_id, position)": Fragment(
                "(SELECT way.* FROM duly.way_back(tasks.space_id, tasks.id) AS way)"
            )
        },
        IS_LIVE,
        Fragment("tasks.id = ANY (ARRAY", value_of(Change, "history.entity_id", _IS_OWN), ")"),
        Fragment(
            *("(tasks.parent_id IN ", value_of(Task, "tasks.id", IS_TRASHED)),
            *(" OR tasks.list_id IN ", value_of(List, "lists.id", IS_TRASHED_LIST), ")"),
        ),
        returning="1",
    )
)
_NUMBER: Final = Statement("SELECT ", _OPERATION)


def undo(wish: Undo) -> Operation[Undone]:
    """Take back what one request of the caller did, or all changes since then that are chosen.

    The operation raises:
        NotFound: when no change has this version.
        HistoryGone: when it, or some of it, is not known any more.
        UndoConflict: when other changes came later, of the same fields, unless by force.
        GoneForGood: when something is gone that would come back; by force, when all of it is.
        TooManyMatches: when it would change more than `MOST_CHANGED`.
        ValidationFailed: when something would come to where it cannot be any more.
        Misplaced: likewise.
    """
    since = wish.since
    statement = (_UNDO_SEVERAL if wish.version is None else _UNDO_ONE).bind(
        version=wish.version,
        since=since if isinstance(since, datetime) else None,
        since_version=since if isinstance(since, int) else None,
        type=wish.type,
        actor=wish.actor,
        force=wish.force,
    )
    follow = (_TAKE_ALONG.bind(), _FIND_PLACE.bind(), _NUMBER.bind())
    return Operation((statement, *follow), partial(_read, wish), writes=True)


def _read(wish: Undo, rows: list[Rows]) -> Undone:
    [[undone, said]], *_, [[number]] = rows
    if problem := _problem(from_json(said or b""), force=wish.force):
        raise problem
    count = int(undone or 0)
    return Undone(undone=count, version=int(number) if number and count else None)


def _problem(verdict: Mapping[str, Any], *, force: bool) -> Problem | None:
    """Why nothing was done, if so."""
    if not verdict["is_known"] or verdict["is_whole"] is False:
        return HistoryGone()
    if verdict["is_whole"] is None:
        return NotFound()
    if verdict["number"] > MOST_CHANGED:
        return TooManyMatches()
    if verdict["gone"] and (not force or verdict["number_gone"] == verdict["number"]):
        return GoneForGood(verdict["gone"])
    if verdict["conflicts"] and not force:
        return UndoConflict(verdict["conflicts"])
    return None
