"""Isolation is proved again and again while calls are made; when the proof fails, answers stop."""

import asyncio
import logging
import time
from typing import Final

from backend.core.problems import Problem, Unavailable
from backend.database.connection.pool import Pool
from backend.database.faults import Complaint, IsolationBroken
from backend.database.proof import PROOF, check

PROVE_EVERY: Final = 2.0
"""Seconds between two proofs; none is made while nobody calls, so that a database can sleep."""

log = logging.getLogger(__name__)


class IsolationGuard:
    """Knows whether the database kept users apart a moment ago.

    An administrator can change a policy while connections live, which proved it when they were
    made. Until the next proof, what the statements themselves say keeps users apart.

    Args:
        pool: Over which to prove it.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._due = 0.0
        self._proving: asyncio.Task[None] | None = None
        self._broken: IsolationBroken | None = None

    def let_pass(self) -> None:
        """Let a call pass, and see to it that the proof stays fresh.

        Raises:
            Unavailable: when the last proof failed.
        """
        now = time.monotonic()
        if now >= self._due and (self._proving is None or self._proving.done()):
            self._due = now + PROVE_EVERY
            self._proving = asyncio.create_task(self._prove(), name="proof of isolation")
        if self._broken:
            raise Unavailable from self._broken

    @property
    def is_broken(self) -> bool:
        """Whether the latest proof failed."""
        return self._broken is not None

    def close(self) -> None:
        """Prove nothing any more."""
        if self._proving:
            self._proving.cancel()

    async def _prove(self) -> None:
        try:
            check(await self._pool.call(PROOF, read_only=True))
        except IsolationBroken as broken:
            self._lose(broken)
        except Unavailable:  # nothing is answered, or soon again: there is nothing to fear
            return
        except Problem as problem:
            refusal = f"PostgreSQL refuses the proof ({problem.__cause__})"
            remedy = "let the role of requests read pg_class, pg_policy, pg_proc and pg_roles"
            self._lose(IsolationBroken([Complaint(refusal, remedy, is_sql=False)]))
        else:
            if self._broken:
                log.warning("isolation_restored")
            self._broken = None

    def _lose(self, broken: IsolationBroken) -> None:
        if self._broken is None:
            complaints = [each.what for each in broken.complaints]
            known = {"kind": "isolation_lost", "complaints": complaints}
            log.error("security_event", extra=known)
        self._broken = broken
