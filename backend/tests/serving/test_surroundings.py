"""What machines, shells, containers and orchestrators put round the program."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from backend.cli import app
from backend.config import Settings
from backend.tests.support import program as programs
from backend.tests.support.processes import NO_TLS, Program, ProgramError, started
from backend.tests.support.program import DULY

DEVELOPMENT = {
    "ENVIRONMENT": "development",
    **dict.fromkeys(("AUTH_JWKS_URL", "AUTH_ISSUER", "AUTH_AUDIENCE", "CORS_ORIGINS"), ""),
}
HTTPS = {"AUTH_JWKS_URL": "https://app.example.com/jwks"}

own_mounts = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0,
    reason="needs the right to mounts of its own",
)

HARMLESS = {
    "of a shell and a host": {
        "LC_ALL": "tr_TR.ISO-8859-9",
        "TZ": ":/etc/passwd",
        "TERM": "nonsense",
        "COLUMNS": "wide",
        "PS1": "\x1b[31m",
        "TMPDIR": "/nowhere/at/all",
        "HOME": "/nowhere",
        "WEB_CONCURRENCY": "auto",
        "UVICORN_PORT": "x",
        "PROMETHEUS_MULTIPROC_DIR": "/nowhere",
        "METRICS_PORT": "tcp://10.96.0.5:9090",
        "DULY_PORT": "tcp://10.96.0.6:80",
        "DULY_SERVICE_HOST": "10.96.0.6",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317",
    },
    "of no language, Python and a network": {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
        "TZ": "Mars/Phobos",
        "PYTHONPATH": ".",
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTHONASYNCIODEBUG": "1",
        "PYTHONINTMAXSTRDIGITS": "640",
        "PYTHONNOUSERSITE": "1",
        "ALL_PROXY": "socks5://127.0.0.1:1080",
        "http_proxy": "http://127.0.0.1:9",
        "NO_PROXY": "***,[,10.0.0.0/99",
        "SSL_CERT_FILE": "/nowhere.pem",
        "SSL_CERT_DIR": "/nowhere",
    },
}


@pytest.mark.parametrize("variables", HARMLESS.values(), ids=HARMLESS)
def test_what_is_not_needed_does_not_hinder(
    variables: dict[str, str], settings: Settings, tmp_path: Path
) -> None:
    with programs.serve(settings, tmp_path, **variables) as program:
        output = program.output()
    assert "Traceback" not in output
    assert "Traceback" not in program.output()


@pytest.mark.parametrize(
    "streams", ["<&- >&- 2>&-", ">&-", ">/dev/full 2>&1", "> pipe 2>&1"], ids=str
)
def test_it_serves_though_nobody_takes_what_it_says(
    streams: str, settings: Settings, tmp_path: Path
) -> None:
    command = f'mkfifo pipe; (: <pipe) & exec "{DULY}" serve {streams}'
    port = programs.free_port()
    # In development, where it greets as well.
    variables = {**programs.environment(settings), **DEVELOPMENT, "PORT": str(port)}
    with started(Program("mute", ["sh", "-c", command], variables, tmp_path)) as program:
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", verify=NO_TLS, trust_env=False
        ) as client:

            def serves() -> bool | None:
                try:
                    return client.get("/readyz").is_success or None
                except httpx2.TransportError:
                    return None

            for _ in range(300):  # long enough for what they say to be written
                assert program.wait_for(serves)
        assert program.output() == ""


NOWHERE = "/proc/nowhere"
REFUSED = [
    ({"OTEL_PROPAGATORS": "tracecontext,baggage,b3"}, "OTEL_PROPAGATORS would have it: unset"),
    ({"OTEL_PYTHON_TRACER_PROVIDER": "sdk"}, "OTEL_PYTHON_TRACER_PROVIDER would have it: unset"),
    ({**HTTPS, "SSL_CERT_FILE": "/nowhere.pem"}, "SSL_CERT_FILE=/nowhere.pem cannot be used (No"),
    ({**HTTPS, "SSL_CERT_FILE": "/etc/passwd"}, "SSL_CERT_FILE=/etc/passwd cannot be used (no"),
    ({**DEVELOPMENT, "DATA_DIR": NOWHERE}, f"DATA_DIR={NOWHERE} cannot keep the signing key"),
    (
        {**DEVELOPMENT, "DATA_DIR": NOWHERE, "DATABASE_URL": ""},
        f"DATA_DIR={NOWHERE} cannot be used",
    ),
    ({**DEVELOPMENT, "DATA_DIR": "/etc/passwd", "DATABASE_URL": ""}, "DATA_DIR=/etc/passwd cannot"),
    ({"HOST": "x86_64-conda-linux-gnu"}, "(Conda and csh set HOST"),
    ({"HOST": "a..b"}, "HOST=a..b is no address of this machine: set HOST to 127.0.0.1"),
    ({"HOST": "a" * 300}, "is no address of this machine: set HOST to 127.0.0.1"),
]


@pytest.mark.parametrize(("variables", "words"), REFUSED, ids=str)
def test_what_is_needed_is_named_in_one_line(
    variables: dict[str, str], words: str, settings: Settings, tmp_path: Path
) -> None:
    [line] = refused(["env", DULY, "serve"], settings, tmp_path, **variables)
    assert words in line


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("ulimit -n 64", "The limit of open files is 64, and Duly needs 1024 or more: raise it"),
        ("ulimit -n 16", "The limit of open files is 16, and Duly needs 1024 or more: raise it"),
    ],
)
def test_a_shell_that_grants_too_little_is_told(
    before: str, words: str, settings: Settings, tmp_path: Path
) -> None:
    command = ["sh", "-c", f'{before} && exec "{DULY}" serve']
    [line] = refused(command, settings, tmp_path)
    assert line.startswith(words)


@pytest.mark.skipif(
    shutil.which("setpriv") is None
    or int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text("ascii")) < 2,
    reason="this machine lets everybody listen on low ports, or cannot take the right away",
)
def test_a_low_port_without_the_right_to_it_is_told(settings: Settings, tmp_path: Path) -> None:
    command = ["setpriv", "--bounding-set", "-net_bind_service", DULY, "serve"]
    [line] = refused(command, settings, tmp_path, PORT="1")
    assert line == "PORT=1 needs privileges that this user lacks: set 1024 or more."


@own_mounts
def test_a_root_that_is_read_only_wants_a_place_for_temporary_files(
    settings: Settings, tmp_path: Path
) -> None:
    command = (
        f'mount -o remount,ro,bind / 2>/dev/null || mount --bind -o ro / /; exec "{DULY}" serve'
    )
    sealed = ["unshare", "-m", "sh", "-c", command]
    [line] = refused(sealed, settings, tmp_path, TMPDIR="/nowhere")
    assert line.startswith("TMPDIR: no folder for temporary files can be written")


def test_variables_of_another_database_do_not_lead_the_embedded_one_astray(
    settings: Settings, tmp_path: Path
) -> None:
    changes = {**DEVELOPMENT, "DATABASE_URL": "", "PGTZ": "Mars", "PGPORT": "x", "PGSERVICE": "x"}
    with programs.serve(settings, tmp_path, **changes, PGSSLMODE="x", PGOPTIONS="-c x=y"):
        pass


@pytest.mark.parametrize("kind", [b"\xff\xfe\x00", b"PORT=\xe4\n"], ids=["half", "Latin 1"])
def test_a_file_of_settings_that_is_no_text_is_named_by_each_command(
    kind: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(kind)
    for command in ("serve", "token", "doctor", "migrate"):
        told = CliRunner().invoke(app, [command])
        assert (told.exit_code, told.stdout) == (1, "")
        assert told.stderr.splitlines()[1:] == ["  .env is not text in UTF-8: save it as such"]


@own_mounts
def test_a_name_is_served_on_all_its_addresses_that_are_here(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("127.0.0.1 duly\n::1 duly\n192.0.2.1 duly\n")
    port, metrics = str(programs.free_port()), str(programs.free_port())
    variables = {
        **programs.environment(settings),
        "HOST": "duly",
        "PORT": port,
        "METRICS_PORT": metrics,
    }
    command = f'mount --bind hosts /etc/hosts && exec "{DULY}" serve'
    named = ["unshare", "-m", "sh", "-c", command]
    with started(Program("named", named, variables, tmp_path)) as program:
        program.wait_for(lambda: '"serving"' in program.output() or None)
        assert f'"origin":"http://duly:{port}"' in program.output()
        for address in ("127.0.0.1", "[::1]"):
            for url in (f"{address}:{port}/livez", f"{address}:{metrics}/metrics"):
                assert httpx2.get(f"http://{url}", verify=NO_TLS, trust_env=False).is_success


@own_mounts
def test_a_port_that_is_taken_on_one_of_several_addresses_is_told(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("127.0.0.1 duly\n::1 duly\n")
    command = f'mount --bind hosts /etc/hosts && exec "{DULY}" serve'
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = str(taken.getsockname()[1])
        named = ["unshare", "-m", "sh", "-c", command]
        [line] = refused(named, settings, tmp_path, HOST="duly", PORT=port)
    assert line.startswith(f"PORT={port} is taken by ")


def test_an_ipv6_address_is_shown_as_curl_can_read_it(settings: Settings, tmp_path: Path) -> None:
    port = programs.free_port()
    changes = {**DEVELOPMENT, "HOST": "::1", "PORT": str(port), "DATA_DIR": str(tmp_path / "data")}
    variables = {**programs.environment(settings), **changes}
    with started(Program("six", [DULY, "serve"], variables, tmp_path)) as program:
        program.wait_for(lambda: "Duly serves" in program.output() or None)
        assert f"Duly serves http://[::1]:{port} " in program.output()
        assert f"http://[::1]:{port}/api/tasks" in program.output()
        assert f"http://::1:{port}" not in program.output()


def test_the_start_tells_what_is_probably_misspelt_and_doctor_as_well(
    settings: Settings, tmp_path: Path
) -> None:
    changes = {"CORS_ORIGINS": "", "CORS_ORIGIN": "https://app.example.com"}
    hint = "CORS_ORIGIN is no setting: did you mean CORS_ORIGINS?"
    with programs.serve(settings, tmp_path, **changes) as program:
        assert f"WARN {hint}" in program.output().splitlines()
    told = subprocess.run(
        [DULY, "doctor"],
        env={**programs.environment(settings), **changes},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"WARN settings: {hint}" in told.stdout
    assert "ok   pages: none may call from a browser: CORS_ORIGINS is not set" in told.stdout


def test_a_token_needs_no_server_and_no_database(tmp_path: Path) -> None:
    """They are what takes long to import."""
    command = [sys.executable, "-X", "importtime", DULY, "token"]
    made = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert made.stdout.count(".") == 2
    imported = {line.rpartition("|")[2].strip() for line in made.stderr.splitlines()}
    heavy = {"fastapi", "starlette", "sqlalchemy", "psycopg", "alembic", "httpx2", "rich", "uvloop"}
    assert "backend.security.signing" in imported
    assert imported & heavy == set()


def refused(command: list[str], settings: Settings, directory: Path, **changes: str) -> list[str]:
    """The lines that a command says which cannot do what it should, in the environment."""
    port = str(programs.free_port())
    variables = {**programs.environment(settings), "PORT": port, **changes}
    with started(Program("refused", command, variables, directory)) as program:
        with pytest.raises(ProgramError, match="ended with 1"):
            program.wait_for(lambda: None)
        return program.output().splitlines()
