"""A streaming replica of a test's own PostgreSQL, whose replay can be paused."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from backend.database.embedded import EmbeddedServer
from backend.database.urls import with_database
from backend.tests.support.private_cluster import PrivateCluster


class Standby(EmbeddedServer):
    """A replica of another server, which follows it from the moment of its making.

    Args:
        directory: Where its data lives.
        primary: The URL of the other one.
    """

    def __init__(self, directory: Path, primary: str) -> None:
        self._primary = primary
        super().__init__(directory)

    def _launch(self) -> None:
        if not (self._directory / "PG_VERSION").exists():
            self._directory.chmod(0o700)  # or PostgreSQL refuses it
            source = with_database(self._primary, "postgres")
            self._call("pg_basebackup", "-d", source, "-D", ".", "-R", "-c", "fast", "-N")
        super()._launch()

    def execute(self, command: str) -> object:
        """Run a command as the superuser; the first value of its answer."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            row = connection.execute(command.encode()).fetchone()
            return row[0] if row else None

    def pause(self) -> None:
        """Take over nothing more from the primary, which goes on."""
        self.execute("select pg_wal_replay_pause()")

    def resume(self) -> None:
        """Catch up."""
        self.execute("select pg_wal_replay_resume()")


@contextmanager
def standby(primary: PrivateCluster) -> Iterator[Standby]:
    """A replica in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="duly-", ignore_cleanup_errors=True) as directory:
        server = Standby(Path(directory) / "postgres", primary.url)
        yield server
        server.close()
