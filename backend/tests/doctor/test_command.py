"""The command `duly doctor`: what it prints, and its exit status for scripts."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.cli import app
from backend.security.signing import Issuer
from backend.tests.doctor.conftest import Changed
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import ORIGIN
from backend.tests.support.program import DULY, environment

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def doctor(changed: Changed, tmp_path: Path) -> Run:
    """Runs the command in a sound deployment, with changes to its environment."""

    def run(
        *arguments: str, entered: str = "", **changes: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [DULY, "doctor", *arguments],
            env={**environment(changed()), **changes},
            cwd=tmp_path,
            input=entered,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_a_sound_deployment_is_all_ok_and_status_0(doctor: Run, token: str) -> None:
    ended = doctor("--token", "-", entered=f"{token}\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line[:4] for line in ended.stdout.splitlines()] == ["ok  "] * 11
    assert token not in ended.stdout


def test_a_refused_token_is_explained_with_status_1_and_not_printed(
    doctor: Run, issuer: Issuer, tmp_path: Path
) -> None:
    token = issuer.token("alice", issuer=ORIGIN, audience="https://other.example.com")
    (tmp_path / "token.txt").write_text(token)
    ended = doctor("--token", "token.txt")
    assert (ended.returncode, ended.stderr) == (1, "")
    complaint, remedy = ended.stdout.splitlines()[-2:]
    assert complaint.startswith(f"FAIL token: audience: expected {ORIGIN}")
    assert remedy.startswith("     Set AUTH_AUDIENCE to https://other.example.com")
    for part in token.split("."):
        assert part not in ended.stdout


def test_several_faults_are_all_told_at_once(doctor: Run, source: KeyServer, token: str) -> None:
    source.mode = "missing"
    nowhere = "postgresql://duly:hidden-word@127.0.0.1:1/duly"
    ended = doctor("--token", "-", entered=token, DATABASE_URL=nowhere)
    assert (ended.returncode, ended.stderr) == (1, "")
    told = [line.split(":")[0] for line in ended.stdout.splitlines() if line.startswith("FAIL")]
    assert told == ["FAIL database", "FAIL keys", "FAIL token"]
    assert "hidden-word" not in ended.stdout


def test_what_only_should_be_otherwise_is_status_0(doctor: Run, source: KeyServer) -> None:
    source.mode = "keyless"
    ended = doctor()
    assert ended.returncode == 0
    assert "WARN keys:" in ended.stdout


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {
                "CORS_ORIGINS": "*",
                "AUTH_JWKS_URL": "http://app.example.com/jwks",
                "AUTH_SHARED_SECRET": "short",
            },
            [
                "CORS_ORIGINS takes exact origins",
                "AUTH_JWKS_URL must use https",
                "AUTH_SHARED_SECRET needs at least 32 bytes",
            ],
        ),
        (
            {"AUTH_LEEWAY": "3600", "AUTH_ISSUERS": "[oops"},
            ["AUTH_LEEWAY must be less", "AUTH_ISSUERS must be a JSON list"],
        ),
    ],
)
def test_unsafe_settings_are_told_before_anything_is_tried(
    changed: Changed, source: KeyServer, variables: dict[str, str], told: list[str]
) -> None:
    ended = CliRunner().invoke(app, ["doctor"], env={**environment(changed()), **variables})
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert [words for words in told if words not in ended.stderr] == []
    assert "Traceback" not in ended.stderr
    assert source.requests == 0


def test_every_issuer_of_the_settings_is_asked(doctor: Run, issuer: Issuer) -> None:
    with KeyServer(issuer) as preview:
        more = {
            "name": "preview",
            "issuer": "https://preview.example.com",
            "audience": "duly",
            "jwks_url": preview.url,
        }
        token = issuer.token("alice", issuer=more["issuer"], audience="duly")
        ended = doctor("--token", "-", entered=token, AUTH_ISSUERS=json.dumps([more]))
    assert ended.returncode == 0, ended.stdout
    assert f"tokens of {ORIGIN}, https://preview.example.com" in ended.stdout
    assert "ok   keys of preview: 1 usable" in ended.stdout
