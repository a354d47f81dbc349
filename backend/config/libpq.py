"""Parameters of a connection that libpq would refuse, whatever the server is.

libpq says so when it connects first, which looks like a server that is away; so it is asked before,
with a place in which no server can be. Numbers it reads later still, and some only over TCP.
(PostgreSQL manual, "Parameter Key Words" and "Environment Variables" of libpq.)
"""

import os
import re
from collections.abc import Mapping
from typing import Final

_NUMBERS: Final = (
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
)
_NUMBER: Final = re.compile(r"\s*[+-]?\d{1,9}\s*", re.ASCII)
_NOWHERE: Final = "/dev/null"  # a folder of sockets must be one
# How libpq begins once it has read all parameters, and when it misses what may come later.
_TRIED: Final = ("connection to server", "definition of service", "service file")


def find_bad_parameter(parts: Mapping[str, str]) -> str | None:
    """What libpq would refuse, to follow the name of the setting; it repeats no value of `parts`.

    Args:
        parts: The parameters of a connection; the environment gives those that they do not have.
    """
    given = {**_of_environment(), **parts}
    for name in _NUMBERS:
        if name in given and not _NUMBER.fullmatch(given[name]):
            return f"{_place(name, parts)}, which must be a whole number"
    said = _ask(parts, given)
    if not said or said.startswith(_TRIED):
        return None
    for value in parts.values():
        for each in (value, *value.split(",")):
            said = said.replace(f'"{each}"', "…")
    named = next((name for name in given if re.search(rf"\b{name}\b", said)), "")
    return f"{_place(named, parts)}, which libpq refuses ({said}): mend it, or take it out"


def _ask(parts: Mapping[str, str], given: Mapping[str, str]) -> str:
    """What libpq says about parameters, without a password, a name to look up, and a server."""
    from psycopg import conninfo, pq  # noqa: PLC0415 - a tenth of a second, for a database only

    hosts = given.get("host", "").count(",") + 1
    harmless = {"host": ",".join([_NOWHERE] * hosts), "hostaddr": "", "password": "-"}
    if "service" in given:  # which may have other hosts, and ports for them
        harmless["port"] = "5432"
    if given.get("gssencmode") == "require":  # which is for TCP only
        harmless["gssencmode"] = "prefer"
    text = conninfo.make_conninfo("", **{**parts, **harmless})
    connection = pq.PGconn.connect_start(text.encode())
    try:
        return connection.get_error_message().strip().partition("\n")[0]
    finally:
        connection.finish()


def _of_environment() -> dict[str, str]:
    """The parameters that variables set, such as PGSSLMODE."""
    return {name: os.environ[variable] for name, variable in _variables().items()}


def _variables() -> dict[str, str]:
    """The variable of each parameter that has one which is set."""
    from psycopg import pq  # noqa: PLC0415 - as above

    known = {
        each.keyword.decode(): each.envvar.decode()
        for each in pq.Conninfo.get_defaults()
        if each.envvar
    }
    return {name: variable for name, variable in known.items() if variable in os.environ}


def _place(name: str, parts: Mapping[str, str]) -> str:
    variable = None if name in parts else _variables().get(name)
    if variable:
        return f"is used with {variable}"
    return f"has `{name}`" if name else "has parameters"
