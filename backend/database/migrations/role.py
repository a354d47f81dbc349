"""The role that requests run as in this database, and what the login of migrations needs itself.

It is `duly_api`. Roles belong to a whole cluster, so where that one is another owner's, the
database has one of its own, named after it: who may act as a role can do so in every database. The
function `duly.api_role()` says which it is. An administrator may have made either beforehand.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import psycopg
import sqlalchemy as sa

_USUAL: Final = "duly_api"
_LONGEST: Final = 63  # bytes of a name

_LOGIN: Final = sa.text("""
select quote_ident(current_user) as name, current_database() as database,
    rolsuper or rolcreaterole as makes_roles, rolsuper or rolcreaterole and version < 160000
        as grants_roles,
    has_database_privilege(current_database(), 'CREATE') as makes_schemas,
    to_regnamespace('duly') is not null as has_schema, version >= 160000 as is_strict
from pg_roles, cast(current_setting('server_version_num') as int) as version
where rolname = current_user
""")
# From PostgreSQL 16 on, who may act as a role, and who may let others do so, are asked apart.
_KNOWN: Final = """
select pg_has_role(oid, '{}') as is_ours, {} as is_grantable from pg_roles where rolname = :name
"""
# Nobody may even look into a schema that is another's.
_RECORDED: Final = sa.text("""
select case when has_schema_privilege(to_regnamespace('duly'), 'USAGE')
    then to_regprocedure('duly.api_role()') end
""")
# Before that, whoever makes roles may be granted any, those of other owners' databases as well.
_UNUSED_ELSEWHERE: Final = """not exists (
    select from pg_shdepend join pg_database d on d.oid = dbid
    where refclassid = 'pg_authid'::regclass and refobjid = pg_roles.oid
        and datname <> current_database())"""
_FOREIGN: Final = sa.text("""
select format('alter %s %s owner to %I', kind, name, current_user) from (
    select 'schema', nspname::text, nspowner from pg_namespace where oid = to_regnamespace('duly')
    union all
    select 'table', oid::regclass::text, relowner from pg_class
        where relnamespace = to_regnamespace('duly') and relkind in ('r', 'p')
    union all
    select 'function', oid::regprocedure::text, proowner from pg_proc
        where pronamespace = to_regnamespace('duly')
    union all
    select 'domain', oid::regtype::text, typowner from pg_type
        where typnamespace = to_regnamespace('duly') and typtype = 'd'
) as things (kind, name, owner) where not pg_has_role(owner, 'USAGE')
""")


class RightsMissing(Exception):  # noqa: N818 - named for what is the matter
    """The login may not do what migrations need.

    Attributes:
        commands: SQL for an administrator to run in this database.
    """

    def __init__(self, commands: list[str]) -> None:
        super().__init__("; ".join(commands))
        self.commands = commands


class Choice(NamedTuple):
    """A role for requests, and how it comes to be one that the login may act as.

    Attributes:
        name: In small letters, digits and underscores: it needs no quotes.
        commands: What has to be run first, in order.
        is_allowed: Whether the login may run it.
    """

    name: str
    commands: list[str]
    is_allowed: bool


def prepare(connection: sa.Connection) -> str:
    """See to it that there are a role for requests and a schema.

    Returns:
        The name of the role.

    Raises:
        RightsMissing: when the login may not make them, or the tables are another's.
    """
    login = connection.execute(_LOGIN).one()
    choices = list(_choices(connection, login))
    choice = next((each for each in choices if each.is_allowed), None)
    wanted = [] if choice else _cheapest(choices).commands
    if not login.has_schema and not login.makes_schemas:
        wanted.append(f"grant create on database {_quoted(login.database)} to {login.name}")
    wanted += connection.scalars(_FOREIGN)
    if wanted or choice is None:
        raise RightsMissing(wanted)
    for command in choice.commands:
        _run(connection, command)
    if not login.has_schema:
        connection.execute(sa.text("create schema duly"))
    return choice.name


def _run(connection: sa.Connection, command: str) -> None:
    """Run a command about a role, which another database of the cluster may be making just now."""
    try:
        with connection.begin_nested():
            connection.execute(sa.text(command))
    except sa.exc.DBAPIError as error:
        made = (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation)
        if not isinstance(error.orig, made):
            raise


def recorded(connection: sa.Connection) -> str | None:
    """The role as `duly.api_role()` says it; None when there is no such function yet."""
    if connection.scalar(_RECORDED) is None:
        return None
    name: str = connection.scalar(sa.text("select duly.api_role()"))
    return name


def record(connection: sa.Connection, role: str) -> None:
    """Let `duly.api_role()` say `role`."""
    connection.execute(
        sa.text(
            "create or replace function duly.api_role() returns text "
            f"language sql immutable parallel safe return '{role}'"
        )
    )


def _choices(connection: sa.Connection, login: Any) -> Iterator[Choice]:
    """The roles that it may be, the best one first."""
    own = f"{_USUAL}_{re.sub(r'[^a-z0-9_]', '_', login.database.lower())}"[:_LONGEST]
    for name in dict.fromkeys((recorded(connection) or _USUAL, _USUAL, own)):
        membership = f"grant {name} to {login.name}"
        may_act, may_grant = (
            ("SET", "pg_has_role(oid, 'MEMBER WITH ADMIN OPTION')")
            if login.is_strict
            else ("MEMBER", f"not rolsuper and {_UNUSED_ELSEWHERE}")
        )
        asked = sa.text(_KNOWN.format(may_act, may_grant))
        known = connection.execute(asked, {"name": name}).one_or_none()
        if known is None:
            yield Choice(name, [f"create role {name} nologin", membership], login.makes_roles)
        elif known.is_ours:
            yield Choice(name, [], is_allowed=True)
        else:
            grants = known.is_grantable and (login.is_strict or login.grants_roles)
            yield Choice(name, [membership], grants)


def _cheapest(choices: list[Choice]) -> Choice:
    """What to ask an administrator for: a role that is not there yet is nobody else's."""
    new = (each for each in choices if len(each.commands) > 1)
    return next(new, choices[-1])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if re.search(r"[^a-z0-9_]", name) else name
