"""What the harness asks of a system."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.harness.calls import Call, Calls, send
from benchmarks.harness.cluster import Cluster
from benchmarks.harness.issuer import Issuer
from benchmarks.harness.loads import Load
from benchmarks.harness.people import Person, Size
from benchmarks.harness.places import HOST, ROOT, free_port
from benchmarks.harness.program import Program

OK = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """What all systems of one run share."""

    cluster: Cluster
    issuer: Issuer
    size: Size
    directory: Path
    duly: Path
    """The folder of Duly's programs."""
    source: Path
    """The folder that Duly is imported from."""
    workers: int
    before: Path | None = None
    """A checkout of Duly in another state, installed."""


class System(ABC):
    """One program under load."""

    name: str
    title: ClassVar[str]
    calls: ClassVar[Calls]
    health: ClassVar[str] = "/health"
    serves: ClassVar[bool] = True
    """Whether it is a program that speaks HTTP."""
    needs: ClassVar[Sequence[str]] = ()
    """Modules and programs of the benchmark's own environment."""
    limit: ClassVar[bool] = False
    """Whether it shows what is possible at most, rather than something to use."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.port = free_port()
        self.program: Program | None = None
        self.known: list[Person] = []

    @abstractmethod
    def prepare(self) -> None:
        """Make the data; the program does not run yet."""

    @abstractmethod
    def restore(self) -> None:
        """Bring the data back to what `prepare` made; the program runs."""

    @abstractmethod
    def people(self) -> list[Person]:
        """The users as this system knows them."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The program and its arguments."""

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """The settings it gets."""

    def handles(self, _load: Load) -> bool:
        """Whether the load makes sense for this system."""
        return True

    def start(self) -> None:
        """Run the program and return when it answers."""
        self.program = Program(
            [str(part) for part in self.command()],
            env=self.environment(),
            directory=self.stage.directory,
            name=self.name,
        )
        self.program.wait_until(lambda: send(self.port, Call("GET", self.health))[0] == OK)

    def stop(self) -> None:
        """End the program if it runs."""
        if self.program:
            self.program.stop()
            self.program = None

    def answers(self) -> bool:
        """Whether a list comes within seconds now that nobody else asks."""
        person = self.known[0]
        try:
            status, _ = send(self.port, self.calls.list.filled(person), person, timeout=2.0)
        except OSError:
            return False
        return status == OK

    def restart(self) -> None:
        """Begin afresh, for instance after a collapse."""
        self.stop()
        self.start()

    def uvicorn(self, app: str) -> Sequence[str | Path]:
        """An application of the benchmark's own environment, as uvicorn is commonly run."""
        address = ("--host", HOST, "--port", str(self.port))
        workers = ("--workers", str(self.stage.workers))
        return (sys.executable, "-m", "uvicorn", app, *address, *workers)

    def granian(self, program: str | Path, app: str) -> Sequence[str | Path]:
        """An application under granian, without a log line per request."""
        address = ("--host", HOST, "--port", str(self.port))
        workers = ("--workers", str(self.stage.workers))
        # By default a worker serves 512 connections and lets the others wait.
        room = ("--backlog", "4096", "--backpressure", "4096")
        return (program, "--interface", "asgi", "--loop", "uvloop", *address, *workers, *room, app)


PEERS_PATH = {"PYTHONPATH": str(ROOT)}
"""Lets a peer be imported as `benchmarks.…` wherever it runs."""
