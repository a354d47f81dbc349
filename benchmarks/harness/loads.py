"""What is asked of every system, and what one measurement yields."""

from dataclasses import dataclass
from enum import Enum

FEW, MANY = 32, 1_000
RATE = 800
"""Arrivals per second of the open loop."""


class Kind(Enum):
    """Which requests a load sends."""

    LIST = "list"
    GET = "get"
    CREATE = "create"
    MIX = "mix"
    """60 % list, 15 % get, 15 % create, 7 % update, 3 % delete."""


@dataclass(frozen=True, slots=True)
class Load:
    """A closed loop of connections that never think; the mix is an open loop at `RATE`."""

    kind: Kind
    connections: int

    @property
    def name(self) -> str:
        """How the load is called on the command line."""
        return "open" if self.kind is Kind.MIX else f"{self.kind.value}-{self.connections}"

    @property
    def title(self) -> str:
        """How the load is called in the report."""
        if self.kind is Kind.MIX:
            return f"mix, open loop, {RATE}/s, {self.connections:,} users"
        return f"{self.kind.value}, {self.connections:,} connections"


LOADS = {
    load.name: load
    for load in (
        Load(Kind.LIST, FEW),
        Load(Kind.GET, FEW),
        Load(Kind.LIST, MANY),
        Load(Kind.GET, MANY),
        Load(Kind.CREATE, FEW),
        Load(Kind.CREATE, MANY),
        Load(Kind.MIX, MANY),
    )
}
"""In the order of measurement: what writes comes last."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a load generator saw; latencies in milliseconds.

    Attributes:
        rate: Right answers per second.
        answer_bytes: Mean size of an answer, header included.
        errors: Answers with a status over 399, and requests without an answer.
        dropped: Arrivals of the open loop for which no user was free.
    """

    rate: float
    p50: float
    p95: float
    p99: float
    answer_bytes: float = 0.0
    errors: int = 0
    dropped: int = 0


DISTURBED = 0.25
"""Cores used by others above which a sample counts as disturbed; the kernel's own are about 0.1."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: the answers, and what they cost in processor cores and megabytes.

    `other_cores` is what the machine did besides: the kernel's network work, and strangers.
    """

    answers: Answers
    server_cores: float
    database_cores: float
    generator_cores: float
    other_cores: float
    memory: float
    largest_process: float

    @property
    def calm(self) -> bool:
        """Whether strangers left the machine alone."""
        return self.other_cores <= DISTURBED

    @property
    def per_core_second(self) -> float:
        """Right answers for a second of a core, generator included: strangers matter less to it."""
        used = self.server_cores + self.database_cores + self.generator_cores
        return self.answers.rate / used if used else 0.0
