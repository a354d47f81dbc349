"""Users: made at their first write, kept as the latest token that wrote describes them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Text, bindparam
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.core.principal import Principal
from backend.core.problems import StaleVersion
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import select, value_of, where
from backend.database.session import Introduction
from backend.database.statements import Fragment, Statement, Where
from backend.models import SpaceSettings, User
from backend.schemas.user import Me, MeUpdate

_REMEMBERED: Final = 50_000

_OLDER: Final = Fragment(col(User.claims_issued_at), " <= excluded.claims_issued_at")
_OTHER: Final = Fragment(
    *("(", col(User.email), " IS DISTINCT FROM excluded.email OR "),
    *(col(User.name), " IS DISTINCT FROM excluded.name)"),
)
# The owners of both rows are their columns' defaults: the caller, and the caller's own space. What
# WITH writes and nobody reads is done last: the user is locked first, then the space.
_INTRODUCTION: Final = Statement(
    "WITH space AS (INSERT INTO duly.spaces DEFAULT VALUES ON CONFLICT DO NOTHING)\n",
    "INSERT INTO duly.users (email, name, claims_issued_at) VALUES (",
    Fragment(bindparam("email", type_=Text)),
    ", ",
    Fragment(bindparam("name", type_=Text)),
    ", ",
    Fragment(bindparam("issued_at", type_=BigInteger)),
    ")\nON CONFLICT (subject) DO UPDATE SET email = coalesce(excluded.email, users.email), "
    "name = coalesce(excluded.name, users.name), claims_issued_at = excluded.claims_issued_at, "
    "updated_at = excluded.updated_at",
    where(User, _OLDER, _OTHER),
)
_SET_TIME_ZONE: Final = Statement(
    "INSERT INTO duly.settings (time_zone) VALUES (",
    Fragment(bindparam("time_zone", type_=Text)),
    ")\nON CONFLICT (space_id) DO UPDATE SET time_zone = excluded.time_zone",
    where(SpaceSettings, Fragment(col(SpaceSettings.time_zone), " <> excluded.time_zone")),
)
_VERSION: Final = Fragment(col(SpaceSettings.version))
_TIME_ZONE: Final = Statement(
    *select(Fragment(col(SpaceSettings.time_zone), ", ", _VERSION), SpaceSettings)
)
# All choices being the default is version 0.
_IS_EXPECTED: Final = Fragment(
    *("coalesce(", value_of(SpaceSettings, _VERSION), ", 0) = "),
    sql_any(bindparam("versions", type_=ARRAY(BigInteger))),
)
_EXPECT: Final = Statement("SELECT true AS is_expected", Where((_IS_EXPECTED,)))
# What the token says comes back with it: a request that is repeated may have a newer token.
_SAID: Final = (("email", Text), ("name", Text), ("expires_at", BigInteger))
_CHANGED: Final = Statement(
    *("SELECT (", *select(Fragment(col(SpaceSettings.time_zone)), SpaceSettings)),
    *("), (", *select(_VERSION, SpaceSettings), ")"),
    *(Fragment(", ", bindparam(name, type_=type_)) for name, type_ in _SAID),
)


class KnownUsers:
    """Remembers which users this process has told the database about, and in what profile."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str | None, str | None]] = {}

    def needed(self, principal: Principal) -> Introduction | None:
        """What introduces `principal`; None when nothing in it would be new."""
        profile = (principal.email, principal.name)
        if self._known.get(principal.subject) == profile:
            return None
        statement = _INTRODUCTION.bind(
            email=principal.email, name=principal.name, issued_at=principal.issued_at
        )
        return Introduction(statement, lambda: self._remember(principal.subject, profile))

    def forget(self, subject: str) -> None:
        """Introduce this user again at the next write."""
        self._known.pop(subject, None)

    def _remember(self, subject: str, profile: tuple[str | None, str | None]) -> None:
        self._known.pop(subject, None)
        self._known[subject] = profile
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]


class Nobody:
    """Introduces nobody: a job works on users who are there, and on those who go."""

    def needed(self, _principal: Principal) -> None:
        """Nothing, whoever it is."""
        return

    def forget(self, _subject: str) -> None:
        """Nothing was remembered."""


class MeRepresentation(NamedTuple):
    """The caller as clients get them.

    Attributes:
        body: JSON in UTF-8, the fields of `Me`.
        version: That of the caller's choices, which alone counts for `If-Match`; and what the
            token says.
    """

    body: bytes
    version: str


def describe_me(principal: Principal) -> Operation[MeRepresentation]:
    """The caller, from the token and the database."""
    return Operation((_TIME_ZONE.bind(),), partial(_me, principal))


def update_me(principal: Principal, patch: MeUpdate) -> Operation[MeRepresentation]:
    """Apply a merge patch (RFC 7396) to what the caller has chosen."""
    if not patch.model_fields_set:
        return describe_me(principal)
    change = _SET_TIME_ZONE.bind(time_zone=patch.time_zone)
    show = _CHANGED.bind(
        email=principal.email, name=principal.name, expires_at=principal.expires_at
    )
    return Operation((change, show), partial(_changed, principal), writes=True, unread=1)


def expect_me(principal: Principal, versions: Sequence[int]) -> Operation[None]:
    """Fails unless the caller's choices have one of these versions.

    The operation raises:
        StaleVersion: when they have another one.
    """
    bound = _EXPECT.bind(versions=list(versions))
    read = partial(_as_expected, principal)
    return Operation((bound,), read, decisive=True, reasons=(_TIME_ZONE.bind(),))


def show_me(principal: Principal, time_zone: str) -> bytes:
    """The JSON of the caller, of whom the token says everything else."""
    shown = Me(
        subject=principal.subject,
        email=principal.email,
        name=principal.name,
        time_zone=time_zone,
        expires_at=datetime.fromtimestamp(principal.expires_at, UTC),
    )
    return shown.model_dump_json().encode()


def _as_expected(principal: Principal, rows: list[Rows]) -> None:
    if not rows[0]:
        raise StaleVersion(*_me(principal, rows))


def _changed(principal: Principal, rows: list[Rows]) -> MeRepresentation:
    [(zone, version, email, name, expires_at)] = rows[1]
    told = replace(
        principal,
        email=None if email is None else email.decode(),
        name=None if name is None else name.decode(),
        expires_at=int(expires_at or 0),
    )
    return _me(told, [[(zone, version)] if zone else []])


def _me(principal: Principal, rows: list[Rows]) -> MeRepresentation:
    [zone, version] = rows[-1][0] if rows[-1] else (b"UTC", b"0")
    body = show_me(principal, (zone or b"").decode())
    said = int.from_bytes(blake2b(body, digest_size=7).digest())
    return MeRepresentation(body, f"{int(version or 0)}.{said}")
