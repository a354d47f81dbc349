"""The tokens that were verified lately, so that a page of requests costs one signature check."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from backend.core.principal import Principal
from backend.security.jose import LONGEST_TOKEN
from backend.security.keys.key import VerificationKey
from backend.security.tokens.claims import Reading

MOST_TOKENS: Final = 10_000
"""About 6 MB; beyond it the token that was used longest ago goes."""


class Holder(Protocol):
    """Whoever knows which keys are in force."""

    def holds(self, key: VerificationKey) -> bool:
        """Whether this key is in force now."""


@dataclass(frozen=True, slots=True)
class _Entry:
    principal: Principal
    valid_from: float
    valid_until: float
    key: VerificationKey
    keys: Holder


class VerifiedTokens:
    """A bounded cache (least recently used goes first) of verified tokens.

    A token is found only while the wall clock is inside its own window and its key is in force.
    It is stored under its SHA-256 digest: a memory dump of the cache gives nobody a token.

    Args:
        keys: Knows which keys of the issuer are in force.
        now: The wall clock, seconds since the epoch.
        capacity: How many tokens are remembered.

    Attributes:
        hits: How many tokens were found.
    """

    def __init__(
        self, keys: Holder, now: Callable[[], float], *, capacity: int = MOST_TOKENS
    ) -> None:
        self._keys = keys
        self._now = now
        self._capacity = capacity
        self.hits = 0
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, keys: Holder) -> "VerifiedTokens":
        """This same memory for another issuer's tokens, which live and die by *its* keys.

        One memory makes one look-up, however many issuers there are; a token names its issuer, so
        its digest belongs to one of them only.
        """
        other = VerifiedTokens(keys, self._now, capacity=self._capacity)
        other._entries = self._entries
        return other

    def get(self, token: str) -> Principal | None:
        """The caller, if this very token was verified and nothing has changed since."""
        if len(token) > LONGEST_TOKEN:
            return None
        digest = _digest(token)
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if entry.valid_from <= self._now() < entry.valid_until and entry.keys.holds(entry.key):
            self._entries.move_to_end(digest)
            self.hits += 1
            return entry.principal
        del self._entries[digest]
        return None

    def put(self, token: str, reading: Reading, key: VerificationKey) -> None:
        """Remember a token whose signature by `key` was checked."""
        entry = _Entry(reading.principal, reading.valid_from, reading.valid_until, key, self._keys)
        self._entries[_digest(token)] = entry
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def _digest(token: str) -> bytes:
    # Whatever arrives has a digest: lone surrogates must not raise here.
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
