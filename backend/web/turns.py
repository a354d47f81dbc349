"""Turns of the event loop: many dear requests at once delay nobody by all of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


@asynccontextmanager
async def turn_of_its_own() -> AsyncIterator[None]:
    """Wait for a turn of the event loop in which nobody else does long work.

    A light request takes a few turns of the loop. Were each as long as all the heavy work that has
    come, it would wait several times for all of it.
    """
    lock = _locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with lock:
        await asyncio.sleep(0)
        yield
