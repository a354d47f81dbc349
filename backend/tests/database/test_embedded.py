"""The embedded PostgreSQL, in folders of any name and with several processes at it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from backend.database.embedded import EmbeddedServer, PostgresFailed

Holder = subprocess.Popen[str]
Hold = Callable[[Path], Holder]

_HOLDER = """
import sys
from pathlib import Path
from backend.database.embedded import EmbeddedServer

server = EmbeddedServer(Path(sys.argv[1]))
print(server.url(), flush=True)
sys.stdin.read()
server.close()
"""


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _socket_folder(url: str) -> Path:
    return Path(str(conninfo_to_dict(url)["host"]))


def test_variables_of_another_server_do_not_hinder(tmp_path: Path) -> None:
    others = {
        *{"PGHOST": "nowhere.invalid", "PGHOSTADDR": "127.0.0.1", "PGPORT": "1"}.items(),
        *{"PGUSER": "app", "PGDATABASE": "app", "PGPASSWORD": "x", "PGSERVICE": "none"}.items(),
        *{"PGSSLMODE": "verify-full", "PGTARGETSESSIONATTRS": "standby", "PGDATA": "/no"}.items(),
    }
    program = _HOLDER.replace("server.url()", "server.database('duly')")
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "postgres"],
        env={**os.environ, **dict(others)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("postgresql://postgres@/duly?host=")


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Starts processes that hold a server until their input ends; each says its URL first."""
    with ExitStack() as stack:

        def start(directory: Path) -> Holder:
            holder = subprocess.Popen(
                [sys.executable, "-c", _HOLDER, directory],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(holder.communicate)
            return holder

        yield start


def _url(holder: Holder) -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


NAMES = ("my code", "it's", '"; exit 1 #', "$HOME `id` \\", "übung–二", "x" * 150)


def test_it_works_in_folders_of_any_name(tmp_path: Path) -> None:
    for _ in range(2):  # new, and found again
        with closing(EmbeddedServer(tmp_path.joinpath(*NAMES) / "postgres")) as server:
            with psycopg.connect(server.database("duly")) as connection:
                assert connection.execute("show server_encoding").fetchall() == [("UTF8",)]
            folder = _socket_folder(server.url())
            assert folder.stat().st_mode & 0o077 == 0
        assert not folder.exists()


@pytest.mark.parametrize("name", ["long" * 20, "it's temporary"])
def test_it_works_with_a_temporary_folder_of_any_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / name
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with closing(EmbeddedServer(tmp_path / "postgres")) as server:
        assert _answers(server.url())


def test_a_locale_that_the_machine_lacks_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    with (
        closing(EmbeddedServer(tmp_path / "postgres")) as server,
        psycopg.connect(server.url()) as connection,
    ):
        assert connection.execute("select upper('ü')").fetchall() == [("Ü",)]


def test_several_processes_share_it_and_the_last_one_stops_it(tmp_path: Path, hold: Hold) -> None:
    holders = [hold(tmp_path / "postgres") for _ in range(3)]  # all at once: one of them starts it
    urls = [_url(holder) for holder in holders]
    assert len(set(urls)) == 1
    for holder in holders:
        assert _answers(urls[0])
        holder.communicate()
    assert not _answers(urls[0])
    assert not _socket_folder(urls[0]).exists()


def test_two_holders_in_one_process_are_two(tmp_path: Path) -> None:
    with closing(EmbeddedServer(tmp_path / "postgres")) as first:
        with closing(EmbeddedServer(tmp_path / "postgres")) as second:
            assert first.url() == second.url()
        assert _answers(first.url())


def test_a_holder_that_was_killed_does_not_keep_it(tmp_path: Path, hold: Hold) -> None:
    killed = hold(tmp_path / "postgres")
    url = _url(killed)
    killed.kill()
    killed.wait()
    with closing(EmbeddedServer(tmp_path / "postgres")) as server:
        assert server.url() == url
    assert not _answers(url)


def test_what_postgres_says_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "precious").touch()
    with pytest.raises(PostgresFailed, match="not empty"):
        EmbeddedServer(tmp_path / "postgres")
    assert (tmp_path / "postgres" / "precious").exists()
