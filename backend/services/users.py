"""Users: made on first sight, kept as their latest token describes them."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Text, bindparam, delete, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from backend.core.principal import Principal
from backend.database.session import Introduction, Session
from backend.database.statements import Statement
from backend.models import User
from backend.schemas.user import Me

_REMEMBERED = 50_000


def _introduction() -> Statement:
    new = insert(User).values(
        email=bindparam("email", type_=Text),
        name=bindparam("name", type_=Text),
        claims_issued_at=bindparam("issued_at", type_=BigInteger),
    )
    return Statement(
        new.on_conflict_do_update(
            index_elements=[col(User.subject)],
            set_={
                "email": func.coalesce(new.excluded.email, col(User.email)),
                "name": func.coalesce(new.excluded.name, col(User.name)),
                "claims_issued_at": new.excluded.claims_issued_at,
                "updated_at": func.now(),
            },
            where=(col(User.claims_issued_at) <= new.excluded.claims_issued_at)
            & or_(
                col(User.email).is_distinct_from(new.excluded.email),
                col(User.name).is_distinct_from(new.excluded.name),
            ),
        )
    )


_INTRODUCTION = _introduction()
_TIME_ZONE = Statement(select(User.time_zone))
_ERASE = Statement(delete(User))  # row-level security makes it the caller's own row


class KnownUsers:
    """Remembers which users this process has told the database about, and in what words."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str | None, str | None]] = {}

    def needed(self, principal: Principal) -> Introduction | None:
        """What introduces `principal`; None when nothing in it would be new."""
        words = (principal.email, principal.name)
        if self._known.get(principal.subject) == words:
            return None
        statement = _INTRODUCTION.bind(
            email=principal.email, name=principal.name, issued_at=principal.issued_at
        )
        return Introduction(statement, lambda: self._remember(principal.subject, words))

    def forget(self, subject: str) -> None:
        """Introduce this user again at the next call."""
        self._known.pop(subject, None)

    def _remember(self, subject: str, words: tuple[str | None, str | None]) -> None:
        self._known.pop(subject, None)
        self._known[subject] = words
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]


async def describe_me(db: Session) -> Me:
    """The caller, from the token and the database."""
    [rows] = await db.read(_TIME_ZONE.bind())
    principal = db.principal
    return Me(
        subject=principal.subject,
        email=principal.email,
        name=principal.name,
        time_zone=(rows[0][0] or b"UTC").decode() if rows else "UTC",
        expires_at=datetime.fromtimestamp(principal.expires_at, UTC),
    )


async def erase_me(db: Session, known_users: KnownUsers) -> None:
    """Delete the caller and, by foreign keys, every row of theirs, in one transaction."""
    await db.write(_ERASE.bind())
    known_users.forget(db.principal.subject)
