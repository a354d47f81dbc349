"""One account takes another's things over: the same person has come to have another subject.

A call begins in the caller's space, goes to the other one and reads some tasks, comes back and puts
them in, and goes there once more to delete them, in one transaction. A task takes along what it is
a part of, which stays there until nothing is below it any more; so whatever is not in one of the
two is in the other. The last of them closes the other account, as an erasure does. Who may ask for
it is the route's business.
"""

from enum import Enum
from typing import Final

from sqlalchemy import Integer, Text, bindparam, inspect
from sqlmodel import col

from backend.core.principal import Principal
from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import delete, has_own, select, update
from backend.database.statements import Fragment, Statement, Where
from backend.models import Change, KeptRows, List, Space, SpaceSettings, Task, User
from backend.services.arrivals import (
    COMING,
    COMING_TIME_ZONE,
    LEVELS,
    MARKS,
    MOVED,
    PUT_LISTS,
    PUT_TASKS,
    PUT_TIME_ZONE,
    keep,
    unmarked,
)
from backend.services.erasures import CHANGES
from backend.services.keys import forget_some
from backend.services.tasks.gone import BY_INDEX, delete_batch

BATCH: Final = 1_000
"""Tasks that one transaction moves, besides those that they are a part of."""

# Of their descriptions: a setting carries them across, and the words of each are found anew.
_MOST_BYTES: Final = 1_000_000


class Merge(Enum):
    """How far a merge has come, as PostgreSQL says it."""

    DONE = b"done"
    LEFT = b"left"
    BUSY = b"busy"
    """Somebody was writing there, so nothing was moved: waiting could end in a deadlock."""
    BEING_ERASED = b"being erased"


def _go(setting: str) -> Statement:
    """Act from here on as whom the setting names, in their space."""
    who = f"current_setting('{setting}')"
    return Statement(
        f"SELECT set_config('app.user_id', {who}, true), set_config('app.space_id', {who}, true), ",
        BY_INDEX,
    )


_OTHER: Final = Fragment(bindparam("other", type_=Text))
_NAME_BOTH: Final = Statement(
    "SELECT set_config('duly.merge_into', current_setting('app.space_id'), true),"
    " set_config('duly.merge_from', CASE WHEN pg_try_advisory_xact_lock(hashtextextended(",
    *(_OTHER, ", 0)) THEN ", _OTHER, " ELSE '' END, true)"),
)
_GO_THERE: Final = _go("duly.merge_from")
_COME_BACK: Final = _go("duly.merge_into")
_IS_OPEN: Final = has_own(Space, Fragment(col(Space.erasing_at).is_(None)))
_IS_EMPTY: Final = Fragment("NOT ", has_own(Task))

# No statement sees both spaces: the rows lie in settings meanwhile, which end with the transaction.
_IDS: Final = "duly.merging_ids"

_MOST_OF_RANK: Final = 160
"""Characters of a position beside a mark: a rank has 200 at most, and 64 if the service made it."""


def _columns(model: type[List | Task]) -> str:
    table = inspect(model).local_table.name
    return ", ".join(f"{table}.{name}" for name in MOVED[model])


_KEEP_TIME_ZONE: Final = Statement(
    "SELECT ",
    keep(COMING_TIME_ZONE, "coalesce(max(mine.time_zone), '')"),
    *("\nFROM (", *select("time_zone", SpaceSettings, _IS_OPEN), ") AS mine"),
)
_KEEP_LISTS: Final = Statement(
    "SELECT ",
    keep(COMING[List], "coalesce(json_agg(mine)::text, '[]')"),
    "\nFROM (",
    *(*select(f"{_columns(List)}, lists.updated_at, lists.is_inbox", List, _IS_OPEN), ") AS mine"),
)
# Tasks that nothing is below, mostly the newest, each with all that it is a part of, which comes
# first. It has the place of the first of them, so what fits is whole above.
_IS_LEAF: Final = Where((Fragment("NOT ", has_own(Task, Fragment("tasks.parent_id = mine.id"))),))
_KEEP_TASKS: Final = Statement(
    "WITH RECURSIVE leaf AS (\n"
    "SELECT id, parent_id, row_number() OVER (ORDER BY id DESC) AS place\nFROM (",
    *(*select("tasks.id, tasks.parent_id", Task, _IS_OPEN), ") AS mine", _IS_LEAF),
    "\nORDER BY id DESC LIMIT ",
    Fragment(bindparam("batch", type_=Integer)),
    "\n), chain (id, parent_id, place, steps) AS (\n"
    "SELECT id, parent_id, place, 0 FROM leaf\nUNION ALL"
    " SELECT above.id, above.parent_id, place, steps + 1\nFROM chain JOIN (",
    *(*select("tasks.id, tasks.parent_id", Task), ") AS above ON above.id = chain.parent_id"),
    "\n), chosen AS (\n"
    "SELECT id, min(place) AS place, max(steps) AS steps FROM chain GROUP BY id\n), sized AS (\n"
    "SELECT mine.*, place, steps,"
    " sum(octet_length(description)) OVER (ORDER BY place, steps DESC) AS octets"
    "\nFROM chosen JOIN (",
    *(*select(_columns(Task), Task), ") AS mine USING (id)\n)\nSELECT "),
    keep(COMING[Task], "coalesce(json_agg(sized ORDER BY place, steps DESC)::text, '[]')"),
    ", ",
    keep(_IDS, "coalesce(array_agg(id)::text, '{}')"),
    "\nFROM sized",
    Where((Fragment(f"coalesce(octets, 0) <= {_MOST_BYTES}"),)),
)

# One level, from below: what this very step has put in there.
_TAKE_OUT: Final = Statement(
    *delete_batch(
        (
            "SELECT id FROM ",
            f"unnest(current_setting('{_IDS}', true)::uuid[]) AS mine (id)",
            _IS_LEAF,
        ),
        "tasks.id",
    ),
    "SELECT count(*) FROM gone",
)


def _mark(model: type[List | Task]) -> Statement:
    """Note what has come and stays for now; a change of it is noticed by its time."""
    table = inspect(model).local_table.name
    bare = f"left({unmarked(table)}, {_MOST_OF_RANK})"
    return Statement(
        *update(
            model,
            {"position": Fragment(f"{bare} || mark.value")},
            Fragment(f"{table}.id = mark.id::uuid"),
            returning="NULL",
            source=f"json_each_text(current_setting('{MARKS[model]}')::json) AS mark (id, value)",
        )
    )


_MARK_ALL: Final = (_mark(List), _mark(Task))
_FORGET_CHANGES: Final = Statement(
    *("WITH batch AS (", *select("history.version", Change, _IS_OPEN, _IS_EMPTY)),
    f" LIMIT {CHANGES})\n",
    *delete(Change, Fragment("history.version = ANY (ARRAY(SELECT batch.version FROM batch))")),
)
_FORGET_KEYS: Final = forget_some(_IS_OPEN, _IS_EMPTY)
_IS_FORGOTTEN: Final = [Fragment("NOT ", has_own(each)) for each in (Change, KeptRows)]
_CLOSE_USER: Final = Statement(*delete(User, _IS_OPEN, _IS_EMPTY, *_IS_FORGOTTEN))
_CLOSE_SPACE: Final = Statement(
    *delete(Space, Fragment(col(Space.erasing_at).is_(None)), _IS_EMPTY, *_IS_FORGOTTEN)
)
_MERGE_STANDING: Final = "duly.merge_standing"
_SETTINGS: Final = (*COMING.values(), *MARKS.values(), COMING_TIME_ZONE, _IDS)
_FORGET: Final = ", ".join(f"set_config('{each}', '', true)" for each in _SETTINGS)
_STANDING: Final = Statement(
    f"SELECT set_config('{_MERGE_STANDING}', CASE"
    " WHEN current_setting('duly.merge_from') = '' THEN 'busy' WHEN EXISTS (",
    *select("", Space, Fragment(col(Space.erasing_at).is_not(None))),
    *(") THEN 'being erased' WHEN EXISTS (", *select("", Task), ") OR EXISTS ("),
    *(*select("", Change), ") OR EXISTS (", *select("", KeptRows)),
    f") THEN 'left' ELSE 'done' END, true), {_FORGET}",
)
_TELL: Final = Statement(f"SELECT current_setting('{_MERGE_STANDING}')")


def merge_from(other: Principal, batch: int = BATCH) -> Operation[Merge]:
    """Take over some of what `other` has; the last of it closes their account.

    Args:
        other: Who is known to be the same person as the caller.
        batch: How many tasks that nothing is below.

    The operation raises:
        TooManyTasks: when the caller would have more than they may; nothing was moved.
    """
    statements = (
        *(_GO_THERE, _KEEP_TIME_ZONE, _KEEP_LISTS, _KEEP_TASKS),
        *(_COME_BACK, PUT_TIME_ZONE, PUT_LISTS, PUT_TASKS),
        *(_GO_THERE, *[_TAKE_OUT] * LEVELS, *_MARK_ALL),
        *(_FORGET_CHANGES, _FORGET_KEYS, _CLOSE_USER, _CLOSE_SPACE, _STANDING),
        *(_COME_BACK, _TELL),
    )
    bound = (
        _NAME_BOTH.bind(other=other.subject),
        *(each.bind(batch=batch) for each in statements),
    )
    # Most are run as the other one, whose place it is not to keep what they give.
    return Operation(bound, _standing, writes=True, unread=len(bound) - 1)


def _standing(rows: list[Rows]) -> Merge:
    return Merge(rows[-1][0][0])
