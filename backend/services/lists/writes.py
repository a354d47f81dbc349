"""Making and changing lists."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeVar
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import bindparam, inspect
from sqlmodel import col

from backend.core.ids import new_id
from backend.core.problems import InboxProtected, Problem, StaleVersion, TooManyLists
from backend.database.connection.wire import Rows
from backend.database.faults import UnknownSpace
from backend.database.operations import Operation
from backend.database.queries import has_own, insert, update, value_of
from backend.database.statements import Fragment, Statement, Value
from backend.models import List
from backend.models.domains import base_type
from backend.schemas.list import MAX_LISTS, ListCreate, ListUpdate
from backend.services.lists.shape import (
    HAS_ID,
    HAS_VERSION,
    IS_LIVE,
    JSON,
    SHOW,
    SHOW_ANY,
    ListRepresentation,
    only,
    show,
)

A = TypeVar("A")

_COLUMNS: Final = inspect(List).local_table.c
_GIVEN: Final = {
    name: Fragment(bindparam(name, type_=base_type(_COLUMNS[name].type)))
    for name in ListCreate.model_fields
}
_IS_NEW: Final = Fragment("NOT ", has_own(List, HAS_ID))
IS_NO_INBOX: Final = Fragment(~col(List.is_inbox))
_HAS_ROOM: Final = Fragment("NOT EXISTS (", value_of(List, ""), f" OFFSET {MAX_LISTS - 1})")
_SHOW_IF: Final = show(HAS_ID, IS_LIVE, HAS_VERSION)


def create_list(
    new: ListCreate, *, must_be_new: bool = False
) -> Operation[tuple[str, ListRepresentation]]:
    """Create a list, which comes last, and give its id with it.

    The operation raises:
        Conflict: when the caller has a list with this id, perhaps in the trash.
        StaleVersion: instead, when it must be new.
        TooManyLists: when they have as many as they may have.
    """
    values = {name: getattr(new, name) for name in new.model_fields_set}
    values["id"] = new.id or new_id()
    bound = _insert(frozenset(values), must_be_new=must_be_new).bind(**values)
    reasons = (SHOW_ANY.bind(id=values["id"]),) if must_be_new else ()
    return Operation((bound,), _created, writes=True, decisive=True, reasons=reasons)


def update_list(
    list_id: UUID, patch: ListUpdate, versions: Sequence[int] | None = None
) -> Operation[ListRepresentation]:
    """Apply a merge patch (RFC 7396). An empty one changes nothing, the version included.

    Args:
        list_id: Which list.
        patch: The members that are set are applied.
        versions: The versions that `If-Match` allows; None for any.

    The operation raises:
        NotFound: when the caller has no such list.
        StaleVersion: when the list has another version than those allowed.
        InboxProtected: when it is the inbox, which the patch would archive.
    """
    values: dict[str, Value] = {name: getattr(patch, name) for name in patch.model_fields_set}
    archives = values.get("archived") is True
    is_conditional = versions is not None
    statement = (
        _update(frozenset(values), archives=archives, is_conditional=is_conditional)
        if values
        else (_SHOW_IF if is_conditional else SHOW)
    )
    bound = statement.bind(id=list_id, versions=list(versions or ()), **values)
    read = reading(versions, only, InboxProtected if archives else UnknownSpace)
    return Operation(
        (bound,), read, writes=bool(values), decisive=True, reasons=(SHOW.bind(id=list_id),)
    )


def reading(
    versions: Sequence[int] | None,
    read: Callable[[list[Rows]], A],
    otherwise: Callable[[], Problem],
) -> Callable[[list[Rows]], A]:
    """Reads what was done to one list, if it was as expected: the first statement gave a row then.

    Args:
        versions: Those that `If-Match` allows; None for any.
        read: Makes the answer of the rows.
        otherwise: What it means when the list is as expected, and there was no row.

    What it gives raises:
        NotFound: when the caller has no such list.
        StaleVersion: when the list has another version than those allowed.
    """

    def read_or_explain(rows: list[Rows]) -> A:
        *found, reasons = rows
        if found[0]:
            return read(found)
        body, tag = only([reasons])
        if versions is not None and from_json(body)["version"] not in versions:
            raise StaleVersion(body, tag)
        raise otherwise()

    return read_or_explain


@lru_cache
def _insert(fields: frozenset[str], *, must_be_new: bool) -> Statement:
    values = {name: _GIVEN[name] for name in sorted(fields)}
    conditions = (_HAS_ROOM, *([_IS_NEW] if must_be_new else []))
    return Statement(*insert(List, values, *conditions, returning=""), *JSON, ", lists.id")


@lru_cache
def _update(fields: frozenset[str], *, archives: bool, is_conditional: bool) -> Statement:
    values = {name: _GIVEN[name] for name in sorted(fields)}
    conditions = [
        *(HAS_ID, IS_LIVE),
        *([IS_NO_INBOX] if archives else []),
        *([HAS_VERSION] if is_conditional else []),
    ]
    return Statement(*update(List, values, *conditions, returning=""), *JSON)


def _created(rows: list[Rows]) -> tuple[str, ListRepresentation]:
    made, *reasons = rows
    if made:
        return (made[0][1] or b"").decode(), only(rows)
    if any(reasons):
        raise StaleVersion(*only(reasons))
    raise TooManyLists
