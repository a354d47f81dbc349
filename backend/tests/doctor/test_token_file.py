"""The file of `duly doctor --token`, as editors and shells save it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backend.cli import app
from backend.config import Settings
from backend.security.signing import development_token

TEXTS = {
    "UTF-8 with a mark": "utf-8-sig",
    "UTF-16, as PowerShell writes": "utf-16",
    "UTF-8": "utf-8",
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Those of development, in whose folder the command runs."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return Settings()


def explain(raw: bytes, way: str) -> Result:
    Path("token.txt").write_bytes(raw)
    return CliRunner().invoke(app, ["doctor", "--token", way], input=raw)


@pytest.mark.parametrize("way", ["token.txt", "-"])
@pytest.mark.parametrize("encoding", TEXTS.values(), ids=TEXTS)
def test_a_token_is_read_in_whatever_its_text_is_written(
    encoding: str, way: str, settings: Settings
) -> None:
    token = development_token(settings, "alice", 60)
    told = explain(f"{token}\r\n".encode(encoding), way)
    assert told.exit_code == 0, told.output
    assert "ok   token" in told.stdout


@pytest.mark.parametrize("way", ["token.txt", "-"])
@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"eyJ\xe9", b"e\0y\0J\0", b"\x80"], ids=ascii)
@pytest.mark.usefixtures("settings")
def test_what_is_no_text_is_said_in_one_line(raw: bytes, way: str) -> None:
    told = explain(raw, way)
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == "The file of --token is not text in UTF-8: save it as such.\n"
