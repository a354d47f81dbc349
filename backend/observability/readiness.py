"""Whether this worker can serve requests."""

import asyncio
import time

from backend.core.key_sets import KeySetState, KeySetStates
from backend.core.lifecycle import stopping
from backend.core.problems import Overloaded, Problem
from backend.database.connection.pools import Pools
from backend.database.isolation import read_prelude
from backend.database.replica import Replica
from backend.database.statements import Statement
from backend.schemas.health import KeySet, Ready

_KEEP_SECONDS = 1.0
_PATIENCE_SECONDS = 1.9  # who waits too long for a turn is told so before

# On a standby and in a read-only database it is on.
_PING = Statement("SELECT current_setting('transaction_read_only')")


class Readiness:
    """Asks the database and the key sources, at most once a second; not ready once it drains.

    A database that takes no writes is told as well, but does not make it unready: a load balancer
    would take every worker out, and nobody could read any more.

    So is a replica, without which the primary is asked for everything.

    An issuer of `AUTH_ISSUERS` without keys is told, but keeps nobody else from being served.
    """

    def __init__(self, pool: Pools, keys: KeySetStates, replica: Replica | None = None) -> None:
        self._pool = pool
        self._replica = replica
        self._keys = keys
        self._lock = asyncio.Lock()
        self._latest: tuple[float, Ready] | None = None
        self._takes_writes = True

    async def check(self) -> Ready:
        """The state of the moment, or of a second ago."""
        async with self._lock:
            now = time.monotonic()
            if self._latest is None or now - self._latest[0] >= _KEEP_SECONDS:
                self._latest = (now, await self._ask())
            latest = self._latest[1]
        if stopping.is_set():
            return latest.model_copy(update={"ready": False, "draining": True})
        return latest

    async def _ask(self) -> Ready:
        database, replica = await asyncio.gather(self._database_answers(), self._replica_replays())
        keys = self._keys.ready
        key_sets = {name: _key_set(state) for name, state in self._keys.states().items()}
        return Ready(
            ready=database and keys,
            draining=False,
            database=database,
            writes=database and self._takes_writes,
            replica=replica,
            keys=keys,
            key_sets=key_sets,
        )

    async def _replica_replays(self) -> bool | None:
        return None if self._replica is None else await self._replica.replays()

    async def _database_answers(self) -> bool:
        """Whether it does; notes whether it takes writes, too."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                [_, [(read_only,)]] = await self._pool.call(
                    [read_prelude("", ""), _PING.bind()], read_only=True
                )
        except Overloaded:
            return True  # it answers others
        except (Problem, TimeoutError):
            return False
        self._takes_writes = read_only == b"off"
        return True


def _key_set(state: KeySetState) -> KeySet:
    age = None if state.age is None else round(state.age, 1)
    return KeySet(keys=state.keys, age=age, error=state.error)
