"""Reads from a replica, which are never older than what the caller must see.

PostgreSQL keeps a streaming replica up to date by itself, a little later. Each read asks it and, in
the same moment, the primary how far the caller's space is: by the number of its latest write and
the transaction that took it, which no two states of a space have in common. Only where both are
alike does the replica's answer count; otherwise the primary answers. So whoever has written,
through whatever instance, finds what was written (docs/decisions/0030-replicas.md).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from backend.core.problems import Problem
from backend.database.connection.pool import PoolState
from backend.database.connection.pools import Pools
from backend.database.connection.wire import Rows
from backend.database.isolation import echoed_caller, read_prelude
from backend.database.queries import select
from backend.database.statements import Bound, Statement
from backend.models import Space

_PATIENCE: Final = 1.0  # seconds; half of what a request has, so that the primary can still answer
_REST: Final = 5.0  # seconds without a question to a replica that was silent

_PROGRESS: Final = Statement(
    "SELECT pg_is_in_recovery(), (",
    *select("concat(spaces.last_version, ' ', spaces.xmin)", Space),
    ")",
)
_STATE: Final = Statement(
    "SELECT CASE WHEN pg_is_in_recovery() THEN NOT pg_is_wal_replay_paused() ELSE false END"
)


class Replica:
    """A replica beside its primary.

    Args:
        pools: The connections to it.
        primary: Those to the primary.

    Attributes:
        outcomes: How many reads it was `used` for, for how many it was `behind`, `failed`, or had
            a `rest` because it was silent a moment ago.
    """

    def __init__(self, pools: Pools, primary: Pools) -> None:
        self._pools = pools
        self._primary = primary
        self._rests_until = self._heard_at = 0.0
        self.outcomes: Counter[str] = Counter()

    def stand_by(self) -> None:
        """Get ready to connect when there is a read: nobody waits for a replica."""
        self._pools.stand_by()

    async def close(self) -> None:
        """Close every connection."""
        await self._pools.close()

    async def read(self, user: str, statements: Sequence[Bound]) -> list[Rows] | None:
        """The rows of statements that read the space of `user`, as that user.

        Returns:
            As new as the primary's at the time of the call; None when the primary has to be asked.
        """
        began = time.monotonic()
        if began < self._rests_until:
            self.outcomes["rest"] += 1
            return None
        prelude, progress = read_prelude(user, user), _PROGRESS.bind()
        try:
            async with asyncio.timeout(_PATIENCE):
                [[(is_replica, reached)], *rows], [[(_, current)]] = await asyncio.gather(
                    self._ask(user, [prelude, progress, *statements], statements[0]),
                    _call(self._primary, user, [prelude, progress], progress),
                )
        except (Problem, TimeoutError) as error:
            # Silent, unless it has answered somebody meanwhile: then it was the statement.
            if isinstance(error, TimeoutError) and self._heard_at < began:
                self._rests_until = time.monotonic() + _REST
            self.outcomes["failed"] += 1
            return None
        is_current = is_replica == b"t" and reached == current
        self.outcomes["used" if is_current else "behind"] += 1
        return rows if is_current else None

    async def _ask(self, user: str, statements: Sequence[Bound], main: Bound) -> list[Rows]:
        rows = await _call(self._pools, user, statements, main)
        self._heard_at = time.monotonic()
        return rows

    async def replays(self) -> bool:
        """Whether it answers, and takes over what the primary writes."""
        try:
            async with asyncio.timeout(_PATIENCE):
                [_, [(replays,)]] = await self._pools.call(
                    [read_prelude("", ""), _STATE.bind()], read_only=True
                )
        except (Problem, TimeoutError):
            return False
        return replays == b"t"

    def states(self) -> dict[str, PoolState]:
        """A picture of the moment, by the names of the pools."""
        states = self._pools.states()
        return {"replica": states["reads"], "slow_replica": states["slow_reads"]}


async def _call(pools: Pools, user: str, statements: Sequence[Bound], main: Bound) -> list[Rows]:
    """The rows behind the prelude, which has to be this user's."""
    tag = (user, main.statement.name)
    prelude, *rows = await pools.call(statements, read_only=True, tag=tag)
    if echoed_caller(prelude) != (user, user):
        raise pools.close_all()
    return rows
