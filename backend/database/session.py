"""The database as one user sees it."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.core.principal import Principal
from backend.database.connection.pool import Pool
from backend.database.connection.pools import Pools
from backend.database.connection.wire import Rows
from backend.database.isolation import echoed_user, prelude
from backend.database.statements import Bound


@dataclass(frozen=True, slots=True)
class Introduction:
    """What makes a caller known to the database, in the transaction of the first call.

    Attributes:
        statement: Run before the call's own statements.
        took_effect: Called once the transaction has.
    """

    statement: Bound
    took_effect: Callable[[], None]


class Session:
    """What services work with: every call runs as `principal`, whom no statement names.

    Args:
        pool: Where calls go.
        principal: The verified caller.
        introduction: For a caller whom the database may not know yet.
    """

    __slots__ = ("_introduction", "_pool", "principal")

    def __init__(
        self, pool: Pool | Pools, principal: Principal, introduction: Introduction | None = None
    ) -> None:
        self._pool = pool
        self.principal = principal
        self._introduction = introduction

    async def read(self, *statements: Bound) -> list[Rows]:
        """Run statements that can be repeated without harm, in one round trip.

        Returns:
            The rows of each statement, in PostgreSQL's text format.
        """
        return await self._call(statements, read_only=True)

    async def write(self, *statements: Bound) -> list[Rows]:
        """Run statements of which at least one writes, atomically, in one round trip.

        Returns:
            The rows of each statement, in PostgreSQL's text format.

        Raises:
            Unavailable: also when the outcome is unknown.
        """
        return await self._call(statements, read_only=False)

    async def _call(self, statements: tuple[Bound, ...], *, read_only: bool) -> list[Rows]:
        user = self.principal.subject
        before = [prelude(user)]
        if self._introduction:
            before.append(self._introduction.statement)
        tag = (user, statements[0].statement.name)
        rows = await self._pool.call([*before, *statements], read_only=read_only, tag=tag)
        if echoed_user(rows[0]) != user:
            raise self._pool.close_all()
        if self._introduction:
            self._introduction.took_effect()
            self._introduction = None
        return rows[len(before) :]
