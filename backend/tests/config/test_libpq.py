"""Parameters of connections that libpq would refuse: said at start, by their names."""

from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr, ValidationError
from typer.testing import CliRunner

from backend.cli import app
from backend.config import Settings
from backend.database import urls

PLACE = "postgresql://duly:hush@127.0.0.1:1/duly"
MENDED = "which libpq refuses"
NUMBER = "which must be a whole number"

BAD = [
    *(
        ("connect_timeout=abc", NUMBER),
        ("connect_timeout=1.5", NUMBER),
        ("connect_timeout=", NUMBER),
    ),
    *(("keepalives=on", NUMBER), ("keepalives_idle=x", NUMBER), ("keepalives_interval=5s", NUMBER)),
    *(("keepalives_count=many", NUMBER), ("tcp_user_timeout=1e3", NUMBER)),
    *(("gssencmode=odd", MENDED), ("channel_binding=odd", MENDED), ("require_auth=odd", MENDED)),
    *(("target_session_attrs=odd", MENDED), ("load_balance_hosts=odd", MENDED)),
    *(("sslcertmode=odd", MENDED), ("ssl_min_protocol_version=odd", MENDED)),
    *(("sslnegotiation=odd", MENDED), ("sslrootcert=system&sslmode=require", MENDED)),
    *(("port=0", MENDED), ("port=1,2", MENDED)),
]
VARIABLES = {
    "PGCONNECT_TIMEOUT": "abc",
    "PGSSLMODE": "odd",
    "PGGSSENCMODE": "odd",
    "PGCHANNELBINDING": "odd",
    "PGTARGETSESSIONATTRS": "odd",
    "PGLOADBALANCEHOSTS": "odd",
    "PGREQUIREAUTH": "odd",
    "PGPORT": "odd",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*Settings.model_fields, *VARIABLES, "PGSERVICE", "PGHOST"):
        monkeypatch.delenv(name.upper(), raising=False)


def refused(url: str) -> str:
    with pytest.raises(ValidationError) as refusal:
        Settings(_env_file=None, database_url=SecretStr(url))
    [error] = refusal.value.errors(include_input=False)
    return error["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(("query", "words"), BAD)
def test_a_value_that_libpq_refuses_is_named_without_repeating_it(query: str, words: str) -> None:
    message = refused(f"{PLACE}?{query}")
    name = query.rpartition("&")[2].partition("=")[0]
    assert message.startswith(f"DATABASE_URL has `{name}`, ")
    assert words in message
    assert "hush" not in message
    assert "odd" not in message


@pytest.mark.parametrize("query", ["connect_timeout=abc", "keepalives_idle=x", "gssencmode=odd"])
def test_a_connection_would_fail_of_it_and_not_of_the_server(query: str) -> None:
    with pytest.raises(psycopg.Error) as failure:
        urls.connect(f"{PLACE}?{query}")
    assert "Connection refused" not in str(failure.value)


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_that_libpq_refuses_is_named(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, VARIABLES[variable])
    message = refused("postgresql://duly:hush@db.example.com/duly")
    assert message.startswith(f"DATABASE_URL is used with {variable}, which ")
    assert "hush" not in message


def test_what_the_url_says_itself_counts_more_than_a_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGSSLMODE", "odd")
    assert Settings(_env_file=None, database_url=SecretStr(f"{PLACE}?sslmode=prefer")).database_url


def test_variables_of_libpq_are_nobodys_business_without_a_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGSSLMODE", "odd")
    assert Settings(_env_file=None).database_url is None


@pytest.mark.parametrize(
    "query",
    [
        *("gssencmode=require", "gssencmode=disable", "sslrootcert=system", "connect_timeout=0"),
        *("host=a,b&port=1,2", "host=a,b&port=1", "hostaddr=127.0.0.1", "keepalives=0"),
        *("require_auth=!password,!md5", "sslnegotiation=direct&sslmode=require"),
    ],
)
def test_what_libpq_takes_is_taken(query: str) -> None:
    url = f"postgresql:///d?{query}"
    assert Settings(_env_file=None, database_url=SecretStr(url)).database_url


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_DIRECT", "DATABASE_URL_REPLICA"])
@pytest.mark.parametrize("command", ["serve", "migrate", "doctor"])
def test_every_command_says_so_of_every_database(command: str, name: str) -> None:
    variables = {"DATABASE_URL": PLACE, name: f"{PLACE}?keepalives_idle=x"}
    told = CliRunner().invoke(app, [command], env=variables)
    assert (told.exit_code, told.stdout) == (1, "")
    [_, line] = told.stderr.splitlines()
    assert line == f"  {name} has `keepalives_idle`, which must be a whole number"


REPEATED = [
    "host=h user=u password=pa host=hush dbname=d",
    "host=h password=hush password=hush2",
    "user=u host=h port=1 password=a port=hush",
    "dbname=d host = h password=x\\ y host = hush",
]


@pytest.mark.parametrize("pairs", REPEATED)
def test_a_password_with_blanks_that_was_not_quoted_is_refused_and_not_shown(pairs: str) -> None:
    message = refused(pairs)
    assert "more than once: a value with blanks in it stands in single quotes" in message
    assert "hush" not in message


@pytest.mark.parametrize(
    "query",
    [*("password=pa&user=u&user=hush", "password=hush&password=x"), "port=1&password=a&port=5"],
)
def test_a_password_with_an_ampersand_that_was_not_encoded_is_refused(query: str) -> None:
    message = refused(f"postgresql://h/d?{query}")
    assert "more than once: an `&` in a value is %26" in message
    assert "hush" not in message


@pytest.mark.parametrize(
    "pairs",
    [
        "host=h password='pa host=ss' dbname=d",
        "host=h password='it\\'s host=x'",
        "host=h user=host",
    ],
)
def test_what_is_quoted_is_no_keyword(pairs: str) -> None:
    assert Settings(_env_file=None, database_url=SecretStr(pairs)).database_url
