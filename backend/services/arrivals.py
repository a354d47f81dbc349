"""What comes from another account, put among what is here.

The rows lie in settings of the transaction (`services/merges.py`). What has something below it that
has not come yet stays there as well until it has; meanwhile people change it here and there. So it
is marked there, at the end of its position, with what it was when it came: which change of it was
the latest there, and which write is that here. Who comes again without a change is as it is here;
one that was changed there alone is changed here; one that was changed in both comes as another one.
Where a thing stands is decided here, once it has come.
"""

from typing import Final

from sqlalchemy import inspect
from sqlmodel import SQLModel

from backend.database.migrations.rights import RIGHTS
from backend.database.queries import Parts, has_own, insert, select, update
from backend.database.statements import Fragment, Statement, Where
from backend.models import List, SpaceSettings, Task

LEVELS: Final = 5
"""How deep tasks stand."""


def _moved(model: type[SQLModel]) -> tuple[str, ...]:
    """The columns that a row keeps. Its version is the next one of its new space."""
    table = inspect(model).local_table
    given = set(RIGHTS[table.name].insert)
    return tuple(column.name for column in table.c if column.name in given)


MOVED: Final = {model: _moved(model) for model in (List, Task)}
"""What comes along, by table; ids of lists and tasks in them follow what those are called here."""

COMING: Final = {List: "duly.merging_lists", Task: "duly.merging_tasks"}
"""The settings that hold rows of the other account, as JSON."""

COMING_TIME_ZONE: Final = "duly.merging_time_zone"

MARKS: Final = {List: "duly.merging_list_marks", Task: "duly.merging_task_marks"}
"""The settings that hold the marks, by id, of what has come and may stay there as well."""

MARK: Final = "([MN])([0-9a-f]{13})([0-9a-f]{16})M$"
"""A mark: M, or N for what has another id here; when it was changed there; its version here."""

_AT: Final = "right(duly.rank_at({}), 13)"  # microseconds since the epoch
_VERSION: Final = "lpad(to_hex({}.version), 16, '0')"

# A thing that meets another one of its id gets another id of the same millisecond, each time the
# same one; what was changed in both comes as another one for each change.
_FRESH: Final = "(left(moved.id::text, 18) || '-8' || left({0}, 3) || '-' || right({0}, 12))::uuid"
_HASHED: Final = "moved.id::text || current_setting('duly.merge_from')"
_OTHER_ID: Final = _FRESH.format(f"md5({_HASHED})")
_COPY_ID: Final = _FRESH.format(f"md5({_HASHED} || {_AT.format('moved.updated_at')})")
_INBOX: Final = "duly.inbox_of(current_setting('app.space_id'))"
_ID_HERE: Final = f"CASE WHEN mark.parts[1] = 'N' THEN {_OTHER_ID} ELSE moved.id END"
_WANTED: Final = {
    List: f"CASE WHEN moved.is_inbox THEN {_INBOX} ELSE {_ID_HERE} END",
    Task: _ID_HERE,
}

_STATES: Final = {List: ("deleted_at",), Task: ("completed_at", "deleted_at")}
_SAID: Final = {
    List: ("name", "color", "archived"),
    Task: (
        *("title", "description", "tags", "priority"),
        *("due_date", "due_time", "due_time_zone", "recurrence"),
    ),
}
"""What tells two things of one id apart, beside whether they are done and in the trash."""

_PLACE: Final = {"list_id", "parent_id", "position"}
_CHANGED: Final = {
    List: _SAID[List],  # what came of it is outside the trash, so it stays there
    Task: tuple(
        each for each in MOVED[Task] if each not in {"id", "created_at", "updated_at", *_PLACE}
    ),
}
"""What is changed here of a thing that was changed there."""

# The inbox is made with the space.
_IS_NEW: Final = {List: "own.id IS NULL AND NOT moved.is_inbox", Task: "own.id IS NULL"}

# An inbox that says nothing yet; a task that would leave the trash, where more may be above it.
_SPECIAL: Final = {
    List: "WHEN moved.is_inbox AND own.name = 'Inbox' AND own.color IS NULL THEN 'changed'"
    " WHEN moved.is_inbox THEN 'known'",
    Task: "WHEN mark.parts IS NOT NULL AND moved.deleted_at IS NULL"
    " AND own.deleted_at IS NOT NULL THEN 'both'",
}


def _says(model: type[List | Task], row: str) -> str:
    said = [f"{row}.{name}" for name in _SAID[model]]
    return f"({', '.join(said + [f'{row}.{name} IS NULL' for name in _STATES[model]])})"


def _met(model: type[List | Task], *more: str) -> Parts:
    """What comes, in its order, and what is to become of it: its `state`.

    It is `new`, or meets something of its id: an `other` thing, itself as it came (`known`) or
    `changed` since, or `both` are changed. `new_id` is what it is called here, `put_id` what it is
    made as.
    """
    return (
        f"""SELECT moved.*, state{"".join(f", {each}" for each in more)},
    state IN ('known', 'changed', 'both') AS is_here,
    CASE state WHEN 'other' THEN {_OTHER_ID} ELSE wanted END AS new_id,
    CASE state WHEN 'other' THEN {_OTHER_ID} WHEN 'both' THEN {_COPY_ID} ELSE wanted END AS put_id,
    CASE WHEN state IN ('new', 'other') THEN moved.deleted_at ELSE own.deleted_at END AS trashed_at
FROM json_populate_recordset(
    NULL::{inspect(model).local_table.fullname}, current_setting('{COMING[model]}')::json
) WITH ORDINALITY AS moved
CROSS JOIN LATERAL regexp_match(moved.position, '{MARK}') AS mark (parts)
CROSS JOIN LATERAL (SELECT {_WANTED[model]} AS wanted) AS called
LEFT JOIN (""",  # noqa: S608 - our own names
        *select("*", model),
        f""") AS own ON own.id = wanted
CROSS JOIN LATERAL (SELECT CASE
    WHEN {_IS_NEW[model]} THEN 'new'
    WHEN {_says(model, "own")} IS NOT DISTINCT FROM {_says(model, "moved")} THEN 'known'
    WHEN mark.parts[2] = {_AT.format("moved.updated_at")} THEN 'known'
    {_SPECIAL[model]}
    WHEN mark.parts[3] = {_VERSION.format("own")} THEN 'changed'
    WHEN mark.parts IS NOT NULL OR own.created_at = moved.created_at THEN 'both'
    ELSE 'other' END AS state) AS decided""",  # noqa: S608 - our own names
    )


_IS_MADE: Final = Where((Fragment("state IN ('new', 'other', 'both')"),))


def _put(model: type[List | Task]) -> Parts:
    """The end of a statement: makes and changes what is `ready`, and keeps the marks."""
    table = inspect(model).local_table
    names = [name for name in MOVED[model] if name != "id"]
    return (
        f", made AS (\nINSERT INTO {table.fullname} (id, {', '.join(names)})",
        f"\nSELECT put_id, {', '.join(names)} FROM ready",
        *(_IS_MADE, "\nORDER BY ordinality\nON CONFLICT DO NOTHING\nRETURNING id, version"),
        "\n), changed AS (\n",
        *update(
            model,
            {name: Fragment(f"ready.{name}") for name in _CHANGED[model]},
            Fragment(f"{table.name}.id = ready.new_id"),
            Fragment("ready.state = 'changed'"),
            returning=f"{table.name}.id, {table.name}.version",
            source="ready",
        ),
        "\n)\nSELECT ",
        keep(
            MARKS[model],
            "coalesce(json_object_agg(ready.id, CASE WHEN ready.id = put.id THEN 'M' ELSE 'N' END"
            f" || {_AT.format('now()')} || {_VERSION.format('put')} || 'M')::text, '{{}}')",
        ),
        "\nFROM (SELECT id, version FROM made UNION ALL SELECT id, version FROM changed) AS put",
        "\nJOIN ready ON ready.new_id = put.id",
    )


def keep(setting: str, what: str) -> str:
    """SQL that has a setting hold a text to the end of the transaction."""
    return f"length(set_config('{setting}', {what}, true))"


def unmarked(row: str) -> str:
    """SQL for the position of a row, without a mark."""
    return f"regexp_replace({row}.position, '{MARK}', '')"


PUT_TIME_ZONE: Final = Statement(
    *insert(
        SpaceSettings,
        {"time_zone": Fragment(f"current_setting('{COMING_TIME_ZONE}')")},
        Fragment("NOT ", has_own(SpaceSettings)),
        Fragment(f"current_setting('{COMING_TIME_ZONE}') <> ''"),
        returning="NULL",
    )
)
"""Chooses what was chosen there, if nothing has been here."""

_NAMED: Final = ("id", "ordinality", "state", "new_id", "put_id")
_LISTED: Final = {"position": unmarked("list")}
PUT_LISTS: Final = Statement(
    *("WITH list AS MATERIALIZED (\n", *_met(List), "\n), ready AS MATERIALIZED (\nSELECT "),
    ", ".join(f"list.{each}" for each in _NAMED),
    *(f", {_LISTED.get(each, f'list.{each}')} AS {each}" for each in MOVED[List] if each != "id"),
    *("\nFROM list\n)", *_put(List)),
)

# Nothing comes to be outside the trash below what is in it, or in a list that is; and nothing too
# deep: that comes to be beside what it was a part of.
_IS_CUT_OFF: Final = "above.trashed_at IS NOT NULL AND task.deleted_at IS NULL"
_PARENT: Final = (
    f"CASE WHEN {_IS_CUT_OFF} THEN NULL"
    f" WHEN above.level >= {LEVELS} THEN above.parent_id ELSE above.new_id END"
)
_LEVEL: Final = f"CASE WHEN {_IS_CUT_OFF} THEN 1 ELSE least(above.level + 1, {LEVELS}) END"
_READY: Final = {
    "parent_id": _PARENT,
    # Without a list: the parent's, or the inbox.
    "list_id": f"CASE WHEN {_PARENT} IS NULL AND"
    " (list.trashed_at IS NULL OR task.deleted_at IS NOT NULL) THEN list.new_id END",
    "position": unmarked("task"),
    "trashed_with": "coalesce(taker.new_id, holder.new_id, task.trashed_with)",
    "completed_with": "coalesce(finisher.new_id, task.completed_with)",
}
# How deep it stands here.
_DEPTH: Final[Parts] = (
    "(WITH RECURSIVE up (parent_id) AS (SELECT task.own_parent_id\nUNION ALL\n",
    "SELECT higher.parent_id FROM up JOIN (",
    *select("tasks.id, tasks.parent_id", Task),
    ") AS higher ON higher.id = up.parent_id) SELECT count(*) FROM up)",
)
PUT_TASKS: Final = Statement(
    *("WITH RECURSIVE list AS MATERIALIZED (\n", *_met(List)),
    *("\n), task AS MATERIALIZED (\n", *_met(Task, "own.parent_id AS own_parent_id")),
    "\n), placed (id, new_id, parent_id, level, trashed_at) AS (\n"
    "SELECT id, new_id, CASE WHEN is_here THEN own_parent_id END, CASE WHEN is_here THEN ",
    *(*_DEPTH, " ELSE 1 END, trashed_at\nFROM task"),
    Where((Fragment("(is_here OR parent_id IS NULL)"),)),
    f"\nUNION ALL\nSELECT task.id, task.new_id, {_PARENT}, {_LEVEL}, task.trashed_at"
    "\nFROM placed AS above JOIN task ON task.parent_id = above.id AND NOT task.is_here"
    "\n), ready AS MATERIALIZED (\nSELECT ",
    ", ".join(f"task.{each}" for each in _NAMED),
    *(f", {_READY.get(each, f'task.{each}')} AS {each}" for each in MOVED[Task] if each != "id"),
    """
FROM task
LEFT JOIN placed AS above ON above.id = task.parent_id
LEFT JOIN list ON list.id = task.list_id
LEFT JOIN task AS taker ON taker.id = task.trashed_with
LEFT JOIN list AS holder ON holder.id = task.trashed_with
LEFT JOIN task AS finisher ON finisher.id = task.completed_with
)""",
    *_put(Task),
)
