"""PostgreSQL by itself: pgbench sends the statements of the bare peer, without HTTP."""

from benchmarks.harness.loads import FEW, Kind, Load
from benchmarks.harness.people import Person
from benchmarks.harness.systems.plain import BareAsyncpg


class Postgres(BareAsyncpg):
    """No program to start; pgbench is generator and client at once."""

    name = "pgbench"
    title = "the bare peer's statements, prepared, no HTTP: the database's limit"

    serves = False
    needs = ()

    def handles(self, load: Load) -> bool:
        return load.connections == FEW and load.kind is not Kind.MIX

    def people(self) -> list[Person]:
        return []

    def start(self) -> None:
        """Nothing runs."""
