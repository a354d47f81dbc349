"""What every source of keys offers, and the sources that need no network."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from backend.config import MAIN_ISSUER
from backend.core.key_sets import KeySetState
from backend.security.keys.key import VerificationKey


class KeySource(Protocol):
    """Where verification keys come from."""

    async def get(self, kid: str | None) -> VerificationKey | None:
        """The key of that name; None if the issuer has none. Raises `KeysUnavailable`."""

    def holds(self, key: VerificationKey) -> bool:
        """Whether this key is in force now. Called for every request: no I/O."""

    def state(self) -> KeySetState:
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

    def state(self) -> KeySetState:
        """Always fresh."""
        return KeySetState(keys=len(self._keys), age=0.0)

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


class KeySources:
    """The key sources of all issuers, each for itself.

    Args:
        main: The main issuer's.
        others: Those of `AUTH_ISSUERS`, by name.
    """

    def __init__(self, main: KeySource, others: Mapping[str, KeySource]) -> None:
        self.main = main
        self.others = others
        self._all: dict[str, KeySource] = {MAIN_ISSUER: main, **others}

    @property
    def ready(self) -> bool:
        """Whether the service should get requests, as far as keys go: the main issuer decides.

        Were all needed, a preview deployment that is gone would take the service from everybody.
        Were any enough, the service would seem fine while it answers 503 to its main users. So the
        state of the others is told, and counts for their own users only.
        """
        return self.main.state().ready

    def states(self) -> dict[str, KeySetState]:
        """A picture of the moment, by the issuers' names."""
        return {name: source.state() for name, source in self._all.items()}

    async def start(self) -> None:
        """Start all at the same time; returns within about a second."""
        await asyncio.gather(*(source.start() for source in self._all.values()))

    async def aclose(self) -> None:
        """Stop all; nobody is left waiting."""
        await asyncio.gather(*(source.aclose() for source in self._all.values()))
