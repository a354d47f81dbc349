"""The issuer's keys, fetched from its key set and kept fresh without making anybody wait.

Better Auth publishes a key no earlier than its first token. So an unknown `kid` may be a key that
is one second old, or one of a thousand that an attacker made up, and only a fetch tells. The rules:

- **Known key**: answered from memory, however sick the source. The set is fetched again every
  9 to 10 minutes in the background; a key that is missing from it is gone at once. While the source
  is down, the old set serves for a day more.
- **Unknown key**: the request waits for a fetch that begins after it came, one for all who wait
  (single flight). A fetch that finds a key somebody waits for is free, so rotation is never held
  back, at any pace. After a *fruitless* one the next begins 1.25 s later: made-up names can cause
  no more than that, and the first token of a new key waits for that long at most.
- **Looked for and not found**: unknown (401). Nothing is remembered: a name that is not there yet
  may be the next key's (of serial ids anybody can tell it), and forgers have names enough.
- **Not looked for within 1.75 s**: `KeysUnavailable` (503), for nobody knows.
- **Source down, or without any usable key**: `KeysUnavailable` at once, and a retry in the
  background at least every 5 s. A 401 would sign users out for an outage that is not theirs.

One task, the keeper, makes all fetches: that is what makes the flight single.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final

from backend.config import Settings
from backend.core.key_sets import KeySetState
from backend.core.problems import KeysUnavailable
from backend.security.keys.fetch import Fetch, FetchFailed, HttpFetch
from backend.security.keys.key import KeySet, VerificationKey, read_key_set, shared_secret
from backend.security.keys.pending import PendingRequests
from backend.security.keys.sources import (
    KeySource,
    KeySources,
    SharedSecretKey,
    StaticKeySet,
)
from backend.security.signing import development_issuer

KEEP_SECONDS: Final = 600.0
STALE_SECONDS: Final = 86_400.0
_START_SECONDS: Final = 1.0
FLOOR_SECONDS: Final = 1.25
_WAIT_SECONDS: Final = 1.75  # the floor and a fetch; a request has 2 s
_LONGEST_RETRY: Final = 5.0
_MOST_TOLD: Final = 16  # keys in one line of the log

_log = logging.getLogger(__name__)


def key_sources(settings: Settings) -> KeySources:
    """A source of keys for each issuer of the settings; they do nothing before `start`."""
    others = {each.name: _remote(settings, each.jwks_url) for each in settings.auth_issuers}
    return KeySources(key_source(settings), others)


def key_source(settings: Settings) -> KeySource:
    """The main issuer's source of keys; it does nothing before `start` or `get`."""
    if settings.auth_shared_secret is not None:
        secret = settings.auth_shared_secret.get_secret_value().encode()
        return SharedSecretKey(shared_secret(secret))
    if settings.jwks_url is not None:
        return _remote(settings, settings.jwks_url)
    return StaticKeySet([development_issuer(settings).verification_key])


def _remote(settings: Settings, url: str) -> "RemoteKeySet":
    return RemoteKeySet(url, fetch=HttpFetch.of(settings, url))


class RemoteKeySet:
    """The key set behind a URL.

    Args:
        url: The key set; https, or http on loopback.
        fetch: Gets the document. Default: over HTTP, from `url`.
        monotonic: The clock of ages and waits, seconds. Never the wall clock, which jumps.
    """

    def __init__(
        self,
        url: str,
        *,
        fetch: Fetch | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch or HttpFetch(url)
        self._now = monotonic
        self._keys: Mapping[str | None, VerificationKey] = {}
        self._skipped: Mapping[str, str] = {}
        self._confirmed_at: float | None = None
        self._error: str | None = "not_fetched"
        self._fetches = self._failures = 0
        self._due = monotonic()
        self._pending = PendingRequests()
        self._askable_at = monotonic()
        self._fetching = False
        self._wake = asyncio.Event()
        self._tried = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def get(self, kid: str | None) -> VerificationKey | None:
        """The key of that name: at once if it is known, after at most 1.75 s if not.

        Returns:
            None only if a fetch that began after the call did not find it.

        Raises:
            KeysUnavailable: The key is not known, and was not looked for.
        """
        key = self._keys.get(kid)
        if key is not None or kid is None:
            return key
        if self._is_down():
            raise KeysUnavailable
        looked_for = await self._look_for(kid)
        key = self._keys.get(kid)
        if key is None and not looked_for:
            raise KeysUnavailable
        return key

    def holds(self, key: VerificationKey) -> bool:
        """Whether this key is in the set now."""
        return self._keys.get(key.kid) is key

    def state(self) -> KeySetState:
        """A picture of the moment."""
        age = None if self._confirmed_at is None else self._now() - self._confirmed_at
        return KeySetState(len(self._keys), age, self._error, self._fetches)

    async def start(self) -> None:
        """Begin to keep the set; waits up to a second for the first fetch."""
        self._ensure_keeper()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                await self._tried.wait()

    async def aclose(self) -> None:
        """Stop the keeper, and answer all who wait."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        self._error = "closed"
        self._pending.give_up()
        await self._fetch.aclose()

    def _is_down(self) -> bool:
        """Whether the last fetch failed and this request cannot have another one now."""
        askable = self._fetching or self._askable_at <= self._now()
        return self._error is not None and not askable

    async def _look_for(self, kid: str) -> bool:
        self._ensure_keeper()
        self._wake.set()
        return await self._pending.wait(kid, _WAIT_SECONDS)

    def _ensure_keeper(self) -> None:
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep(), name="key set")

    async def _keep(self) -> None:
        while True:
            while (delay := self._next_fetch() - self._now()) > 0:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await self._wake.wait()
            await self._refresh()
            self._tried.set()

    def _next_fetch(self) -> float:
        """When to fetch next, on the monotonic clock."""
        return min(self._due, self._askable_at) if self._pending.waiting else self._due

    async def _refresh(self) -> None:
        began = self._now()
        self._fetches += 1
        self._fetching = True
        self._pending.ask()
        try:
            found = read_key_set(await self._fetch())
        except FetchFailed as failure:
            fruitless = self._fail(failure.reason, failure.cause)
        except ValueError:
            fruitless = self._fail("not_a_key_set")
        except Exception:  # noqa: BLE001 - a dead keeper would let removed keys live on
            _log.exception("key_set_bug")
            fruitless = self._fail("internal")
        else:
            fruitless = await self._adopt(found)
        finally:
            self._fetching = False
        if fruitless:
            # A source that fails may take long to do so: it gets its rest, too.
            self._askable_at = (began if self._error is None else self._now()) + FLOOR_SECONDS

    async def _adopt(self, found: KeySet) -> bool:
        """Replace the set. A key that stays remains the same object: `holds` relies on it."""
        self._tell_skipped(found.skipped)
        old, keys = self._keys, found.keys
        self._keys = {kid: old[kid] if old.get(kid) == key else key for kid, key in keys.items()}
        if not keys:  # believed, but nothing to work with
            return self._fail("no_usable_key")
        if self._error is not None or keys != old:
            _log.info("key_set_changed", extra={"keys": sorted(map(str, keys))})
        self._error = None
        self._failures = 0
        self._confirmed_at = self._now()
        # A hundredth of the time is left for the fetch itself.
        self._due = self._confirmed_at + KEEP_SECONDS * (0.99 - 0.09 * _jitter())
        return await self._pending.answer(keys)

    def _tell_skipped(self, skipped: Mapping[str, str]) -> None:
        """Once for each key and reason: a set says the same every ten minutes."""
        news = dict(islice(skipped.items() - self._skipped.items(), _MOST_TOLD))
        self._skipped = skipped
        if news:
            _log.warning("keys_skipped", extra={"keys": news})

    def _fail(self, reason: str, cause: str = "") -> bool:
        """Go on with the old set for a day, and try again soon."""
        if reason != self._error:
            _log.warning("key_set_unavailable", extra={"reason": reason, "cause": cause})
        self._error = reason
        now = self._now()
        if self._confirmed_at is not None and now - self._confirmed_at > STALE_SECONDS:
            self._keys = {}
        retry = min(_LONGEST_RETRY, 0.5 * 2 ** min(self._failures, 4))
        self._failures += 1
        self._due = now + retry * (1 - 0.5 * _jitter())
        return self._pending.give_up()


def _jitter() -> float:
    return random.random()  # noqa: S311 - spreads load, guards nothing
