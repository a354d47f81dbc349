"""Runs the program: database, migrations, workers."""

import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import typer
from pydantic import SecretStr

from backend.config import Settings
from backend.database import migrate
from backend.database.embedded import EmbeddedServer, PostgresFailed
from backend.observability.logs import configure_logs
from backend.serving import listener
from backend.serving.supervisor import Work, supervise

if TYPE_CHECKING:
    from backend.serving.worker import WorkerOptions

_DATABASE = "duly"
_SPARE_DESCRIPTORS = 128  # for the database, files and what is being refused
_PATIENCE_SECONDS = 2  # for workers that end by themselves


class CannotServe(Exception):  # noqa: N818 - named for what it means
    """The program cannot start; the message says what to do."""


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        CannotServe: when the port is taken, or the database is not ready for this version of the
            program.
    """
    with (
        _claimed(settings.host, settings.port, "PORT") as port,
        _metrics(settings) as metrics_port,
        database(settings) as configured,
    ):
        _bring_up_to_date(configured)
        # Imported before the workers are forked: they start sooner, and share the memory.
        from backend.main import settle_garbage_collector  # noqa: PLC0415
        from backend.serving.metrics import serve_metrics  # noqa: PLC0415
        from backend.serving.worker import STOP_SECONDS, duly, work  # noqa: PLC0415

        settle_garbage_collector()
        configure_logs()
        options = _worker_options(configured)
        works: list[Work] = [
            partial(work, partial(duly, configured), replace(options, name=str(number)), port)
            for number in range(1, configured.workers + 1)
        ]
        if metrics_port is not None:
            works.append(partial(serve_metrics, metrics_port))
        supervise(
            works,
            configured.drain_seconds + STOP_SECONDS + _PATIENCE_SECONDS,
            on_ready=partial(_announce, configured),
            on_stop=port.close,  # the workers have it, for as long as they drain
        )


def _worker_options(settings: Settings) -> "WorkerOptions":
    # Imported here: see `serve`.
    from backend.serving.connections import Timers  # noqa: PLC0415
    from backend.serving.refusals import Refusals  # noqa: PLC0415
    from backend.serving.worker import WorkerOptions  # noqa: PLC0415

    room = listener.raise_descriptor_limit() - _SPARE_DESCRIPTORS
    return WorkerOptions(
        Timers(settings.head_timeout, settings.idle_timeout, settings.write_timeout),
        max(1, min(settings.max_connections, room)),
        Refusals(
            https_only=not settings.development,
            origins=settings.cors_origins,
            prefix=settings.root_path,
        ),
        settings.drain_seconds,
    )


@contextmanager
def _claimed(host: str, port: int, setting: str) -> Iterator[socket.socket]:
    """The port, before anything else is begun that its holder may be using.

    Raises:
        CannotServe: when it cannot be had.
    """
    try:
        claimed = listener.claim(host, port, setting)
    except listener.PortUnavailable as error:
        raise CannotServe(str(error)) from None
    with claimed:
        yield claimed


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
def _metrics(settings: Settings) -> Iterator[socket.socket | None]:
    """A directory in which the workers count, and the port on which the sums are served."""
    with tempfile.TemporaryDirectory(prefix="duly-metrics-") as directory:
        # Prometheus' client looks at it when it is imported.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        if settings.metrics_port is None:
            yield None
            return
        with _claimed(settings.host, settings.metrics_port, "METRICS_PORT") as port:
            yield port


def _announce(settings: Settings) -> None:
    """Say that the service is up."""
    if settings.development:
        typer.echo(_greeting(settings))
    else:
        known = {"origin": _origin(settings), "workers": settings.workers}
        logging.getLogger(__name__).info("serving", extra=known)


def _origin(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"


def _greeting(settings: Settings) -> str:
    """What a developer wants to know first."""
    origin = _origin(settings)
    lines = [f"Duly serves {origin} (open it, it has a page)"]
    if settings.development_keys:
        lines += ["Create a task as alice, then list hers:", _example(origin), ""]
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


def _example(origin: str) -> str:
    """Commands that work in any folder, and again: the running service hands out the token."""
    url = f'{origin}/api/tasks -H "Authorization: Bearer $TOKEN"'
    body = """-H 'Content-Type: application/json' -d '{"title": "Try Duly"}'"""
    lines = [
        f"TOKEN=$(curl -sS {origin}/tokens/alice)",
        f"curl -sS {url} {body}",
        f"curl -sS {url}",
    ]
    return "\n".join(lines)
