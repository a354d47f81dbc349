"""Counts in memory that all workers of an instance share, by sliding windows.

The `limits` library estimates in the same way ("sliding window counter"): what came in the window
before counts in proportion to how much of it the last `seconds` still cover. Its memory storage
starts a thread for a request that walks all keys, and each process would count for itself.

A table has a fixed size: made-up users or addresses fill nothing. Four entries share a bucket; a
fifth one takes the place of what has not been used for longest, or least. No lock is taken: workers
that write the same entry in the same microsecond lose a count, which harms nobody.
"""

import struct
import time
from collections.abc import Callable
from mmap import mmap
from operator import itemgetter
from typing import Final

from backend.core.rates import MOST_LIMITS, Limit
from backend.rates.standing import Standing

_BUCKETS: Final = 32_768  # of four entries: 131 072 users or addresses within one window
# Whose it is, when its window starts, what was counted in it and in the window before.
_ENTRY: Final = struct.Struct("=QQII")
_unpack: Final = _ENTRY.unpack_from
_pack: Final = _ENTRY.pack_into
_BUCKET_SIZE: Final = 4 * _ENTRY.size
_PLACES: Final = range(0, _BUCKET_SIZE, _ENTRY.size)
TABLE_SIZE: Final = _BUCKETS * _BUCKET_SIZE
"""Bytes of one table; what nobody has written to takes no memory."""

# Made at import, which is before the workers are forked: that is how they come to share it.
_SHARED: Final = mmap(-1, (MOST_LIMITS + 1) * TABLE_SIZE)
ADDRESSES: Final = MOST_LIMITS
"""The table of addresses; those before it are for the limits of users."""

_MASK: Final = 2**64 - 1


class SlidingWindow:
    """One limit and its table.

    Args:
        limit: How much each key may use up.
        table: Which part of the shared memory is its own; tables of other limits are others.
        now: The wall clock, seconds since the epoch.
    """

    def __init__(self, limit: Limit, table: int, now: Callable[[], float] = time.time) -> None:
        self.limit = limit
        self._offset = table * TABLE_SIZE
        self._now = now
        self._start = 0  # when the window starts that was the latest one

    def take(self, who: str, cost: int, *, spend: bool = True, beside: int = 0) -> Standing:
        """Use something up, if it is left.

        Args:
            who: Whose it is.
            cost: How much; what is more than the limit counts as all of it.
            spend: Whether to use it up; else this only asks.
            beside: How much was used up for the same request already.
        """
        amount, seconds = self.limit
        now = self._now()
        start = self._start
        if not 0 <= now - start < seconds:
            self._start = start = int(now) // seconds * seconds
        # Forked processes share the secret of the hash, and nobody else knows it.
        key = hash(who) & _MASK
        offset, count, before = self._find(key, start)
        rest = 1 - (now - start) / seconds
        free = amount - int(before * rest) - count
        if cost > free:
            if cost > amount - beside:
                return self.take(who, amount - beside, spend=spend, beside=beside)
            wait = int(_wait(amount - cost, count, before, rest) * seconds) + 1
            return Standing(self.limit, max(0, free), wait, wait)
        if spend:
            _pack(_SHARED, offset, key, start, count + cost, before)
            free -= cost
        return Standing(self.limit, free, int(rest * seconds) + 1, 0)

    def _find(self, key: int, start: int) -> tuple[int, int, int]:
        """Where the entry is or should be, what it counted in this window and in the one before."""
        offset = bucket = self._offset + key % _BUCKETS * _BUCKET_SIZE
        found, began, count, before = _unpack(_SHARED, offset)
        if found != key:
            entries = [(*_unpack(_SHARED, bucket + place), bucket + place) for place in _PLACES]
            own = [entry for entry in entries if entry[0] == key]
            # Or in the place of what was used longest ago, and least.
            [(found, began, count, before, offset)] = own or [min(entries, key=itemgetter(1, 2))]
            if found != key:
                return offset, 0, 0
        if began == start:
            return offset, count, before
        return offset, 0, count if began == start - self.limit.seconds else 0


def _wait(spare: int, count: int, before: int, rest: float) -> float:
    """How many windows to wait until there is room.

    Args:
        spare: How much may have been used up by others then.
        count: What was counted in this window.
        before: What was counted in the one before.
        rest: How much of this window is left, as a share of 1.
    """
    if count <= spare:  # in this window, once enough of the one before is over
        return rest - (spare - count + 1) / before
    return rest + max(0.0, 1 - (spare + 1) / count)
