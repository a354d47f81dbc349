"""What is done under an idempotency key is done once: its rows are kept, and read again.

Rows are kept and not answers: an answer is a function of the rows of its statements, so the same
Python makes the same bytes of them (docs/decisions/0043-idempotency.md). Each statement keeps its
own rows, as a part of itself, so they are there exactly when its effect is.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from sqlalchemy import SmallInteger, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.database.connection.call import Row, Rows
from backend.database.nesting import nested
from backend.database.operations import Key, Operation, Place
from backend.database.queries import Parts, delete, select
from backend.database.statements import Bound, Fragment, Statement
from backend.models import KeptRows

LIFETIME: Final = "interval '24 hours'"
"""SQL: how long a key is remembered after the last that was done under it."""

IS_OLD: Final = Fragment(
    "NOT EXISTS (SELECT FROM duly.idempotency AS other WHERE other.user_id = idempotency.user_id"
    f" AND other.key = idempotency.key AND other.at > now() - {LIFETIME})"
)
"""Whether a row belongs to a key that is forgotten. All rows of a key go together."""

_TYPES: Final = {
    "key": Text,
    "operation": SmallInteger,
    "step": SmallInteger,
    "fingerprint": Text,
    "refusal": Text,
    "rows": Text,
}
_ONE: Final = {name: Fragment(bindparam(f"kept_{name}", type_=_TYPES[name])) for name in _TYPES}
_MANY: Final = {name: Fragment(bindparam(name, type_=ARRAY(_TYPES[name]))) for name in _TYPES}


def _columns(*names: str, of: dict[str, Fragment]) -> Fragment:
    first, *others = (of[name] for name in names)
    return Fragment(first, *(part for other in others for part in (", ", other)))


_PLACE: Final = ("key", "operation", "step")
_INSERT: Final = "INSERT INTO duly.idempotency (key, operation, step, fingerprint"


def _lock(key: Fragment | str) -> Fragment:
    """What is locked while something is being done under a key, of which nothing is seen yet."""
    of_caller = "hashtextextended(concat(current_setting('app.user_id', true), ' ', "
    return Fragment(of_caller, key, "), 1)")


def _claim(place: dict[str, Fragment]) -> Parts:
    """What locks a key, and raises when a place of it has been taken."""
    is_taken = [Fragment(f"idempotency.{name} = ", place[name]) for name in _PLACE]
    return (
        *("SELECT pg_try_advisory_xact_lock(", _lock(place["key"]), "), ("),
        *(*select("duly.replay()", KeptRows, *is_taken), ")"),
    )


_CLAIM: Final = Statement(*_claim(_ONE))
# A sub-select for each place, so that each is looked for by the primary key.
_CLAIM_MANY: Final = Statement(
    *_claim({name: Fragment(f"mine.{name}") for name in _PLACE}),
    *("\nFROM unnest(", _columns(*_PLACE, of=_MANY), f") AS mine ({', '.join(_PLACE)})"),
)
_IS_FREE: Final = Statement("SELECT pg_try_advisory_xact_lock_shared(", _lock(_ONE["key"]), ")")
_KEEP: Final = Statement(
    *(_INSERT, ", refusal, rows)\nSELECT * FROM unnest(", _columns(*_TYPES, of=_MANY), ")")
)
_IS_ONE: Final = Fragment(col(KeptRows.key), " = ANY (", _MANY["key"], ")")
_RECALL: Final = Statement(
    *select(
        "key, operation, step, fingerprint, request_id, refusal, rows,"
        f" max(at) OVER (PARTITION BY key) > now() - {LIFETIME}",
        KeptRows,
        _IS_ONE,
    )
)
_FORGET: Final = Statement(*delete(KeptRows, _IS_ONE, IS_OLD))


class Record(NamedTuple):
    """The rows of one statement, or why PostgreSQL refused an operation.

    Attributes:
        place: Where they belong.
        refusal: The SQLSTATE.
        rows: Record literals, as PostgreSQL writes a row as text, one behind the other.
        request_id: Of the request that did it.
    """

    place: Place
    refusal: str | None = None
    rows: bytes = b""
    request_id: str = ""


def claim(places: Sequence[Place]) -> Bound:
    """Lock the keys of some operations, and raise `DoneBefore` when one of them has been done.

    It stands before all others of its call, so nothing else of that can fail first.
    """
    if len(places) == 1:
        [(key, operation, step)] = places
        return _CLAIM.bind(kept_key=key.name, kept_operation=operation, kept_step=step)
    return _CLAIM_MANY.bind(
        key=[place.key.name for place in places],
        operation=[place.operation for place in places],
        step=[place.step for place in places],
    )


def is_free(key: Key) -> Bound:
    """Whether nothing is being done under a key right now: `t` or `f`."""
    return _IS_FREE.bind(kept_key=key.name)


def keep(records: Sequence[Record]) -> Bound:
    """Keep what has been seen by statements that did not keep it."""
    return _KEEP.bind(
        key=[each.place.key.name for each in records],
        operation=[each.place.operation for each in records],
        step=[each.place.step for each in records],
        fingerprint=[each.place.key.fingerprint for each in records],
        refusal=[each.refusal for each in records],
        rows=[each.rows.decode() for each in records],
    )


def recall(names: Sequence[str]) -> Bound:
    """What has been kept under some keys; read by `recalled`."""
    return _RECALL.bind(key=list(names))


def forget(names: Sequence[str]) -> Bound:
    """Delete what was kept under some keys, as far as its time is over."""
    return _FORGET.bind(key=list(names))


def recalled(row: Row) -> tuple[Record, bool]:
    """A row of `recall`, and whether its time is not over."""
    *texts, rows, is_young = row
    key, operation, step, fingerprint, request_id, refusal = ((t or b"").decode() for t in texts)
    place = Place(Key(key, fingerprint), int(operation), int(step))
    return Record(place, refusal or None, rows or b"", request_id), is_young == b"t"


def keeping(operation: Operation[object], statements: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """Statements of an operation that keep their rows, if it has a place for them."""
    place = operation.place
    if place is None:
        return statements
    unread = operation.unread
    kept = (
        _kept(bound, place._replace(step=step), is_first=step == place.step)
        for step, bound in enumerate(statements[unread:], start=place.step)
    )
    return *statements[:unread], *kept


def _kept(bound: Bound, place: Place, *, is_first: bool) -> Bound:
    key = place.key
    own = [key.name.encode(), b"%d" % place.operation, b"%d" % place.step, key.fingerprint.encode()]
    return Bound(_keeping(bound.statement, is_first=is_first), [*bound.values, *own])


@lru_cache(maxsize=1024)
def _keeping(statement: Statement, *, is_first: bool) -> Statement:
    """The statement, which keeps its rows as well: the first one even that there are none."""
    inner = nested(statement, "answer")
    values = _columns("key", "operation", "step", "fingerprint", of=_ONE)
    rows = "coalesce(string_agg(answer::text, ''), '') FROM answer" if inner.gives_rows else "''"
    return Statement(
        *(inner.start, f", kept AS ({_INSERT}, rows) SELECT ", values, f", {rows}"),
        "" if is_first or not inner.gives_rows else " HAVING count(*) > 0",
        ")\nSELECT answer.* FROM answer" if inner.gives_rows else ")\nSELECT WHERE false",
    )


# PostgreSQL manual, section 8.16.6: what is not in quotes has nothing that would need them.
# No possessive groups, in which Python 3.11.2 has a fault.
_FIELD: Final = re.compile(rb'(?:"([^"\\]*+(?:(?:""|\\\\)[^"\\]*+)*)"|([^",()\\]*))([,)])')


def literals(rows: Rows) -> bytes:
    """Rows as record literals, one behind the other."""
    return b"".join(b"(%s)" % b",".join(map(_quoted, row)) for row in rows)


def rows_of(text: bytes) -> Rows:
    """The rows of record literals that stand one behind the other."""
    return list(_rows(text))


def _rows(text: bytes) -> Iterator[Row]:
    at, row = 1, list[bytes | None]()
    while at < len(text):
        field = _FIELD.match(text, at)
        if field is None:
            raise ValueError("these are no record literals")
        quoted, plain, end = field.groups()
        row.append(plain or None if quoted is None else _unquoted(quoted))
        at = field.end()
        if end == b")":
            yield tuple(row)
            at, row = at + 1, []


def _quoted(value: bytes | None) -> bytes:
    if value is None:
        return b""
    return b'"%s"' % value.replace(b"\\", b"\\\\").replace(b'"', b'""')


def _unquoted(value: bytes) -> bytes:
    return value.replace(b'""', b'"').replace(b"\\\\", b"\\")
