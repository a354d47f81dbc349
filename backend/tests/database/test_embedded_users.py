"""The embedded PostgreSQL as root starts it: as another user, who may not go everywhere."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from backend.database import embedded
from backend.database.embedded import EmbeddedServer, PostgresFailed

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's server is another user's")


@pytest.fixture
def private() -> Iterator[Path]:
    """A folder for root alone, with a name that is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="own-", dir="/tmp") as folder:
        yield Path(folder)


@as_root
@pytest.mark.parametrize("depth", ["", "deeper"])
def test_a_temporary_folder_that_is_roots_alone_does_no_harm(
    depth: str, private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private / depth).mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(private / depth))
    with closing(EmbeddedServer(tmp_path / "postgres")) as server:
        psycopg.connect(server.url()).close()
    assert private.stat().st_mode & 0o077 == 0


@as_root
def test_a_link_past_a_folder_that_is_roots_alone_leads_there(
    private: Path, tmp_path: Path
) -> None:
    (private / "data").mkdir()
    (tmp_path / "link").symlink_to(private / "data")
    with closing(EmbeddedServer(tmp_path / "link" / "postgres")) as server:
        psycopg.connect(server.url()).close()


@as_root
def test_programs_that_the_other_user_may_not_run_are_named(
    private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private / "bin").mkdir()
    (private / "bin" / "initdb").touch(0o700)
    monkeypatch.setattr(embedded, "programs", lambda: private / "bin")
    with pytest.raises(PostgresFailed, match=f"run `chmod -R a\\+rX {private}`"):
        EmbeddedServer(tmp_path / "postgres")


def test_why_the_server_gives_up_is_said_in_its_own_words_with_its_log(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    EmbeddedServer(data).close()
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = many\n")
    with pytest.raises(PostgresFailed) as failure:
        EmbeddedServer(data)
    told = str(failure.value)
    assert told.startswith("PostgreSQL does not start: configuration file ")
    assert told.endswith(f"contains errors (more in {data / 'log'})")
