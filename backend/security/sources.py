"""What every source of keys offers, and the sources that need no network."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from backend.security.keys import VerificationKey


@dataclass(frozen=True, slots=True)
class KeySourceState:
    """What a key source can say about itself, for `/readyz` and the metrics.

    Attributes:
        keys: How many keys are in force.
        age: Seconds since the keys were confirmed; None if they never were.
        error: Why the last fetch failed, a stable word; None if it did not.
        fetches: How many fetches were begun.
    """

    keys: int
    age: float | None = None
    error: str | None = None
    fetches: int = 0

    @property
    def ready(self) -> bool:
        """Whether any token can be verified."""
        return self.keys > 0


class KeySource(Protocol):
    """Where verification keys come from."""

    async def get(self, kid: str | None) -> VerificationKey | None:
        """The key of that name; None if the issuer has none. Raises `KeysUnavailable`."""

    def holds(self, key: VerificationKey) -> bool:
        """Whether this key is in force now. Called for every request: no I/O."""

    def state(self) -> KeySourceState:
        """A picture of the moment."""

    async def start(self) -> None:
        """Begin to keep the keys fresh; returns within about a second, with keys or without."""

    async def aclose(self) -> None:
        """Stop; nobody is left waiting."""


class StaticKeySet:
    """Keys that never change: the development key, or keys of a test."""

    def __init__(self, keys: Iterable[VerificationKey]) -> None:
        self._keys = {key.kid: key for key in keys}

    async def get(self, kid: str | None) -> VerificationKey | None:
        """The key of that name."""
        return self._keys.get(kid)

    def holds(self, key: VerificationKey) -> bool:
        """Whether it is one of these."""
        return self._keys.get(key.kid) is key

    def state(self) -> KeySourceState:
        """Always fresh."""
        return KeySourceState(keys=len(self._keys), age=0.0)

    async def start(self) -> None:
        """Nothing to begin."""

    async def aclose(self) -> None:
        """Nothing to stop."""


class SharedSecretKey(StaticKeySet):
    """The one key of HS256 mode: a `kid` is optional there, and chooses nothing."""

    def __init__(self, key: VerificationKey) -> None:
        super().__init__([key])
        self._key = key

    async def get(self, kid: str | None) -> VerificationKey | None:  # noqa: ARG002 - see above
        """The shared secret, whatever the name."""
        return self._key
