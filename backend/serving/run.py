"""Runs the program: database, migrations, workers."""

import logging
import os
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import typer
from pydantic import SecretStr

from backend.config import Settings
from backend.config.outgoing import find_bad_certificates
from backend.database import migrate, urls
from backend.database.embedded import EmbeddedServer, PostgresFailed
from backend.database.faults import IsolationBroken
from backend.observability.logs import configure_logs
from backend.serving import listener
from backend.serving.supervisor import Work, supervise

if TYPE_CHECKING:
    from backend.serving.worker import WorkerOptions

_DATABASE = "duly"
_SPARE_DESCRIPTORS = 128  # for the database, files and what is being refused
_PATIENCE_SECONDS = 2  # for workers that end by themselves
_TRACING = ("OTEL_PYTHON_TRACER_PROVIDER", "OTEL_PYTHON_CONTEXT", "OTEL_PROPAGATORS")

log = logging.getLogger(__name__)


class CannotServe(Exception):  # noqa: N818 - named for what it means
    """The program cannot start; the message says what to do."""


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        CannotServe: when the port is taken, or the database is not ready for this version of the
            program.
    """
    with (
        _claimed(settings.host, settings.port, "PORT") as ports,
        _metrics(settings) as metrics_ports,
        database(settings) as configured,
    ):
        _check_keys(configured)
        _check_tracing()
        _bring_up_to_date(configured)
        # Imported before the workers are forked: they start sooner, and share the memory.
        from backend.main import settle_garbage_collector  # noqa: PLC0415
        from backend.serving.metrics import serve_metrics  # noqa: PLC0415
        from backend.serving.worker import STOP_SECONDS, duly, work  # noqa: PLC0415

        settle_garbage_collector()
        configure_logs()
        options = _worker_options(configured)
        works: list[Work] = [
            partial(work, partial(duly, configured), replace(options, name=str(number)), ports)
            for number in range(1, configured.workers + 1)
        ]
        works += [partial(serve_metrics, each) for each in metrics_ports]
        supervise(
            works,
            configured.drain_seconds + STOP_SECONDS + _PATIENCE_SECONDS,
            on_ready=partial(_announce, configured),
            on_stop=partial(_close, ports),  # the workers have them, for as long as they drain
        )


def _worker_options(settings: Settings) -> "WorkerOptions":
    # Imported here: see `serve`.
    from backend.serving.connections import Timers  # noqa: PLC0415
    from backend.serving.refusals import Refusals  # noqa: PLC0415
    from backend.serving.worker import WorkerOptions  # noqa: PLC0415

    return WorkerOptions(
        Timers(settings.head_timeout, settings.idle_timeout, settings.write_timeout),
        min(settings.max_connections, _room_for_connections()),
        Refusals(
            https_only=not settings.development,
            origins=settings.cors_origins,
            prefix=settings.root_path,
        ),
        settings.drain_seconds,
    )


def _room_for_connections() -> int:
    """How many connections the limit of open files leaves to clients.

    Raises:
        CannotServe: when it leaves none.
    """
    most = listener.raise_descriptor_limit()
    if most <= _SPARE_DESCRIPTORS:
        raise CannotServe(
            f"The limit of open files is {most}, and Duly needs 1024 or more: raise it (`ulimit "
            "-n`, in systemd LimitNOFILE, in Compose `ulimits`)."
        )
    return most - _SPARE_DESCRIPTORS


@contextmanager
def _claimed(host: str, port: int, setting: str) -> Iterator[list[socket.socket]]:
    """The port, before anything else is begun that its holder may be using.

    Raises:
        CannotServe: when it cannot be had.
    """
    try:
        claimed = listener.claim(host, port, setting)
    except listener.PortUnavailable as error:
        raise CannotServe(str(error)) from None
    try:
        yield claimed
    finally:
        _close(claimed)


def _close(sockets: Iterable[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _check_keys(settings: Settings) -> None:
    """Fail here, in words, for what would end each worker.

    Raises:
        CannotServe: when keys can be had in no way.
    """
    if problem := find_bad_certificates(settings.key_urls):
        raise CannotServe(problem)
    if settings.development_keys:
        # Imported here: production has no use for a signing key.
        from backend.security.signing import development_issuer  # noqa: PLC0415

        try:
            development_issuer(settings)
        except ValueError as error:
            raise CannotServe(str(error)) from None


def _check_tracing() -> None:
    """Fail here, in words, for what would end each worker.

    Raises:
        CannotServe: when the environment asks for tracing by something that is not installed.
    """
    logging.disable()  # it would tell a traceback
    try:
        # Imported here: it is what the import reads that may fail.
        from opentelemetry import context, propagate, trace  # noqa: F401, PLC0415

        trace.get_tracer_provider()
        context.get_current()
    except Exception:  # noqa: BLE001 - whatever the named package raises
        named = (each for each in _TRACING if each in os.environ)
        raise CannotServe(
            f"OpenTelemetry is not installed as {' and '.join(named)} would have it: unset that, "
            "or install what it names beside Duly."
        ) from None
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def database(settings: Settings) -> Iterator[Settings]:
    """The settings with a database in them: the embedded one in development, if none is set.

    Raises:
        CannotServe: when that one is not installed, does not start, or has nowhere to be.
    """
    if settings.database_url is not None or not settings.development:
        yield settings
        return
    # They are for another database, and would lead clients and server of this one astray.
    for name in [each for each in os.environ if each.startswith("PG")]:
        del os.environ[name]
    try:
        embedded = EmbeddedServer(settings.data_dir / "postgres")
    except PostgresFailed as error:
        raise CannotServe(str(error)) from None
    except OSError as error:
        raise CannotServe(
            f"DATA_DIR={settings.data_dir} cannot be used ({error.strerror}): set DATA_DIR to a "
            "folder that this user may write, or DATABASE_URL to a PostgreSQL that runs."
        ) from None
    try:
        url = embedded.database(_DATABASE)
        yield settings.model_copy(update={"database_url": SecretStr(url)})
    finally:
        embedded.close()


@contextmanager
def ready_database(settings: Settings) -> Iterator[Settings]:
    """As `database`, of one that is there and of this program's revision.

    Nothing is logged meanwhile: whoever has asked for it is told in a sentence.

    Raises:
        CannotServe: when it is not there, is older in production, or does not keep users apart.
    """
    logging.disable()
    try:
        with database(settings) as configured:
            _bring_up_to_date(configured, is_needed=True)
            yield configured
    finally:
        logging.disable(logging.NOTSET)


def _bring_up_to_date(settings: Settings, *, is_needed: bool = False) -> None:
    """Migrate in development; in production see that it is done, and say what is the matter.

    Args:
        settings: With a database.
        is_needed: Whether there is nothing to do as long as it cannot be reached.
    """
    assert settings.migration_url is not None  # noqa: S101 - `database` has set it
    configure_logs()
    url = settings.migration_url.get_secret_value()
    try:
        current = migrate.current(url)
    except psycopg.errors.InsufficientPrivilege as error:  # the proof of isolation knows more
        log.warning("database_revision_unknown", extra={"reason": urls.first_line(error)})
        return
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        if settings.development or is_needed:
            raise CannotServe(
                f"{settings.migration_variable} cannot be reached: {urls.first_line(error)}"
            ) from error
        # An outage, or a mistake: serve 503 until the database is there.
        _log_unreachable(settings.migration_variable, error)
        return
    if migrate.is_newer(current):
        known = {"revision": current, "known": migrate.revisions()[-1]}
        log.warning("database_newer_than_program", extra=known)
    if migrate.is_behind(current):
        if not settings.development:
            raise CannotServe("The database is older than this program: run `duly migrate` first.")
        try:
            migrate.upgrade(url, variable=settings.migration_variable)
        except migrate.MigrationFailed as error:
            raise CannotServe(str(error)) from None
    _prove_isolation(settings)


def _prove_isolation(settings: Settings) -> None:
    """See that users are kept apart, as each worker does, which could only die of it.

    A database that takes no writes is served, and said.

    Raises:
        CannotServe: when they are not.
    """
    # Imported here: see `serve`.
    from backend.database.proof import check, rows_of_proof  # noqa: PLC0415
    from backend.database.read_only import find_read_only  # noqa: PLC0415

    assert settings.database_url is not None  # noqa: S101 - `database` has set it
    try:
        with urls.connect(settings.database_url.get_secret_value()) as one, one.transaction():
            check(rows_of_proof(one.pgconn))
            if reason := find_read_only(one):
                log.warning("database_read_only", extra={"reason": reason.detail})
    except IsolationBroken as error:
        raise CannotServe(f"Refusing to serve: {error}. `duly migrate` mends it.") from None
    except psycopg.Error as error:
        _log_unreachable("DATABASE_URL", error)


def _log_unreachable(variable: str, error: psycopg.Error) -> None:
    known = {"setting": variable, "reason": urls.first_line(error)}
    log.warning("database_unreachable", extra=known)


@contextmanager
def _metrics(settings: Settings) -> Iterator[list[socket.socket]]:
    """A directory in which the workers count, and the port on which the sums are served.

    Raises:
        CannotServe: when there is no place for either.
    """
    try:
        counted = tempfile.TemporaryDirectory(prefix="duly-metrics-")
    except OSError:
        raise CannotServe(
            "TMPDIR: no folder for temporary files can be written, not even /tmp: set TMPDIR to "
            "one, or mount a small volume at /tmp."
        ) from None
    with counted as directory:
        # Prometheus' client looks at it when it is imported.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        if settings.metrics_port is None:
            yield []
            return
        with _claimed(settings.host, settings.metrics_port, "METRICS_PORT") as ports:
            yield ports


def _announce(settings: Settings) -> None:
    """Say that the service is up."""
    if settings.development:
        typer.echo(_greeting(settings))
    else:
        known = {"origin": _origin(settings), "workers": settings.workers}
        log.info("serving", extra=known)


def _origin(settings: Settings) -> str:
    # IPv6 in brackets; `%` is before the zone of an address (RFC 6874).
    host = settings.host.replace("%", "%25")
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _greeting(settings: Settings) -> str:
    """What a developer wants to know first."""
    origin = _origin(settings)
    if not settings.development_keys:
        return f"Duly serves {origin}"  # what people open is the application before it
    lines = [
        f"Duly serves {origin} (open it in a browser)",
        "Create a task as alice, then list hers:",
        _example(origin),
        "",
    ]
    return "\n\n".join(lines)


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
