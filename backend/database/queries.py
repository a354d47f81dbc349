"""The four verbs of SQL, each of which names whose rows it means.

Row-level security keeps users apart by itself; these keep them apart without it, and without the
functions that its policies ask. Whoever writes a statement with them cannot leave the second wall
out.
"""

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Table, inspect
from sqlmodel import SQLModel

from backend.database.statements import Fragment, Part, Where
from backend.models.ownership import owner_of

Parts = tuple[Part, ...]


def select(what: Part, model: type[SQLModel], *conditions: Fragment) -> Parts:
    """`SELECT what FROM model`, the caller's rows; `ORDER BY` and the like may follow."""
    return "SELECT ", what, "\nFROM ", _name(model), where(model, *conditions)


def insert(
    model: type[SQLModel], values: Mapping[str, Fragment], *conditions: Fragment, returning: Part
) -> Parts:
    """`INSERT INTO model`: the owner is the column's default, which nothing can override.

    Nothing is inserted unless the conditions hold.
    """
    places = _separated(list(values.values()))
    columns = ", ".join(values)
    row: Parts = ("SELECT ", places, Where(conditions)) if conditions else ("VALUES (", places, ")")
    return "INSERT INTO ", _name(model), f" ({columns}) ", *row, "\nRETURNING ", returning


def update(
    model: type[SQLModel],
    values: Mapping[str, Fragment],
    *conditions: Fragment,
    returning: Part,
    source: str = "",
) -> Parts:
    """`UPDATE model`, the caller's rows; `source` is a table of the statement's own to join."""
    changes = _separated([Fragment(f"{column} = ", value) for column, value in values.items()])
    return (
        *("UPDATE ", _name(model), " SET ", changes, f"\nFROM {source}" if source else ""),
        *(where(model, *conditions), "\nRETURNING ", returning),
    )


def delete(model: type[SQLModel], *conditions: Fragment) -> Parts:
    """`DELETE FROM model`, the caller's rows."""
    return "DELETE FROM ", _name(model), where(model, *conditions)


def has_own(model: type[SQLModel], *conditions: Fragment) -> Fragment:
    """A condition: whether the caller has such rows."""
    return Fragment("EXISTS ", _sub_select("", model, *conditions))


def value_of(model: type[SQLModel], what: Fragment | str, *conditions: Fragment) -> Fragment:
    """A value of the caller's row; null when there is none."""
    return _sub_select(what, model, *conditions)


def where(model: type[SQLModel], *conditions: Fragment) -> Where:
    """The conditions, and that the rows are the caller's."""
    return Where((_is_own(_table(model)), *conditions))


@lru_cache
def _is_own(table: Table) -> Fragment:
    """A sub-select, which the planner does not look into: one plan is right for everybody."""
    column, _, setting = owner_of(table)
    caller = f"(SELECT nullif(current_setting('{setting}', true), ''))"
    return Fragment(f"{table.name}.{column} = {caller}")


@lru_cache
def _name(model: type[SQLModel]) -> str:
    return _table(model).fullname


def _table(model: type[SQLModel]) -> Table:
    table = inspect(model).local_table
    assert isinstance(table, Table)  # noqa: S101 - for the type checker
    return table


def _sub_select(what: Fragment | str, model: type[SQLModel], *conditions: Fragment) -> Fragment:
    first, *others = where(model, *conditions).conditions
    more = (part for condition in others for part in (" AND ", condition))
    return Fragment("(SELECT ", what, f" FROM {_name(model)} WHERE ", first, *more, ")")


def _separated(fragments: list[Fragment]) -> Fragment:
    first, *others = fragments
    return Fragment(first, *(part for other in others for part in (", ", other)))
