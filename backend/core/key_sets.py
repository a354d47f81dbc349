"""What can be told about the keys of the issuers, without holding any."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeySetState:
    """What the keys of one issuer are like, for `/readyz` and the metrics.

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


class KeySetStates(Protocol):
    """Whoever knows the state of all key sets."""

    @property
    def ready(self) -> bool:
        """Whether the service should get requests, as far as keys go."""

    def states(self) -> Mapping[str, KeySetState]:
        """A picture of the moment, by the issuers' names."""
