"""What has changed since a cursor: the latest states of tasks, lists and settings, in their order.

A delta is read from the history, each entry of which is joined to the row of the very version that
it is about: so what was changed again later shows there only. Numbers are taken behind the space's
lock, which goes when the rows can be seen: who sees a number sees all that have a lower one.

Who begins reads the tables instead, up to the head that the first page saw, and goes on from that
head by deltas. So what changes, or goes for good, between two pages is not missed
(docs/decisions/0044-changes.md).
"""

from functools import partial
from itertools import accumulate
from typing import Final, NamedTuple

from pydantic_core import to_json
from sqlalchemy import BigInteger, bindparam
from sqlmodel import col

from backend.core.limits import MAX_PAGE
from backend.core.principal import Principal
from backend.core.problems import CursorTooOld
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, has_own, select
from backend.database.statements import Fragment, Part, Statement, Where
from backend.models import Change as HistoryRow
from backend.models import List, Space, SpaceSettings, Task
from backend.services.lists.shape import COUNTS, LISTS
from backend.services.lists.shape import JSON_OF_MANY as LIST
from backend.services.tasks.shape import JSON as TASK
from backend.services.users import show_me

_BEFORE_ALL: Final = -1  # an inbox that nobody has written has number 0
_ABOVE_ALL: Final = 10**18  # the first page is all that its snapshot shows

_BEHIND: Final = Fragment(bindparam("behind", type_=BigInteger))
_IS_BEHIND: Final = Fragment("history.version > ", _BEHIND)
_UP_TO: Final = Fragment(bindparam("up_to", type_=BigInteger))
_LIMIT: Final = Fragment(bindparam("limit", type_=BigInteger))


class Change(NamedTuple):
    """The latest state of something.

    Attributes:
        version: The number of the change.
        body: JSON in UTF-8, a `Change` of the schemas.
    """

    version: int
    body: bytes


class Changes(NamedTuple):
    """Some changes in the order of their numbers, each thing once.

    Attributes:
        changes: At most as many as asked for, and `MAX_PAGE` bytes, unless one alone is larger.
        cursor: Where the next ones begin.
        more: Whether there are any already.
    """

    changes: list[Change]
    cursor: str
    more: bool

    @property
    def body(self) -> bytes:
        """JSON in UTF-8, without its braces."""
        changes = b",".join(change.body for change in self.changes)
        more = b"true" if self.more else b"false"
        return b'"changes":[%s],"cursor":"%s","more":%s' % (changes, self.cursor.encode(), more)


class _Place(NamedTuple):
    """A cursor.

    Attributes:
        head: Up to which number everything is known, once all pages have been read.
        behind: Behind which number the next page of the tables begins; None: there is none.
    """

    head: int
    behind: int | None

    @classmethod
    def of(cls, cursor: str | None) -> "_Place":
        head, _, behind = (cursor or "0").partition(".")
        return cls(int(head), int(behind) if behind else None)


def _numbered(model: type[Task] | type[List] | type[SpaceSettings], what: Part) -> Parts:
    """The rows whose numbers are on the page of the tables."""
    return select(what, model, *_on_page(model.__tablename__))


def _on_page(table: str) -> tuple[Fragment, Fragment]:
    return Fragment(f"{table}.version > ", _BEHIND), Fragment(f"{table}.version <= ", _UP_TO)


_ARE_OF_ENTRY: Final = Fragment("settings.version = entry.version")


def _is_entry(table: str) -> tuple[Fragment, Fragment]:
    own = Fragment(f"{table}.id = entry.entity_id")
    return own, Fragment(f"{table}.version = entry.version")


_SETTINGS_ID: Final = "'00000000-0000-0000-0000-000000000000'::uuid"  # as the history has it

# What is read of the version that an entry is about: none, if there is a later one. OFFSET 0 has it
# made once, though it is also asked for; LIMIT is for who takes WHERE out.
_DATA: Final[Parts] = (
    "LATERAL (SELECT CASE entry.type WHEN 'task' THEN (",
    *select(TASK, Task, *_is_entry("tasks")),
    *(" LIMIT 1) WHEN 'list' THEN (SELECT ", LIST, "\nFROM ", *LISTS),
    *("\nLEFT JOIN counted ON counted.list_id = lists.id", Where(_is_entry("lists"))),
    " LIMIT 1) WHEN 'settings' THEN (",
    *select(Fragment(col(SpaceSettings.time_zone)), SpaceSettings, _ARE_OF_ENTRY),
    " LIMIT 1) END AS data OFFSET 0) AS shown",
)
_HISTORY: Final[Parts] = (
    *("(", *select("version, type, entity_id, change", HistoryRow, _IS_BEHIND), ") AS entry"),
)
_TABLES: Final[Parts] = (
    *("(", *_numbered(Task, "version, 'task' AS type, id AS entity_id")),
    *("\nUNION ALL SELECT version, 'list', id\nFROM ", *LISTS, Where(_on_page("lists"))),
    *("\nUNION ALL ", *_numbered(SpaceSettings, f"version, 'settings', {_SETTINGS_ID}")),
    *("\nORDER BY version LIMIT ", _LIMIT, ") AS entry"),
)
# Of what is gone for good, and has not been made once more with the same id, the latest entry.
_IS_LATEST: Final = Fragment(
    "shown.data IS NOT NULL OR entry.change = 'deleted' AND NOT ",
    has_own(
        HistoryRow,
        *(Fragment(f"history.{name} = entry.{name}") for name in ("type", "entity_id")),
        Fragment("history.version > entry.version"),
    ),
)


def _statement(entries: Parts, *conditions: Fragment) -> Statement:
    """The page of entries, each row behind what is known of the space, which comes alone too.

    Rows beyond `MAX_PAGE` bytes stay in PostgreSQL, but for the first.
    """
    size = "coalesce(octet_length(data), 0)"
    page: Parts = (
        "SELECT entry.version, entry.type, entry.entity_id, shown.data,",
        f" sum({size}) OVER (ORDER BY entry.version ROWS UNBOUNDED PRECEDING) - {size} AS before",
        *("\nFROM ", *entries, " CROSS JOIN ", *_DATA, Where(conditions)),
        *("\nORDER BY entry.version LIMIT ", _LIMIT),
    )
    space = (*select("history_floor AS floor, last_version AS head", Space), " LIMIT 1")
    return Statement(
        *("WITH counted AS MATERIALIZED (", *COUNTS, ")\n"),  # once, if there is any list
        "SELECT space.*, page.version, page.type, page.entity_id, page.data\n",
        *("FROM (SELECT) AS always LEFT JOIN (", *space, ") AS space ON true LEFT JOIN (", *page),
        f") AS page ON page.before < {MAX_PAGE}\nORDER BY page.version",
    )


_DELTA: Final = _statement(_HISTORY, _IS_LATEST)
_ALL: Final = _statement(_TABLES)


def list_changes(principal: Principal, since: str | None, limit: int) -> Operation[Changes]:
    """What has changed since a cursor; of whoever has written nothing, the inbox to be.

    Args:
        principal: The caller, whom what `PATCH /api/me` answers shows.
        since: The cursor of the answer before; None, or 0, to begin.
        limit: Changes at most.

    The operation raises:
        CursorTooOld: when what has changed since then cannot be told.
    """
    place = _Place.of(since)
    is_delta = place.head and place.behind is None
    bound = (_DELTA if is_delta else _ALL).bind(
        behind=place.head if is_delta else _BEFORE_ALL if place.behind is None else place.behind,
        up_to=place.head or _ABOVE_ALL,
        limit=limit + 1,
    )
    return Operation((bound,), partial(_read, principal, place, limit), many=not is_delta)


def _read(principal: Principal, place: _Place, limit: int, rows: list[Rows]) -> Changes:
    floor, head = (int(number or 0) for number in rows[0][0][:2])
    if place.head and not floor <= place.head <= head:
        raise CursorTooOld
    found = [_change(principal, *row[2:]) for row in rows[0] if row[2] is not None]
    sizes = accumulate(len(each.body) + len(b",") for each in found[:limit])
    shown = found[: max(1, sum(size < MAX_PAGE for size in sizes))]
    more = len(found) > len(shown)
    last = shown[-1].version if shown else place.head
    if place.head and place.behind is None:
        return Changes(shown, str(last), more)
    upper = place.head or head
    return Changes(shown, f"{upper}.{last}" if more else str(upper), more or upper < head)


def _change(
    principal: Principal,
    version: bytes | None,
    kind: bytes | None,
    entity: bytes | None,
    data: bytes | None,
) -> Change:
    shown, name = data or b"null", b'"%s"' % (entity or b"")
    if kind == b"settings":
        name = to_json(principal.subject)
        shown = show_me(principal, (data or b"").decode())
    deleted = b"true" if data is None else b"false"
    body = b'{"type":"%s","id":%s,"version":%s,"deleted":%s,"data":%s}'
    return Change(int(version or 0), body % (kind, name, version, deleted, shown))
