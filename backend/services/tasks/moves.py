"""Where a task is to stand: the part of a change that moves it.

The database reads its new neighbours and makes its rank in the statement that moves it; its
triggers take along what is below it (migration 0017).
"""

from typing import Final

from pydantic import BaseModel
from sqlalchemy import Boolean, Uuid, bindparam

from backend.database.statements import Fragment, Value

COLUMNS: Final = "(list_id, parent_id, position)"
"""What a move sets, together."""

PLACES: Final = frozenset({"list_id", "parent_id"})
"""The fields of a patch that move a task."""

NAMES_LIST: Final = Fragment(bindparam("names_list", type_=Boolean))
LIST_ID: Final = Fragment(bindparam("list_id", type_=Uuid))
NAMES_PARENT: Final = Fragment(bindparam("names_parent", type_=Boolean))
PARENT_ID: Final = Fragment(bindparam("parent_id", type_=Uuid))

_PLACE: Final = (
    "(SELECT * FROM duly.place(tasks.space_id, tasks.id, ",
    *(NAMES_LIST, ", ", LIST_ID, ", ", NAMES_PARENT, ", ", PARENT_ID, ", "),
)
BESIDE: Final = Fragment(
    *_PLACE,
    *(bindparam("neighbour", type_=Uuid), ", ", bindparam("is_before", type_=Boolean)),
    ", false))",
)
"""Before or behind a neighbour, or last; also where it is already."""

AT_END: Final = Fragment(*_PLACE, "NULL, NULL, true))")
"""Last in another place; where it is already, it stays as it is."""

WAY_BACK: Final = Fragment(
    "(SELECT NULL::timestamptz, NULL::uuid, way.* FROM",
    " duly.way_back(tasks.space_id, tasks.id) AS way)",
)
"""Out of the trash: where it was, or else the top of its list, or of the inbox."""


def wanted(place: BaseModel) -> dict[str, Value]:
    """The parameters for a place: which list and parent it names, a null being one, too."""
    given = place.model_fields_set
    return {
        name: getattr(place, name) if name in given else None for name in ("list_id", "parent_id")
    } | {"names_list": "list_id" in given, "names_parent": "parent_id" in given}
