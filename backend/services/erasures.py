"""The erasure of accounts: small ones at once, large ones marked at once and erased in steps.

From the mark on, the database refuses the user's writes, and each worker all their requests as soon
as it has learnt of it (`backend/services/eraser.py`). An account is listed as long as it is marked:
a call goes from its space to that of the list, in the same transaction.
"""

from typing import Final

from sqlmodel import col

from backend.database.connection.call import Row, Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, delete, has_own, select, update, where
from backend.database.statements import Fragment, Statement, Where
from backend.models import Change, Erasure, KeptRows, List, Space, Task, User
from backend.services.keys import forget_some
from backend.services.tasks.gone import BY_INDEX

LIST: Final = "~erasures"
"""The space of the list. No token can name it."""

BATCH: Final = 5_000
"""Tasks that one transaction deletes: 0.1 s, a twentieth of the deadline of a request."""

LISTS: Final = 100
"""Lists that one transaction deletes: for each, PostgreSQL looks through all tasks of the space."""

CHANGES: Final = 20_000
"""Changes in the history that one transaction deletes, in as long."""

_CLAIM: Final = "30 s"  # after which a worker takes up what another has left

_MARKED: Final = Fragment(col(Space.erasing_at).is_not(None))
_UNMARKED: Final = Fragment(col(Space.erasing_at).is_(None))


def _go_to_list(*, if_any: bool, space: Parts) -> Statement:
    """Act in the space of the list from here on, and in none otherwise.

    Args:
        if_any: Whether to do so if there is such a space, or if there is none.
        space: A query for it.
    """
    yes, no = (LIST, "") if if_any else ("", LIST)
    return Statement(
        *("SELECT set_config('app.space_id', CASE WHEN EXISTS (", *space),
        f") THEN '{yes}' ELSE '{no}' END, true)",
    )


_GO_BY_INDEX: Final = Statement("SELECT ", BY_INDEX)
_ERASE_USER: Final = Statement(*delete(User))
_ERASE_KEYS: Final = forget_some()
_MARK: Final = Statement(
    *("UPDATE duly.spaces SET erasing_at = now()\nFROM ((", *select("", Task)),
    *(f"\nOFFSET {BATCH} LIMIT 1)\nUNION ALL (", *select("", List)),
    *(f"\nOFFSET {LISTS} LIMIT 1)\nUNION ALL (", *select("", Change)),
    *(f"\nOFFSET {CHANGES} LIMIT 1)\nUNION ALL (", *select("", KeptRows)),
    *("\nLIMIT 1)\nLIMIT 1) AS more", where(Space, _UNMARKED)),
)
# By foreign keys, everything in the space goes with it.
_ERASE_SPACE: Final = Statement(*delete(Space, _UNMARKED))
# No foreign key leads from the history, which costs each write 10 us less.
_ERASE_ORPHANS: Final = Statement(*delete(Change, Fragment("NOT ", has_own(Space))))
_ENLIST: Final = Statement(
    "INSERT INTO duly.erasures (subject) SELECT current_setting('app.user_id', true)",
    Where((Fragment(f"current_setting('app.space_id', true) = '{LIST}'"),)),
    "\nON CONFLICT DO NOTHING",
)
_GO_TO_LIST_IF_LEFT: Final = _go_to_list(if_any=True, space=select("", Space))

# With a task goes what is below it, however much: so only those that nothing is below, which mostly
# are the newest.
_IS_LEAF: Final = Fragment("NOT ", has_own(Task, Fragment("tasks.parent_id = mine.id")))
_ERASE_BATCH: Final = Statement(
    *("WITH batch AS (SELECT id FROM (", *select("tasks.id", Task, has_own(Space, _MARKED))),
    *(") AS mine", Where((_IS_LEAF,)), f"\nORDER BY id DESC LIMIT {BATCH})\n"),
    *delete(Task, Fragment("tasks.id = ANY (ARRAY(SELECT batch.id FROM batch))")),
)
_HAS_NO_TASK: Final = Fragment("NOT ", has_own(Task))
_ERASE_LISTS: Final = Statement(
    *("WITH batch AS (", *select("lists.id", List, has_own(Space, _MARKED), _HAS_NO_TASK)),
    f" LIMIT {LISTS})\n",
    *delete(List, Fragment("lists.id = ANY (ARRAY(SELECT batch.id FROM batch))")),
)
_ERASE_CHANGES: Final = Statement(
    *("WITH batch AS (", *select("history.version", Change, has_own(Space, _MARKED))),
    f" LIMIT {CHANGES})\n",
    *delete(Change, Fragment("history.version = ANY (ARRAY(SELECT batch.version FROM batch))")),
)
# One of their writes may have introduced the user again, and then changed nothing.
_ERASE_USER_AGAIN: Final = Statement(*delete(User, has_own(Space, _MARKED)))
_ERASE_KEYS_AGAIN: Final = forget_some(has_own(Space, _MARKED))
_ERASE_EMPTY_SPACE: Final = Statement(
    *delete(
        Space,
        *(_MARKED, _HAS_NO_TASK),
        *(Fragment("NOT ", has_own(each)) for each in (List, Change, KeptRows)),
    )
)
_GO_TO_LIST_IF_DONE: Final = _go_to_list(if_any=False, space=select("", Space, _MARKED))
_STRIKE_OFF: Final = Statement(
    *delete(Erasure, Fragment(col(Erasure.subject), " = current_setting('app.user_id', true)"))
)

_FIND: Final = Statement(*select(Fragment(col(Erasure.subject)), Erasure))
_IS_DUE: Final = Fragment(col(Erasure.claimed_until), " <= clock_timestamp()")
# Who claims waits for the write lock of the list, so no two claim the same.
_CLAIM_ONE: Final = Statement(
    *("WITH next AS (", *select("erasures.subject", Erasure, _IS_DUE)),
    *("\nORDER BY erasures.created_at LIMIT 1)\n",),
    *update(
        Erasure,
        {"claimed_until": Fragment(f"clock_timestamp() + interval '{_CLAIM}'")},
        Fragment(col(Erasure.subject), " = (SELECT next.subject FROM next)"),
        returning=Fragment(col(Erasure.subject)),
    ),
)


def erase_me() -> Operation[bool]:
    """Erase the caller's account, in one transaction, or mark it when it is too large for one.

    Answers whether it was marked, and is left to `erase_batch`.
    """
    statements = (
        *(_GO_BY_INDEX, _ERASE_USER, _ERASE_KEYS, _MARK, _ERASE_SPACE, _ERASE_ORPHANS),
        *(_GO_TO_LIST_IF_LEFT, _ENLIST),
    )
    return Operation(tuple(each.bind() for each in statements), _is_in_list, writes=True)


def erase_batch() -> Operation[bool]:
    """Delete some of the caller's rows, if the account is marked; the last of them end the mark.

    Answers whether nothing is left to do.
    """
    statements = (
        *(_GO_BY_INDEX, _ERASE_BATCH, _ERASE_LISTS, _ERASE_CHANGES),
        *(_ERASE_USER_AGAIN, _ERASE_KEYS_AGAIN, _ERASE_EMPTY_SPACE),
        *(_GO_TO_LIST_IF_DONE, _STRIKE_OFF),
    )
    return Operation(tuple(each.bind() for each in statements), _is_in_list, writes=True)


def find_erasures() -> Operation[list[str]]:
    """The subjects of all marked accounts, for whoever acts in the space of the list."""
    return Operation((_FIND.bind(),), lambda rows: [_text(row) for row in rows[0]])


def claim_erasure() -> Operation[str | None]:
    """The subject of a marked account whose turn it is, and which no other worker has."""
    return Operation(
        (_CLAIM_ONE.bind(),), lambda rows: _text(rows[0][0]) if rows[0] else None, writes=True
    )


def _is_in_list(rows: list[Rows]) -> bool:
    """Whether the call went on to the list, which the last statement but one did."""
    return _text(rows[-2][0]) == LIST


def _text(row: Row) -> str:
    return (row[0] or b"").decode()
