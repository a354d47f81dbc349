"""Tags: what all tasks of a user have of them, renamed and deleted everywhere at once."""

from collections.abc import Collection
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Text, bindparam
from sqlmodel import col

from backend.core.problems import NotFound
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import select, update
from backend.database.statements import Fragment, Statement
from backend.models import Task
from backend.schemas.tag import TagRead
from backend.services.tasks.filters import IS_LIVE
from backend.services.tasks.pages import Page
from backend.services.validators import IS_NEWS, state, tag, with_state

MOST: Final = 1_000
"""Tags that are listed: those that most tasks have."""

BATCH: Final = 2_500
"""Tasks that one transaction changes: 0.2 s, a ninth of what a statement may take."""

ASKED: Final = 1
"""Tells the entity tag of this answer from those of others."""

_NAME: Final = Fragment(bindparam("name", type_=Text))
_NEW_NAME: Final = Fragment(bindparam("new_name", type_=Text))
_TAGS: Final = Fragment(col(Task.tags))


class Change(NamedTuple):
    """What became of a tag.

    Attributes:
        tasks: How many tasks were changed; fewer than `BATCH`: none is left.
        remaining: How many tasks outside the trash have the tag now.
    """

    tasks: int
    remaining: int


def _has(name: Fragment) -> Fragment:
    return Fragment(_TAGS, " @> ARRAY[", name, "]::text[]")


def _listed(*conditions: Fragment) -> Statement:
    counted = ("SELECT tag, count(*) FROM (", *select("unnest(tags) AS tag", Task, *conditions))
    first = ("(", *counted, f") AS each\nGROUP BY tag ORDER BY count DESC, tag LIMIT {MOST})")
    shown = "json_build_object('name', tag, 'count', count)"
    return Statement(
        *with_state(
            (
                f"SELECT json_agg({shown} ORDER BY duly.title_key(tag), tag)::text\nFROM ",
                *(*first, " AS tags LIMIT 1"),
            )
        )
    )


# A task keeps what it has besides, in its order; the new name takes the place of the old one, if it
# is not there already.
_RENAMED: Final = Fragment(
    *("CASE WHEN ", _has(_NEW_NAME), " THEN array_remove(", _TAGS, ", ", _NAME, ")"),
    *(" ELSE array_replace(", _TAGS, ", ", _NAME, ", ", _NEW_NAME, ") END"),
)
_LESS: Final = Fragment("array_remove(", _TAGS, ", ", _NAME, ")")


def _change(tags: Fragment) -> Statement:
    """Gives tasks that have the tag other tags, so many at a time; says how many they were."""
    return Statement(
        *("WITH batch AS (", *select("tasks.id", Task, _has(_NAME)), f"\nLIMIT {BATCH}),"),
        " changed AS (\n",
        *update(
            Task,
            {"tags": tags},
            Fragment("tasks.id = ANY (ARRAY(SELECT batch.id FROM batch))"),
            returning="tasks.id",
        ),
        ")\nSELECT count(*) FROM changed",
    )


_LIST: Final = _listed(IS_LIVE)
_LIST_NEWS: Final = _listed(IS_LIVE, IS_NEWS)
_RENAME: Final = _change(_RENAMED)
_DELETE: Final = _change(_LESS)
_COUNT: Final = Statement(*select("count(*)", Task, IS_LIVE, _has(_NAME)))
_ANY: Final = Statement(*select("1", Task, _has(_NAME)), " LIMIT 1")


def list_tags(known: Collection[int] = ()) -> Operation[Page]:
    """The tags of the caller's tasks outside the trash, as titles sort, at most `MOST`.

    Args:
        known: States of the same answer that the client has.
    """
    statement = _LIST_NEWS if known else _LIST
    bound = statement.bind(known=list(known))
    return Operation((bound,), _listing, many=True)


def count_tag(name: str) -> Operation[TagRead]:
    """A tag, and how many tasks outside the trash have it.

    The operation raises:
        NotFound: when no task has it, in the trash or outside.
    """
    statements = (_ANY.bind(name=name), _COUNT.bind(name=name))
    return Operation(statements, partial(_tag, name), decisive=True)


def rename_tag(name: str, new_name: str) -> Operation[Change]:
    """Give a tag another name in at most `BATCH` tasks, those in the trash too."""
    rename = _RENAME.bind(name=name, new_name=new_name)
    return Operation((rename, _COUNT.bind(name=new_name)), _changed, writes=True)


def delete_tag(name: str) -> Operation[Change]:
    """Take a tag from at most `BATCH` tasks, those in the trash too."""
    delete = _DELETE.bind(name=name)
    return Operation((delete, _COUNT.bind(name=name)), _changed, writes=True)


def _changed(rows: list[Rows]) -> Change:
    return Change(*(int(row[0] or 0) for [row] in rows))


def _listing(rows: list[Rows]) -> Page:
    body = rows[0][1][0] if len(rows[0]) > 1 else None
    return Page(body or b"[]", None, None, tag(state(rows[0]), ASKED))


def _tag(name: str, rows: list[Rows]) -> TagRead:
    if not rows[0]:
        raise NotFound
    return TagRead(name=name, count=_number(rows[1:]))


def _number(rows: list[Rows]) -> int:
    return int(rows[0][0][0] or 0)
