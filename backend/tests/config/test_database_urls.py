"""`DATABASE_URL` as people, hosts and drivers write it, and what libpq is told."""

import os
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr, ValidationError

from backend.config import Settings
from backend.config.database_urls import ignored_parameters
from backend.database import urls
from backend.database.urls import first_line

PLACE = "postgresql://duly:letmein@db.example.com/duly"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*Settings.model_fields, "PGSSLKEY", "PGSERVICE", "PGCONNECT_TIMEOUT"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def settings(url: str) -> Settings:
    return Settings(_env_file=None, database_url=SecretStr(url))


def read(url: str) -> dict[str, Any]:
    """What libpq reads in the end."""
    configured = settings(url).database_url
    assert configured is not None
    return conninfo_to_dict(configured.get_secret_value())


def refused(url: str) -> str:
    with pytest.raises(ValidationError) as refusal:
        settings(url)
    [error] = refusal.value.errors(include_input=False)
    assert error["msg"].startswith("Value error, DATABASE_URL ")
    return error["msg"]


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (PLACE, {"host": "db.example.com", "user": "duly", "password": "letmein"}),
        (
            "postgres://a:p%40%2F%3A@h1:1,h2:2/d?target_session_attrs=read-write",
            {"host": "h1,h2", "port": "1,2", "password": "p@/:"},
        ),
        ("postgresql://a@[2001:db8::1]:5433/d", {"host": "2001:db8::1", "port": "5433"}),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/d", {"host": "/var/run/postgresql"}),
        ("postgresql:///d?host=/cloudsql/a:b:c&user=u", {"host": "/cloudsql/a:b:c", "user": "u"}),
        ("postgresql://u:p?a#b@h/d", {"password": "p?a#b", "host": "h"}),
        ("service=tasks", {"service": "tasks"}),
        ("postgresql://?service=tasks", {"service": "tasks"}),
        ("host=h dbname=d password='two words'", {"host": "h", "password": "two words"}),
        ("postgresql://u@h/d?passfile=/run/secrets/pgpass", {"passfile": "/run/secrets/pgpass"}),
        ("postgresql://u@h/d?options=endpoint%3Dep-cool", {"options": "endpoint=ep-cool"}),
        (f"{PLACE}?sslmode=require&channel_binding=require", {"channel_binding": "require"}),
        (f"{PLACE}?sslmode=verify-full&sslrootcert=system", {"sslrootcert": "system"}),
        (f"{PLACE}?Application_Name=x&connect-timeout=7", {"connect_timeout": "7"}),
    ],
)
def test_what_libpq_reads_stays_as_it_is(url: str, parts: dict[str, str]) -> None:
    assert parts.items() <= read(url).items()
    assert ignored_parameters(settings(url)) == []


@pytest.mark.parametrize(
    "scheme",
    [
        *("postgres", "postgresql+psycopg", "postgresql+asyncpg", "postgresql+psycopg2"),
        *("postgres+pg8000", "pgsql", "postgis", "jdbc:postgresql", "POSTGRESQL"),
    ],
)
def test_the_schemes_of_other_drivers_name_the_same_database(scheme: str) -> None:
    assert read(PLACE.replace("postgresql", scheme)) == read(PLACE)


@pytest.mark.parametrize(
    "written",
    [f'"{PLACE}"', f"'{PLACE}'", f"  {PLACE}\n", f"psql '{PLACE}'", f"psql {PLACE}", f"`{PLACE}`"],
)
def test_what_shells_files_and_consoles_put_around_it_is_taken_off(written: str) -> None:
    assert read(written) == read(PLACE)


def test_all_databases_are_read_alike() -> None:
    url = SecretStr(f"{PLACE}?schema=public")
    said = ignored_parameters(
        Settings(
            _env_file=None, database_url=url, database_url_direct=url, database_url_replica=url
        )
    )
    names = [sentence.partition(" ")[0] for sentence in said]
    assert names == ["DATABASE_URL", "DATABASE_URL_DIRECT", "DATABASE_URL_REPLICA"]


@pytest.mark.parametrize("blank", ["", "  ", '""', "\n"])
def test_a_blank_one_is_none(blank: str) -> None:
    assert settings(blank).database_url is None


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        *(("ssl=true", "require"), ("ssl=1", "require"), ("ssl=require", "require")),
        *(("ssl=verify-full", "verify-full"), ("ssl=no-verify", "require")),
        *(("ssl=false", "disable"), ("ssl=prefer", "prefer"), ("ssl=True", "require")),
        *(("sslmode=no-verify", "require"), ("sslmode=Require", "require")),
        *(("sslMode=verify_ca", "verify-ca"), ("sslmode=verify%2Dfull", "verify-full")),
        ("sslmode=verify-full&ssl=true", "verify-full"),
        ("ssl=true&sslmode=verify-full", "verify-full"),
        ("sslmode=disable&ssl=true", "require"),
        ("sslmode=require&sslmode=prefer", "require"),
    ],
)
def test_what_asks_for_encryption_is_put_into_libpqs_words(query: str, mode: str) -> None:
    assert read(f"{PLACE}?{query}")["sslmode"] == mode
    assert ignored_parameters(settings(f"{PLACE}?{query}")) == []


@pytest.mark.parametrize(
    "query",
    [
        "pgbouncer=true&connection_limit=1&pool_timeout=0",  # Prisma
        *("schema=public", "socket_timeout=5&statement_cache_size=0"),
        *("uselibpqcompat=true", "supa=base-pooler.x", "workaround=supabase-pooler.vercel"),
        *("prepared_statement_cache_size=0", "command_timeout=60", "server_settings=x"),
        *("pool_max_conns=10&default_query_exec_mode=exec", "statement-cache-capacity=0"),
        *("prepareThreshold=0&currentSchema=app&ApplicationName=x", "conn_max_age=600"),
    ],
)
def test_what_means_nothing_to_a_connection_is_left_out_and_named(query: str) -> None:
    url = f"{PLACE}?{query}&sslmode=require"
    assert read(url) == {**read(PLACE), "sslmode": "require"}
    [sentence] = ignored_parameters(settings(url))
    for name in re.findall(r"([\w-]+)=", query):
        assert name in sentence
    assert "letmein" not in sentence


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sslaccept=strict", "`sslaccept`.*sslmode=verify-full&sslrootcert=system"),
        ("sslaccept=accept_invalid_certs", "`sslaccept`.*sslmode=require"),
        ("sslidentity=client.p12", "`sslidentity`.*`sslcert` and `sslkey`"),
        ("sslcert=ca.pem", "`sslcert` without `sslkey`.*`sslrootcert`"),
        ("direct_tls=true", "`direct_tls`.*sslnegotiation=direct"),
        ("ssl_require=true", "`ssl_require`.*sslmode=require"),
        ("requiressl=1", "`requiressl`.*sslmode=require"),
        ("sslfactory=org.x", "`sslfactory`.*`sslmode`"),
        ("ssl_mode=require", "`ssl_mode`.*is `sslmode` meant"),
        ("trustServerCertificate=true", "`trustServerCertificate`.*how to encrypt"),
        ("ssl=%7B%22rejectUnauthorized%22%3Afalse%7D", "`ssl`"),
        ("sslmode=secret", "`sslmode` that is none of"),
        ("unix_sock=/cloudsql/x", "`unix_sock`.*`host=`"),
        ("username=x", "`username`.*`user`"),
        ("target_session_attr=primary", "`target_session_attr`.*is `target_session_attrs` meant"),
        ("no_such_parameter=1", "`no_such_parameter`.*take it out"),
        ("host=h1:1&host=h2:2", "host1:5432,host2:5432"),
        ("host=h1:1", "host1:5432,host2:5432"),
    ],
)
def test_what_libpq_does_not_have_is_refused_by_its_name(query: str, words: str) -> None:
    message = refused(f"{PLACE}?{query}")
    assert re.search(words, message), message
    assert "letmein" not in message
    assert query.partition("=")[2] not in message.replace("sslnegotiation", "")


# A word that must never be seen, where people forget to percent-encode it, or put it elsewhere.
ODD = [
    *("postgresql://duly:let@hushhush@h/d", "postgresql://duly:hush/hush@h/d"),
    *("postgresql://duly:1/hush?hush@h/d", "postgresql://duly:hushhush/d"),
    *("postgresql://duly:hush%hush@h/d", "postgresql://duly:hush hush@[::1/d"),
    *("postgresql://duly@server:hushhush@h/d", "postgresql://u:p/x?hush=@h/d"),
    *("postgresql://u:p@h/d?hushhush", "host=h password=x hush", "host=u:hush@h dbname=d"),
    *("host=h dbname=postgres://u:hush@h/d", "mysql://u:hush@h/d", "prisma://u:hush@h/d"),
    *("hushhush", "host=h hush=1", "postgresql://u:p@h:hush/d"),
]


@pytest.mark.parametrize("url", ODD)
def test_no_refusal_repeats_a_password(url: str) -> None:
    message = refused(url)
    assert "hush" not in message
    assert "percent-encoded" in message or "must be a PostgreSQL URL" in message


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql://duly:hushhush@127.0.0.1:1/d", "postgresql://duly:hush%40h@127.0.0.1:1/d"),
        *("postgresql://duly:hush@nowhere.invalid/d", "host=127.0.0.1 port=1 password=hush"),
        *("postgresql://u:hush@127.0.0.1:1,127.0.0.1:2/d", "postgresql://u:hush@/d?host=/nowhere"),
        "postgresql://u:hush@127.0.0.1/d?service=none",
        "postgresql://u:hush@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/nowhere",
    ],
)
def test_the_first_line_of_a_failure_says_why_without_the_password(url: str) -> None:
    configured = settings(url).database_url
    assert configured is not None
    with pytest.raises(psycopg.OperationalError) as failure:
        urls.connect(configured.get_secret_value())
    assert len(first_line(failure.value)) > 20
    assert "hush" not in first_line(failure.value)


def test_a_timeout_of_ones_own_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert conninfo_to_dict(urls.complete(PLACE))["connect_timeout"] == "10"
    assert conninfo_to_dict(urls.complete(f"{PLACE}?connect_timeout=3"))["connect_timeout"] == "3"
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "4")
    assert "connect_timeout" not in conninfo_to_dict(urls.complete(PLACE))


def test_a_user_whom_nobody_knows_has_no_key_of_a_client_and_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As OpenShift runs images: under a number without a name and a home."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 1_000_660_000)
    assert read(PLACE)["host"] == "db.example.com"
    assert "`sslcert` without `sslkey`" in refused(f"{PLACE}?sslcert=/etc/ca.pem")
