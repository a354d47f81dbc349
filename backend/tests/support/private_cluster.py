"""A PostgreSQL of one test module's own, to be stopped, killed and broken."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from backend.database import migrate
from backend.database.embedded import EmbeddedServer, PostgresFailed
from backend.database.urls import with_database

_PATIENCE = 60.0


class PrivateCluster:
    """A server with one migrated database, which tests may treat badly.

    Args:
        directory: Where its data lives.
        durable: Whether commits wait for the disk. Killed processes lose nothing without.

    Attributes:
        url: The database, over a Unix socket.
    """

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self._server = EmbeddedServer(directory)
        self.url = self._server.url("duly")
        if not durable:
            self.execute("alter system set fsync = off", "select pg_reload_conf()")
        self.execute("create database duly", "alter system set restart_after_crash = on")
        migrate.upgrade(self.url)

    @property
    def pid(self) -> int:
        """The postmaster."""
        return self._server.pid

    def execute(self, *commands: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run commands as the superuser; the rows of the last one."""
        url = with_database(self.url, database)
        with psycopg.connect(url, autocommit=True) as connection:
            for command in commands:
                cursor = connection.execute(command.encode())
            return cursor.fetchall() if cursor.description else []

    def terminate_backends(self) -> None:
        """End every connection to the database, as an operator would."""
        self.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'duly'"
        )

    def kill(self) -> None:
        """Kill -9 the postmaster, and wait until all its processes have noticed."""
        processes = [row[0] for row in self.execute("select pid from pg_stat_activity")]
        os.kill(self._server.pid, signal.SIGKILL)
        deadline = time.monotonic() + _PATIENCE
        while any(map(_runs, processes)) and time.monotonic() < deadline:
            time.sleep(0.01)  # nobody tells when another's process ends

    def start(self) -> None:
        """Start it again after `kill`."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._server.start()
            except PostgresFailed:  # the shared memory is still in use
                if time.monotonic() > deadline:
                    raise
            else:
                return

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop postmaster and connections of the database, as a hung machine would (SIGSTOP)."""
        backends = self.execute("select pid from pg_stat_activity where datname = 'duly'")
        pids = [self._server.pid, *(row[0] for row in backends)]
        _signal_all(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal_all(pids, signal.SIGCONT)

    def close(self) -> None:
        """Stop it for good."""
        self._server.close()


@contextmanager
def private_cluster(*, durable: bool = False) -> Iterator[PrivateCluster]:
    """A server in a directory of its own, for the same reason as the shared one."""
    with tempfile.TemporaryDirectory(prefix="duly-", ignore_cleanup_errors=True) as directory:
        cluster = PrivateCluster(Path(directory) / "postgres", durable=durable)
        yield cluster
        cluster.close()


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
