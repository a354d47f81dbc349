"""The command `duly`."""

import contextlib
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, NoReturn

import typer
from pydantic import SecretStr, ValidationError

from backend.config import Settings, UnusableSettings, sentences

# What a command needs is imported inside it, so that each starts fast.

# How a pipe or a disk refuses what is written.
_LOST = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


class _Program(typer.Typer):
    """The commands; what they say may end in a pipe that is closed, or on a disk that is full."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run one, and see that all that it said has arrived."""
        try:
            try:
                return super().__call__(*args, **kwargs)
            finally:
                if sys.stdout:
                    sys.stdout.flush()
        except OSError as error:
            if error.errno not in _LOST:
                raise
            _give_up(error)


def _give_up(error: OSError) -> NoReturn:
    """End, in silence if nobody listens any more, or with what the system says."""
    if error.errno != errno.EPIPE:
        with contextlib.suppress(OSError):
            typer.echo(str(error), err=True)
    # What is still to be written would fail again when the interpreter ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    sys.exit(1)


app = _Program(
    help="The task backend for apps whose users sign in with Better Auth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(version("duly"))
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The task backend for apps whose users sign in with Better Auth."""
    from backend.serving.streams import prepare_streams  # noqa: PLC0415

    prepare_streams()


@app.command()
def serve() -> None:
    """Serve the API. In development this needs nothing: it brings its own PostgreSQL."""
    from backend.serving.streams import do_not_mind_streams  # noqa: PLC0415

    do_not_mind_streams()  # before the log takes hold of them

    from backend.serving import run as server  # noqa: PLC0415

    try:
        server.serve(_told_settings())
    except server.CannotServe as error:
        _stop(str(error))


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Where to go; `head`.")] = "head",
    *,
    yes_delete_data: Annotated[
        bool, typer.Option("--yes-delete-data", help="Go back in production.")
    ] = False,
) -> None:
    """Create or update the tables in the database of the settings, and put its rights right."""
    from backend.database import migrate as migrations  # noqa: PLC0415
    from backend.serving import run as server  # noqa: PLC0415

    try:
        with server.database(_told_settings()) as settings:
            assert settings.migration_url is not None  # noqa: S101 - `database` has set it
            url = settings.migration_url.get_secret_value()
            back = migrations.goes_back(url, revision)
            if back and not (settings.development or yes_delete_data):
                _stop(
                    f"Going back to {revision} deletes data of users, and this is production: "
                    "say `--yes-delete-data`, and have a backup."
                )
            move = migrations.downgrade if back else migrations.upgrade
            outcome = move(url, revision, settings.migration_variable)
    except (server.CannotServe, migrations.MigrationFailed) as error:
        _stop(str(error))
    typer.echo(str(outcome))


@app.command()
def seed(
    user: Annotated[str, typer.Option(help="The user id of whose tasks they are to be.")] = "alice",
    tasks: Annotated[int, typer.Option(min=1, help="How many.")] = 200,
    number: Annotated[
        int | None, typer.Option("--seed", help="The same number makes the same tasks.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it in production.")] = False,
) -> None:
    """Make believable tasks for a user: lists, trees, dates, things done. For trying things out."""
    settings = _told_settings()
    if not (settings.development or yes):
        _stop("This is production, and these tasks are invented: say `--yes` if that is meant.")
    with _job(settings) as ready:
        from backend.jobs.progress import Progress  # noqa: PLC0415
        from backend.jobs.seed import seed  # noqa: PLC0415

        made = seed(ready, user, tasks, number, partial(Progress, "tasks"))
        typer.echo(f"{made.tasks:,} tasks and {made.lists:,} lists were made for {user}.")
    if settings.development_keys:
        typer.echo(f"To look at them: `duly serve` as {user}, or with `duly token --user {user}`.")


@app.command()
def export(
    user: Annotated[str, typer.Option(help="The user id of whose data it is.")],
) -> None:
    """Print all that a user has as JSON lines, as `duly import` takes them."""
    with _job(_told_settings()) as ready:
        from backend.jobs.exports import export_account  # noqa: PLC0415
        from backend.jobs.progress import Progress  # noqa: PLC0415

        export_account(ready, user, sys.stdout.buffer, partial(Progress, "lines"))


@app.command("import")
def import_(
    user: Annotated[str, typer.Option(help="The user id of whose data it becomes.")],
) -> None:
    """Read what `duly export` has printed into a user's account; what is there stays as it is."""
    with _job(_told_settings()) as ready:
        from backend.jobs.imports import import_account  # noqa: PLC0415
        from backend.jobs.progress import Progress  # noqa: PLC0415

        typer.echo(import_account(ready, user, sys.stdin.buffer, partial(Progress, "lines")))


@app.command()
def tidy() -> None:
    """Let go what is kept too long: TRASH_DAYS, HISTORY_DAYS, and old idempotency keys."""
    with _job(_told_settings()) as ready:
        from backend.jobs.progress import Progress  # noqa: PLC0415
        from backend.jobs.tidy import tidy  # noqa: PLC0415

        typer.echo(tidy(ready, partial(Progress, "accounts")))


@app.command()
def token(
    user: Annotated[str, typer.Option(help="The subject: whose tasks the token opens.")] = "alice",
    lifetime: Annotated[int, typer.Option(help="Seconds until it expires.")] = 900,
) -> None:
    """Print a token of the development issuer, for trying things out."""
    from backend.security.signing import development_token  # noqa: PLC0415

    settings = _settings()
    if not settings.development_keys:
        _stop(
            "`duly token` works in development without a configured issuer only: "
            "get a token from your Better Auth at /api/auth/token"
        )
    try:
        typer.echo(development_token(settings, user, lifetime))
    except ValueError as error:
        _stop(str(error))


@app.command()
def doctor(
    token: Annotated[
        typer.FileBinaryRead | None,
        typer.Option(help="A file with a token to explain; `-` is standard input."),
    ] = None,
) -> None:
    """Check settings, database, keys and clock, and explain a token. Status 1 if one fails."""
    from backend.config.environment import decode  # noqa: PLC0415
    from backend.doctor.run import examine  # noqa: PLC0415

    try:
        text = decode(token.read()).strip() if token else None
    except ValueError:
        _stop("The file of --token is not text in UTF-8: save it as such.")
    failed = False
    for finding in examine(_settings(), text):
        typer.echo(f"{_MARKS[finding.verdict]} {finding.check}: {finding.detail}")
        if finding.remedy:
            typer.echo(f"     {finding.remedy}")
        failed |= finding.verdict == "fail"
    sys.exit(1 if failed else 0)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from backend.main import create_app  # noqa: PLC0415

    unused = SecretStr("postgresql://")
    settings = _settings(lambda: Settings(_env_file=None, database_url=unused))
    typer.echo(json.dumps(create_app(settings).openapi(), indent=2))


@contextmanager
def _job(settings: Settings) -> Iterator[Settings]:
    """The settings with a database that is ready; whatever stops the job is said in a sentence."""
    from backend.jobs.failures import JobFailed  # noqa: PLC0415
    from backend.serving import run as server  # noqa: PLC0415

    try:
        with server.ready_database(settings) as ready:
            yield ready
    except (server.CannotServe, JobFailed) as error:
        _stop(str(error))


def _settings(make: Callable[[], Settings] = Settings) -> Settings:
    try:
        return make()
    except (UnusableSettings, ValidationError) as error:
        problems = "\n  ".join(sentences(error))
        _stop(f"The settings are not usable (docs/settings.md):\n  {problems}")


def _told_settings() -> Settings:
    """The settings, and on standard error what in them is probably meant otherwise."""
    settings = _settings()
    for note in settings.notes:
        typer.echo(f"{_MARKS['warn']} {note}", err=True)
    return settings


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(1)
