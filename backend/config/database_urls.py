"""How `DATABASE_URL` is read: by libpq, once the words of other drivers are put into its own.

Only the scheme and the parameters behind `?` are looked at here. What means nothing to a connection
is left out and named once; what says how to encrypt or where to connect is never left out: it is
translated where libpq has the same, or refused with what to write. No message repeats a value.
(PostgreSQL manual, "Connection Strings"; manuals of Prisma, node-postgres, asyncpg, SQLAlchemy.)
"""

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pydantic import SecretStr

from backend.config.libpq import find_bad_parameter

if TYPE_CHECKING:
    from backend.config.settings import Settings

_SHAPE: Final = (
    "must be a PostgreSQL URL such as postgresql://user:password@host/database, "
    "or pairs as libpq reads them, such as host=… dbname=…"
)
_SPECIAL: Final = (
    "has a character that must be percent-encoded in a user or password: "
    "`@` is %40, `/` %2F, `:` %3A, `?` %3F, `#` %23, `%` %25"
)
_HOSTS: Final = "names hosts in a way of SQLAlchemy: write host1:5432,host2:5432 before the path"

_SCHEME: Final = re.compile(r"(?i)(?:jdbc:)?(?:postgres(?:ql)?|pgsql|postgis)(?:\+\w+)?://")
# Where libpq ends user and password.
_START: Final = re.compile(r"postgresql://(?:[^@/]*@)?")
_NAME: Final = re.compile(r"[A-Za-z][\w.-]{0,40}", re.ASCII)
# A keyword and its value, as libpq's conninfo_parse has them.
_PAIR: Final = re.compile(r"\s*(\w+)\s*=\s*(?:'(?:[^'\\]|\\.)*'|(?:[^\s\\]|\\.)*)", re.DOTALL)

_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# `ssl` of asyncpg, pgJDBC, node-postgres, postgres.js; node-postgres has `no-verify` as a mode.
_SSL: Final = {
    **{mode: mode for mode in _MODES},
    **dict.fromkeys(("true", "1", "yes", "on", "no-verify"), "require"),
    **dict.fromkeys(("false", "0", "no", "off"), "disable"),
}
# What others call it, and what to write instead: these say how to encrypt, or where to connect.
_INSTEAD: Final = {
    "sslaccept": "`sslmode=require`, which encrypts and verifies nothing, or "
    "`sslmode=verify-full&sslrootcert=system`, which verifies",
    "sslidentity": "`sslcert` and `sslkey`, two files in PEM",
    "direct_tls": "`sslnegotiation=direct`",
    "requiressl": "`sslmode=require`",
    "ssl_require": "`sslmode=require`",
    **dict.fromkeys(("unix_sock", "unix_socket", "socket"), "`host=` and the folder of the socket"),
    **dict.fromkeys(("username", "uid"), "`user`"),
    **dict.fromkeys(("pwd", "pass"), "`password`"),
    **dict.fromkeys(("database", "db"), "`dbname`"),
}
_ABOUT_TLS: Final = re.compile(r"ssl|tls|cert|verif|encrypt|secur|trust")
# Pools, timeouts, caches and schemas of the program that the URL was written for.
_OTHERS: Final = (
    # Prisma
    "pgbouncer schema connection_limit pool_timeout socket_timeout statement_cache_size "
    "single_use_connections max_connection_lifetime max_idle_connection_lifetime "
    # node-postgres, postgres.js, Drizzle, Knex
    "uselibpqcompat statement_timeout query_timeout lock_timeout connectiontimeoutmillis "
    "idle_in_transaction_session_timeout idletimeoutmillis encoding max min idle_timeout "
    "max_lifetime prepare fetch_types keepalive "
    # asyncpg, SQLAlchemy, Django, Rails
    "command_timeout timeout server_settings max_cached_statement_lifetime "
    "max_cacheable_statement_size prepared_statement_cache_size prepared_statement_name_func "
    "async_fallback min_size max_size pool pool_size pool_recycle pool_pre_ping max_overflow "
    "conn_max_age conn_health_checks disable_server_side_cursors prepared_statements "
    "checkout_timeout reaping_frequency "
    # pgx, lib/pq, sqlx, pgJDBC
    "pool_max_conns pool_min_conns pool_max_conn_lifetime pool_max_conn_idle_time "
    "default_query_exec_mode statement_cache_capacity description_cache_capacity search_path "
    "timezone binary_parameters currentschema applicationname preparethreshold prefersimple "
    "preferquerymode logintimeout sockettimeout tcpkeepalive rewritebatchedinserts "
    # Supabase, Neon and Vercel, in the URLs that they hand out
    "supa workaround pooled pool_mode"
)
_MEANINGLESS: Final = frozenset(_OTHERS.split())


class DatabaseUrl(SecretStr):
    """A connection string for libpq.

    Attributes:
        ignored: Names of parameters that were left out.
        fault: What is wrong with it, to follow the name of the setting; it holds no secret.
    """

    def __init__(
        self, secret_value: str, ignored: tuple[str, ...] = (), fault: str | None = None
    ) -> None:
        super().__init__(secret_value)
        self.ignored = ignored
        self.fault = fault


def read_database(given: SecretStr | None) -> SecretStr | None:
    """A database as people, hosts and drivers write it; None when it is blank."""
    if given is None or isinstance(given, DatabaseUrl):
        return given
    text = _bare(given.get_secret_value())
    if not text:
        return None
    try:
        return DatabaseUrl(*_read(text))
    except ValueError as error:
        return DatabaseUrl(text, fault=str(error))


def databases(settings: "Settings") -> Iterator[tuple[str, DatabaseUrl]]:
    """Each database of the settings, by the name of its variable."""
    for name in ("database_url", "database_url_direct", "database_url_replica"):
        if isinstance(url := getattr(settings, name), DatabaseUrl):
            yield name.upper(), url


def ignored_parameters(settings: "Settings") -> list[str]:
    """What was left out of the databases of the settings, in a sentence for each."""
    return [
        f"{name} has parameters of other programs, which are left out: {', '.join(url.ignored)}."
        for name, url in databases(settings)
        if url.ignored
    ]


def _bare(text: str) -> str:
    """Without the quotes that `docker --env-file` keeps, and the `psql` of Neon's console."""
    text = re.sub(r"^psql\s+", "", text.strip())
    while len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`":
        text = text[1:-1].strip()
    return text


def _read(text: str) -> tuple[str, tuple[str, ...]]:
    ignored: tuple[str, ...] = ()
    if scheme := _SCHEME.match(text):
        text, ignored = _translated(f"postgresql://{text[scheme.end() :]}")
    elif "://" in text.partition("=")[0]:
        raise ValueError(_SHAPE)
    parts = _parsed(text, _SPECIAL if scheme else _SHAPE)
    if not scheme:
        pairs = [each[1] for each in _PAIR.finditer(text)]
        _check_repeated(pairs, "a value with blanks in it stands in single quotes")
    _check(parts)
    if fault := find_bad_parameter(parts):
        raise ValueError(fault)
    return text, ignored


def _check_repeated(names: list[str], mend: str) -> None:
    """Refuse a keyword that comes twice: libpq takes the last, which may be of a password."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        listed = " and ".join(f"`{name}`" for name in twice)
        raise ValueError(f"has {listed} more than once: {mend}")


def _translated(uri: str) -> tuple[str, tuple[str, ...]]:
    """A URI with libpq's parameters only, and the names of those that were left out."""
    start = _START.match(uri)
    end = start.end() if start else 0
    if "@" in uri[end:]:  # a password would be taken for a host, and end up in messages
        raise ValueError(_SPECIAL)
    place, _, query = uri[end:].partition("?")
    kept, modes, ignored = [], [], []
    for name, value in _parameters(query):
        key = name.lower().replace("-", "_")
        if key in {"ssl", "sslmode"}:
            modes.append(_mode(key, value))
        elif key in _keywords():
            kept.append((key, value))
        elif key in _MEANINGLESS:
            ignored.append(name)
        else:
            raise ValueError(_unknown(name, key))
    if modes:  # whatever the order, what asks for most counts
        kept.append(("sslmode", max(modes, key=_strength)))
    _check_together(kept)
    query = "&".join(f"{name}={value}" for name, value in kept)
    return uri[:end] + place + (f"?{query}" if query else ""), tuple(ignored)


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    """Each name, and its value as it is written."""
    for part in filter(None, query.split("&")):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(_SPECIAL)
        yield unquote(name), value


def _mode(name: str, value: str) -> str:
    """The `sslmode` that a value of `ssl` or `sslmode` asks for."""
    written = unquote(value).strip().lower().replace("_", "-")
    if written in _MODES or written == "no-verify" or name == "ssl":
        if written in _SSL:
            return _SSL[written]
        raise ValueError(f"has an `ssl` that nobody knows: write `sslmode=`{' or '.join(_MODES)}")
    raise ValueError(f"has an `sslmode` that is none of {', '.join(_MODES)}")


def _strength(mode: str) -> int:
    return _MODES.index(mode)


def _unknown(name: str, key: str) -> str:
    if not _NAME.fullmatch(name):  # part of a password, perhaps
        return _SPECIAL
    said = f"has the parameter `{name}`, which libpq does not know: "
    if key in _INSTEAD:
        return f"{said}write {_INSTEAD[key]} instead"
    if close := get_close_matches(key, _keywords(), 1, 0.8):
        return f"{said}is `{close[0]}` meant?"
    if _ABOUT_TLS.search(key):
        return f"{said}`sslmode`, `sslrootcert`, `sslcert` and `sslkey` say how to encrypt"
    return f"{said}take it out"


def _keywords() -> frozenset[str]:
    """The parameters of libpq."""
    from psycopg import pq  # noqa: PLC0415 - a tenth of a second, for those who have a database

    return frozenset(each.keyword.decode() for each in pq.Conninfo.get_defaults())


def _parsed(text: str, fault: str) -> dict[str, str]:
    from psycopg import ProgrammingError, conninfo  # noqa: PLC0415 - as above

    try:
        return {name: str(value) for name, value in conninfo.conninfo_to_dict(text).items()}
    except ProgrammingError:  # it repeats what libpq cannot read, password and all
        raise ValueError(fault) from None


def _check(parts: dict[str, str]) -> None:
    """Refuse what would show a password: libpq's messages name host, port, user and database."""
    ports = parts.get("port", "").split(",")
    if any(port and not (port.isascii() and port.isdecimal()) for port in ports):
        raise ValueError(_SPECIAL)
    if "@" in parts.get("host", ""):
        raise ValueError(_SPECIAL)
    if any("://" in parts.get(name, "") for name in ("host", "dbname", "user", "service")):
        raise ValueError(_SHAPE)
    if any(re.fullmatch(r"[^/:]+:\d+", host) for host in parts.get("host", "").split(",")):
        raise ValueError(_HOSTS)


def _has_usual_key() -> bool:
    """Whether libpq finds a client's key without being told; whoever has no home, has none."""
    try:
        return Path("~/.postgresql/postgresql.key").expanduser().exists()
    except RuntimeError:
        return False


def _check_together(kept: list[tuple[str, str]]) -> None:
    names = [name for name, _ in kept]
    if names.count("host") > 1:
        raise ValueError(_HOSTS)
    _check_repeated(names, "an `&` in a value is %26")
    # libpq passes over a certificate that is not there, and says nothing.
    has_key = {"sslkey", "service"} & {*names} or "PGSSLKEY" in os.environ
    if "sslcert" in names and not (has_key or _has_usual_key()):
        raise ValueError(
            "has `sslcert` without `sslkey`: what Prisma calls `sslcert`, the certificate of the "
            "server's authority, is `sslrootcert` here"
        )
