"""What is set, as people, shells and their tools write it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.config import Settings, UnusableSettings, secret_names

Written = Callable[..., Settings]

TEXTS = {
    "database_url": "postgresql://db.example.com/duly",
    "database_url_direct": "postgresql://db.example.com/duly",
    "better_auth_url": "https://app.example.com",
    "auth_issuer": "https://app.example.com",
    "auth_jwks_url": "https://app.example.com/jwks",
    "environment": "development",
    "port": "8001",
    "workers": "3",
    "docs_enabled": "false",
    "rate_limit": "5/second",
    "cors_origins": "https://app.example.com",
    "auth_algorithms": "ES256",
    "trusted_proxies": "10.0.0.0/8",
    "idle_timeout": "7.5",
    "host": "127.0.0.2",
    "metrics_port": "9000",
    "max_tasks_per_user": "7",
    "trash_days": "7",
    "history_days": "7",
    "redis_url": "redis://cache",
    "database_prepared_statements": "off",
    "data_dir": "elsewhere",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in {*Settings.model_fields, *(f"{each}_file" for each in secret_names())}:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """The settings of these environment variables, and no others."""

    def read(**variables: str) -> Settings:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            return Settings()

    return read


@pytest.mark.parametrize("empty", ["", " ", '""', "''", "\t\r\n", "# nothing", "\ufeff"])
def test_an_empty_variable_is_an_unset_one(empty: str, written: Written) -> None:
    unset, names = Settings(_env_file=None), {*Settings.model_fields} - {"auth_shared_secret"}
    assert {name for name in names if written(**{name.upper(): empty}) != unset} == set()


@pytest.mark.parametrize("empty", ["", " ", "\t\r\n"])
def test_a_secret_of_blanks_is_none(empty: str, written: Written) -> None:
    """All else in it counts to the letter."""
    assert written(AUTH_SHARED_SECRET=empty).auth_shared_secret is None


@pytest.mark.parametrize(
    "form",
    [
        *('"{}"', "'{}'", "`{}`", "\u201c{}\u201d", "\u2018{}\u2019", " {} ", "{}\r", "{}\n"),
        *(
            '"{}"\r',
            ' "{}" ',
            "{} # comment",
            '"{}" # comment',
            "{}\t#comment",
            "\ufeff{}",
            "{}\xa0",
        ),
    ],
    ids=repr,
)
def test_what_is_left_round_a_value_does_not_count(form: str, written: Written) -> None:
    for name, text in TEXTS.items():
        others = {"DATABASE_URL": TEXTS["database_url"]} if name == "database_url_direct" else {}
        plain = getattr(written(**{name.upper(): text}, **others), name)
        assert getattr(written(**{name.upper(): form.format(text)}, **others), name) == plain, name
        assert plain != Settings.model_fields[name].default or name == "environment"


@pytest.mark.parametrize("secret", ['"{}"', "'{}'", " {}", "{}\n"], ids=repr)
def test_a_shared_secret_with_something_round_it_is_refused(secret: str, written: Written) -> None:
    with pytest.raises(ValidationError, match="AUTH_SHARED_SECRET begins and ends with") as refusal:
        written(AUTH_SHARED_SECRET=secret.format("a secret of thirty-two bytes or more"))
    assert "thirty" not in str(refusal.value)


@pytest.mark.parametrize(
    "left", ["$PORT", "${PORT}", "${PORT:-8000}", "$(PORT)", "%PORT%", "{{ port }}", "<port>"]
)
def test_a_value_that_nothing_has_filled_in_is_refused(left: str, written: Written) -> None:
    for name in ("PORT", "BETTER_AUTH_URL", "DATABASE_URL", "AUTH_ISSUER", "HOST"):
        with pytest.raises(UnusableSettings, match=f"{name} is .*, which nothing has put a value"):
            written(**{name: left})


@pytest.mark.parametrize(
    "text",
    [
        "PORT=8001",
        "PORT = 8001",
        'export PORT="8001"',
        "PORT='8001' # the port",
        "PORT=8001\r\n",
        "\ufeffPORT=8001",
        "# the port\n\nport=8001",
        "PORT=8000\nPORT=8001",
        "OTHER=800\nPORT=${OTHER}1",
    ],
    ids=repr,
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_line_of_the_file_is_as_good_as_a_variable(
    text: str, encoding: str, written: Written, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(text.encode(encoding))
    assert written().port == 8001
    assert written(PORT="").port == 8001
    assert written(PORT="8002").port == 8002


def test_a_file_that_is_no_text_is_refused_in_a_sentence(written: Written, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=8001\nHOST=\xff\n")
    with pytest.raises(UnusableSettings, match=r"\.env is not text in UTF-8: save it as such"):
        written()


@pytest.mark.parametrize(
    "line",
    ["PORT: 8001", "set PORT=8001", "PORT", "<<<<<<< HEAD", "PORT 8001"],
)
def test_a_line_that_is_none_is_noted_and_the_rest_read(
    line: str, written: Written, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"WORKERS=3\n{line}\nIDLE_TIMEOUT=7\n")
    read = written()
    assert (read.workers, read.port, read.idle_timeout) == (3, 8000, 7)
    assert read.notes == ["line 2 of .env is no NAME=value: not read"]


def test_a_folder_in_the_place_of_the_file_is_noted(written: Written, tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert written().notes == [".env is a folder, not a file: nothing is read from it"]
    (tmp_path / ".env" / "pyvenv.cfg").touch()
    assert written().notes == []


def test_a_file_that_may_not_be_read_is_named(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").touch(mode=0o000)
    if os.geteuid() == 0:  # who reads everything

        def refuse(path: Path) -> bytes:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UnusableSettings, match=r"\.env cannot be read \(Permission denied\)"):
        written()


def test_every_secret_may_be_in_a_file(written: Written, tmp_path: Path) -> None:
    assert {"database_url", "database_url_direct", "auth_shared_secret", "redis_url"} <= (
        secret_names()
    )
    later = "postgresql://of-a-later-setting"
    values = {name: TEXTS.get(name, later) for name in secret_names()}
    values["auth_shared_secret"] = "a secret of thirty-two bytes or more"
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")
    files = {f"{name.upper()}_FILE": str(tmp_path / name) for name in values}
    read = written(**files, AUTH_ISSUER="a", AUTH_AUDIENCE="b")
    assert {name: getattr(read, name).get_secret_value() for name in values} == values


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe\xff", "is not a file of text in UTF-8"),
    ],
    ids=repr,
)
def test_a_secret_that_cannot_be_had_is_told_with_its_file(
    content: bytes | None, words: str, written: Written, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableSettings) as refusal:
        written(DATABASE_URL_FILE=str(path))
    assert str(refusal.value) == f"DATABASE_URL_FILE={path} {words}"


def test_a_file_without_a_name_is_none(written: Written) -> None:
    assert written(DATABASE_URL_FILE="", REDIS_URL_FILE='""') == Settings(_env_file=None)


def test_a_secret_in_both_places_is_refused(written: Written, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("postgresql://a/b")
    with pytest.raises(UnusableSettings, match="DATABASE_URL and DATABASE_URL_FILE are both set"):
        written(DATABASE_URL_FILE="secret", DATABASE_URL="postgresql://a/b")
    assert written(DATABASE_URL_FILE="secret", DATABASE_URL="").database_url is not None


@pytest.mark.parametrize("name", ["PORT", "METRICS_PORT"])
@pytest.mark.parametrize(
    "link", ["tcp://10.96.0.5:9090", "udp://10.0.0.1:53", "tcp://[fd00::1]:80"]
)
def test_a_link_to_a_service_is_noted_and_not_heeded(
    name: str, link: str, written: Written
) -> None:
    read = written(**{name: link})
    assert (read.port, read.metrics_port) == (8000, None)
    [note] = read.notes
    assert note.startswith(f"{name}={link} is a link that Kubernetes or Docker makes")


MISSPELT = {
    "CORS_ORIGIN": "CORS_ORIGINS",
    "CORS_ALLOWED_ORIGINS": "CORS_ORIGINS",
    "CORSORIGINS": "CORS_ORIGINS",
    "CORS_ORGINS": "CORS_ORIGINS",
    "BETTERAUTH_URL": "BETTER_AUTH_URL",
    "BETTER_AUTH_URI": "BETTER_AUTH_URL",
    "DATABSE_URL": "DATABASE_URL",
    "DATABASE_URI": "DATABASE_URL",
    "DATABSE_URL_FILE": "DATABASE_URL",
    "ENVIROMENT": "ENVIRONMENT",
    "DULY_PORT": "PORT",
    "DULY_DATABASE_URL": "DATABASE_URL",
    "TRUSTED_PROXY": "TRUSTED_PROXIES",
    "AUTH_AUDIENCES": "AUTH_AUDIENCE",
    "AUTH_JWKS_URI": "AUTH_JWKS_URL",
    "RATE_LIMITS": "RATE_LIMIT",
    "METRIC_PORT": "METRICS_PORT",
    "DOCS_ENABLE": "DOCS_ENABLED",
    "AUTH_SHRAED_SECRET": "AUTH_SHARED_SECRET",
    "MAX_CONNECTION": "MAX_CONNECTIONS",
    "export BETTER_AUTH_URL": "BETTER_AUTH_URL",
    "BETTER-AUTH-URL": "BETTER_AUTH_URL",
    "$env:PORT": "PORT",
}


def test_a_misspelt_name_is_hinted_at_while_the_right_one_is_not_set(written: Written) -> None:
    for name, meant in MISSPELT.items():
        assert written(**{name: "1"}).notes == [f"{name} is no setting: did you mean {meant}?"]
        if meant.lower() in TEXTS:
            told = written(**{name: "1", meant: TEXTS[meant.lower()]}).notes
            assert [note for note in told if name in note] == []


def test_a_misspelt_line_of_the_file_is_hinted_at(written: Written, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CORS_ORIGIN=https://app.example.com\nHOSTNAME=x\n")
    assert written().notes == ["CORS_ORIGIN is no setting: did you mean CORS_ORIGINS?"]


FOREIGN = """
HOME PATH HOSTNAME HOSTTYPE HOST_IP USER SHELL PWD LANG TZ TMPDIR TERM PORTS WORKER PORT_HTTP
NODE_ENV ENV APP_ENV PGHOST PGPORT PGUSER PGPASSWORD PGSSLMODE PGDATABASE POSTGRES_URL
POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB DATABASE_USER DATABASE_HOST DATABASE_NAME DATABASE_PORT
DATABASE_PASSWORD DATABASE_URL_UNPOOLED DATABASE_PUBLIC_URL TEST_DATABASE_URL DIRECT_URL
SQLALCHEMY_DATABASE_URI REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_TLS_URL KV_URL AUTH_URL
AUTH_SECRET AUTH_TRUST_HOST AUTH_GITHUB_ID BETTER_AUTH_SECRET BETTER_AUTH_TRUSTED_ORIGINS
BETTER_AUTH_TELEMETRY NEXT_PUBLIC_BETTER_AUTH_URL NEXT_PUBLIC_DULY_URL NEXTAUTH_URL JWT_SECRET
READ_TIMEOUT KEEPALIVE_TIMEOUT REQUEST_TIMEOUT TRUST_PROXY WEB_CONCURRENCY FORWARDED_ALLOW_IPS
HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE PYTHONPATH VIRTUAL_ENV CI DEBUG LOG_LEVEL
KUBERNETES_SERVICE_HOST KUBERNETES_PORT DULY_SERVICE_HOST DULY_SERVICE_PORT DULY_PORT_8000_TCP
DULY_PORT_8000_TCP_PORT DULY_VERSION RAILWAY_ENVIRONMENT VERCEL_URL FLY_APP_NAME DYNO RENDER
DATADIR DATA RATE LIMIT ORIGIN ORIGINS ALLOWED_HOSTS SECRET_KEY XDG_DATA_DIRS DBUS_SESSION_BUS
"""


def test_a_variable_of_another_program_is_nobodys_business(written: Written) -> None:
    told = {name: written(**{name: "1"}).notes for name in FOREIGN.split()}
    assert {name: notes for name, notes in told.items() if notes} == {}


def test_the_links_of_a_service_called_duly_are_none_of_its_settings(written: Written) -> None:
    link = "tcp://10.0.0.7:8000"
    assert written(DULY_PORT=link, REDIS_PORT=link, DATABASE_PORT=link).notes == []


@pytest.mark.parametrize(
    "variables",
    [
        {"DATABASE_URL_FILE": "postgresql://app:hush-77@db/app"},
        {"AUTH_SHARED_SECRET_FILE": "hush-77"},
        {"REDIS_URL": "<redis://:hush-77@db/0>"},
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(
    variables: dict[str, str], written: Written
) -> None:
    with pytest.raises(UnusableSettings) as refused:
        written(**variables)
    assert "hush-77" not in str(refused.value)
