"""Runs the program: database, migrations, workers."""

import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import typer
from pydantic import SecretStr

from backend.config import Settings
from backend.database import migrate
from backend.database.embedded import EmbeddedServer, PostgresFailed
from backend.observability.logs import configure_logs
from backend.serving.supervisor import serve_with_workers

_DATABASE = "duly"


class CannotServe(Exception):  # noqa: N818 - named for what it means
    """The program cannot start; the message says what to do."""


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        CannotServe: when the database is not ready for this version of the program.
    """
    with database(settings) as configured, _metrics(configured):
        _bring_up_to_date(configured)
        # Imported before the workers are forked: they start sooner, and share the memory.
        from backend.main import settle_garbage_collector  # noqa: PLC0415

        settle_garbage_collector()
        configure_logs()
        # Made here: a thread that imports while workers are forked leaves them its import locks.
        greeting = _greeting(configured) if settings.development else None
        threading.Thread(target=_announce, args=(configured, greeting), daemon=True).start()
        serve_with_workers(configured)


@contextmanager
def database(settings: Settings) -> Iterator[Settings]:
    """The settings with a database in them: the embedded one in development, if none is set.

    Raises:
        CannotServe: when that one is not installed, or does not start.
    """
    if settings.database_url is not None or not settings.development:
        yield settings
        return
    try:
        embedded = EmbeddedServer(settings.data_dir / "postgres")
    except PostgresFailed as error:
        raise CannotServe(str(error)) from None
    try:
        url = embedded.database(_DATABASE)
        os.environ["DATABASE_URL"] = url  # the workers read their own settings
        yield settings.model_copy(update={"database_url": SecretStr(url)})
    finally:
        embedded.close()


def _bring_up_to_date(settings: Settings) -> None:
    assert settings.migration_url is not None  # noqa: S101 - `database` has set it
    url = settings.migration_url.get_secret_value()
    try:
        current = migrate.current(url)
    except psycopg.ProgrammingError:  # not repeated: it may hold a password
        raise CannotServe("DATABASE_URL is not a PostgreSQL URL.") from None
    except psycopg.OperationalError as error:
        if settings.development:
            raise CannotServe(f"DATABASE_URL cannot be reached: {error}") from error
        return  # an outage: serve 503 until the database is back
    if not migrate.is_behind(current):
        return
    if not settings.development:
        raise CannotServe("The database is older than this program: run `duly migrate` first.")
    migrate.upgrade(url)


@contextmanager
def _metrics(settings: Settings) -> Iterator[None]:
    """A directory in which the workers count, and the port on which the sums are served."""
    with tempfile.TemporaryDirectory(prefix="duly-metrics-") as directory:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        if settings.metrics_port:
            # Imported here: it looks at that variable when it is imported, and workers inherit it.
            from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415
            from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            start_http_server(settings.metrics_port, settings.host, registry)
        yield


def _announce(settings: Settings, greeting: str | None) -> None:
    """Say that the service is up, as soon as a worker answers."""
    while not _answers(settings):
        time.sleep(0.02)
    if greeting is not None:
        typer.echo(greeting)
    else:
        known = {"origin": _origin(settings), "workers": settings.workers}
        logging.getLogger(__name__).info("serving", extra=known)


def _answers(settings: Settings) -> bool:
    try:
        with socket.create_connection((settings.host, settings.port), timeout=1) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return bool(connection.recv(1))
    except OSError:
        return False


def _origin(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"


def _greeting(settings: Settings) -> str:
    """What a developer wants to know first."""
    origin = _origin(settings)
    lines = [f"Duly serves {origin}" + (f" (docs: {origin}/docs)" if settings.docs_enabled else "")]
    if settings.development_keys:
        lines += ["Create a task as alice, then list hers:", _example(settings, origin), ""]
    return "\n\n".join(lines)


def development_token(settings: Settings, subject: str, lifetime: int) -> str:
    """A token for `subject` that lasts `lifetime` seconds; only without a real issuer.

    Raises:
        ValueError: when the settings name a real issuer.
    """
    # Imported here: production has no use for a signing key.
    from backend.security.signing import development_issuer  # noqa: PLC0415

    return development_issuer(settings).token(
        subject,
        issuer=settings.issuer,
        audience=min(settings.audiences),
        lifetime=lifetime,
    )


def _example(settings: Settings, origin: str) -> str:
    token = development_token(settings, "alice", settings.auth_max_token_lifetime)
    url = f"{origin}/api/tasks -H 'Authorization: Bearer {token}'"
    body = """-H 'Content-Type: application/json' -d '{"title": "Try Duly"}'"""
    return f"curl -sS {url} {body} --next -sS {url}"
