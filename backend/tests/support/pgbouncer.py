"""PgBouncer in transaction mode, when it is installed."""

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import make_url

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

_CONFIGURATION = """
[databases]
duly = host={host} port={upstream} dbname={database} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {directory}/users.txt
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
logfile = {directory}/log
{more}
"""


class PgBouncer:
    """A pooler before the database at `url`, with two connections to it.

    Args:
        url: The database.
        directory: Where its files live.
        more: Further lines of its configuration.

    Attributes:
        url: The same database through the pooler.
    """

    def __init__(self, url: str, directory: Path, more: str = "") -> None:
        target = make_url(url)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"postgresql://{target.username}@127.0.0.1:{self._port}/duly?sslmode=disable"
        self._directory = directory
        # It refuses to run as root, and must be able to reach the server's socket.
        self._account = "nobody" if target.host else Path(str(target.query["host"])).owner()
        (directory / "users.txt").write_text(f'"{target.username}" ""\n')
        (directory / "pgbouncer.ini").write_text(
            _CONFIGURATION.format(
                host=target.host or target.query["host"],
                upstream=target.port or 5432,
                database=target.database,
                user=target.username,
                port=self._port,
                directory=directory,
                more=more,
            )
        )

    def __enter__(self) -> Self:
        assert PROGRAM is not None
        account = None
        if os.geteuid() == 0:
            account = self._account
            os.chown(self._directory, pwd.getpwnam(account).pw_uid, -1)
            for parent in self._directory.parents:
                parent.chmod(parent.stat().st_mode | 0o111)
        ini = str(self._directory / "pgbouncer.ini")
        self._process = subprocess.Popen([PROGRAM, "-q", ini], user=account)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except ConnectionRefusedError:
                assert self._process.poll() is None, (self._directory / "log").read_text()
            else:
                return self

    def restart(self) -> None:
        """Stop it and start it again, on the same port."""
        self.__exit__(None, None, None)
        self.__enter__()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(60)
