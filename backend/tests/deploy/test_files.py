"""The files of deploy/ are accepted by the programs that read them, and say what Duly knows."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from backend.config import Settings
from backend.database.embedded import EmbeddedServer
from backend.database.urls import with_database
from backend.serving.worker import STOP_SECONDS
from backend.tests.docs.pages import ROOT
from backend.tests.support.haproxy import PROGRAM as HAPROXY

DEPLOY = ROOT / "deploy"
FILES = [
    path
    for path in sorted(DEPLOY.rglob("*"))
    if path.suffix in {".yaml", ".service"} or path.name.endswith("Dockerfile")
]
UNITS = sorted(DEPLOY.glob("*.service"))
PODS = [DEPLOY / "kubernetes" / name for name in ("deployment.yaml", "migration.yaml")]
# What Python, Node, the shell, make, PostgreSQL's image, the application and Compose itself read.
OTHERS = re.compile(
    r"PATH|TMPDIR|PYTHON[A-Z]+|PIP_INDEX_URL|POSTGRES_[A-Z_]+|(APP|DULY)_HOST|ALL"
    r"|NODE_ENV|HOSTNAME|STANDALONE|NPM_CONFIG_REGISTRY|NEXT_TELEMETRY_DISABLED|DULY_URL|BETTER_AUTH_SECRET_FILE"
)
HOSTS = {"APP_HOST": "app.example.com", "DULY_HOST": "duly.example.com"}


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "HOME": "/nonexistent", **variables}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_a_setting(path: Path) -> None:
    known = {name.upper() for name in Settings.model_fields}
    kept = "\n".join(
        line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")
    )
    named = set(re.findall(r"\b([A-Z][A-Z_]{2,}[A-Z])(?==|: |:-|:\?)", kept))
    unknown = {name for name in named if not OTHERS.fullmatch(name)}
    assert {name for name in unknown if name.removesuffix("_FILE") not in known} == set()


def test_whoever_stops_it_waits_until_it_has_drained() -> None:
    configuration = (DEPLOY / "kubernetes" / "configuration.yaml").read_text("utf-8")
    [drain] = re.findall(r'DRAIN_SECONDS: "(\d+)"', configuration)
    [grace] = re.findall(r"terminationGracePeriodSeconds: (\d+)", PODS[0].read_text("utf-8"))
    assert int(grace) > int(drain) + STOP_SECONDS + 2
    [unit] = re.findall(r"TimeoutStopSec=(\d+)", (DEPLOY / "duly.service").read_text("utf-8"))
    assert int(unit) > STOP_SECONDS + 2


@pytest.mark.parametrize("path", PODS, ids=lambda path: path.name)
def test_pods_are_restricted_and_take_no_variables_from_the_cluster(path: Path) -> None:
    """As the Pod Security Standard `restricted` has it."""
    text = path.read_text("utf-8")
    for line in (
        "enableServiceLinks: false",
        "automountServiceAccountToken: false",
        "runAsNonRoot: true",
        "type: RuntimeDefault",
        "allowPrivilegeEscalation: false",
        "readOnlyRootFilesystem: true",
        'drop: ["ALL"]',
    ):
        assert line in text, line


@needs("systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_reads_the_units_and_finds_little_exposed(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    here.write_text(unit.read_text("utf-8").replace("/opt/duly/bin/duly", "/bin/true"))
    verified = run("systemd-analyze", "verify", "--man=no", here)
    assert (verified.returncode, verified.stderr) == (0, "")
    # Of 100 points; a service without any protection has 96.
    judged = run("systemd-analyze", "security", "--offline=true", "--threshold=15", here)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
def test_haproxy_reads_its_configuration(tmp_path: Path) -> None:
    made = run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=duly"),
        *("-keyout", tmp_path / "key", "-out", tmp_path / "certificate"),
    )
    assert made.returncode == 0, made.stderr
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "certificate").read_text() + (tmp_path / "key").read_text())
    text = (DEPLOY / "haproxy.cfg").read_text("utf-8")
    file = tmp_path / "haproxy.cfg"
    file.write_text(text.replace("/etc/haproxy/certificates/", str(both)))
    checked = run(HAPROXY or "", "-c", "-f", file)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "WARNING" not in checked.stdout + checked.stderr


@needs("caddy")
def test_caddy_reads_what_compose_gives_it(tmp_path: Path) -> None:
    file = DEPLOY / "compose.caddy"
    read = run("caddy", "adapt", "--config", file, "--adapter", "caddyfile", HOME=str(tmp_path))
    assert read.returncode == 0, read.stderr
    assert '"delete":["Forwarded","X-Forwarded-Prefix"]' in read.stdout


@needs("docker-compose")
@pytest.mark.parametrize(
    ("missing", "asked"),
    [("APP_HOST", "the host name of the application"), ("DULY_HOST", "the host name of Duly")],
)
def test_compose_reads_its_file_and_asks_for_what_only_the_operator_knows(
    missing: str, asked: str
) -> None:
    command = ("docker-compose", "-f", DEPLOY / "compose.yaml", "config", "--quiet")
    others = {name: value for name, value in HOSTS.items() if name != missing}
    assert asked in run(*command, **others).stderr
    read = run(*command, **HOSTS)
    assert (read.returncode, read.stderr) == (0, "")


@needs("docker-compose")
def test_the_application_is_told_all_that_it_asks_for_in_compose() -> None:
    asked = (ROOT / "examples" / "nextjs" / "lib" / "settings.ts").read_text("utf-8")
    names = set(re.findall(r"^  ([A-Z_]+): '", asked, re.MULTILINE))
    assert names
    frontend = compose().partition("\n  frontend:\n")[2].partition("\n  migrate:\n")[0]
    told = set(re.findall(r"^      ([A-Z_]+):", frontend, re.MULTILINE))
    assert {name.removesuffix("_FILE") for name in told} == names


def test_secrets_of_the_application_come_from_files_and_process_1_is_no_shell(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("it's-$ecret\n")
    command = ("sh", DEPLOY / "frontend.sh", "sh", "-c", 'ps -o args= -p "$PPID"; env')
    told = run(*command, BETTER_AUTH_SECRET_FILE=str(secret), DATABASE_URL="as it was").stdout
    assert "BETTER_AUTH_SECRET=it's-$ecret\n" in told
    assert "DATABASE_URL=as it was\n" in told
    assert "frontend.sh" not in told
    gone = run("sh", DEPLOY / "frontend.sh", "true", DATABASE_URL_FILE=str(tmp_path / "none"))
    assert gone.returncode != 0


def compose() -> str:
    return run("docker-compose", "-f", DEPLOY / "compose.yaml", "config", **HOSTS).stdout


def kubernetes() -> str:
    return (DEPLOY / "kubernetes" / "configuration.yaml").read_text("utf-8")


@pytest.mark.parametrize("read", [pytest.param(compose, marks=needs("docker-compose")), kubernetes])
def test_production_starts_with_the_values_as_they_stand(
    read: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = dict(re.findall(r"^ +([A-Z_]{4,}): [\"']?([^\"'\n]*)", read(), re.MULTILINE))
    secret = tmp_path / "database_url"
    secret.write_text("postgresql://duly:letmein@database/duly\n")
    given |= {"DATABASE_URL_FILE": str(secret), "ENVIRONMENT": "production"}
    for name in ("DATABASE_URL", *given):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None)
    assert settings.cors_origins == ("https://app.example.com",)
    assert settings.trusted_proxies
    assert settings.database_url
    assert settings.metrics_port == 9100


@needs("psql")
def test_the_logins_that_compose_makes_are_no_superusers_and_keep_to_their_databases(
    cluster: EmbeddedServer, tmp_path: Path
) -> None:
    socket = cluster.url().partition("host=")[2]
    script = (DEPLOY / "database.sh").read_text("utf-8")
    known = {"POSTGRES_USER": "postgres", "PGHOST": socket}
    for name in ("duly", "app"):  # others may have made a `duly` on this server
        script = script.replace(f"make_login {name} ", f"make_login composed_{name} ")
        secret = tmp_path / name
        secret.write_text(f"postgresql://{name}:it's-$ecret@database/{name}\n")
        known[f"{'APP_' if name == 'app' else ''}DATABASE_URL_FILE"] = str(secret)
    made = run("sh", "-c", script, **known)
    assert made.returncode == 0, made.stderr

    for name, other, may_make_roles in (("duly", "app", True), ("app", "duly", False)):
        url = with_database(cluster.url(), f"composed_{name}")
        own = url.replace("postgres@", f"composed_{name}@")
        with psycopg.connect(own) as connection:
            asked = "select rolsuper, rolcreaterole from pg_roles where rolname = current_user"
            assert connection.execute(asked).fetchone() == (False, may_make_roles)
            connection.execute("create table public.mine ()")
            connection.rollback()
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(with_database(own, f"composed_{other}"))
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        kept = "select rolpassword like 'SCRAM-%' from pg_authid where rolname ~ '^composed_'"
        assert connection.execute(kept).fetchall() == [(True,), (True,)]
        for name in ("composed_duly", "composed_app"):
            connection.execute(f"drop database {name}".encode())
            connection.execute(f"drop role {name}".encode())
