"""What `duly migrate` puts right besides the revision, which is a number and says no more.

A dump restored without its grants, an administrator who switched row-level security off, a role
that belongs to another cluster: all are at the newest revision.
"""

from collections.abc import Iterator
from typing import Final

import psycopg
import sqlalchemy as sa

from backend.database import proof
from backend.database.faults import Complaint, IsolationBroken
from backend.database.migrations import role as roles
from backend.database.migrations.rights import RIGHTS
from backend.database.migrations.role import RightsMissing

_GRANTED: Final = sa.text("""
select c.relname, given.column_name, given.privilege, given.grantee = 0 as to_all
from pg_class c cross join lateral (
    select null, privilege_type, grantee from aclexplode(c.relacl)
    union all
    select attname, privilege_type, grantee from pg_attribute, aclexplode(attacl)
        where attrelid = c.oid and not attisdropped
) as given (column_name, privilege, grantee)
where c.relnamespace = 'duly'::regnamespace and c.relkind in ('r', 'p')
    and given.grantee in (0, (select oid from pg_roles where rolname = :role))
""")
_TABLES: Final = sa.text(
    "select relname from pg_class"
    " where relnamespace = 'duly'::regnamespace and relkind in ('r', 'p')"
)
_USABLE: Final = sa.text("select has_schema_privilege(:role, 'duly', 'USAGE')")
# Logins that inherit nothing look `duly.api_role()` up before they act as the role.
_SHUT_OUT: Final = sa.text("""
select quote_ident(rolname) from pg_roles
where pg_has_role(oid, :role, 'MEMBER') and not has_schema_privilege(oid, 'duly', 'USAGE')
""")
# They ask which spaces have changed by their own names: the role itself may not.
_CALLED_BY_LOGINS: Final = "duly.counters(text[], bigint[])"
_UNASKED: Final = sa.text("""
select quote_ident(rolname) from pg_roles
where rolname <> :role and pg_has_role(oid, :role, 'MEMBER')
    and not has_function_privilege(oid, :function, 'EXECUTE')
""")
_UNUSABLE: Final = sa.text("""
select oid::regprocedure::text from pg_proc
where pronamespace = 'duly'::regnamespace and not prosecdef
    and not has_function_privilege(:role, oid, 'EXECUTE')
""")


def mend(connection: sa.Connection, role: str) -> list[str]:
    """Put grants and row-level security right, in a database at the newest revision.

    Args:
        connection: As the owner of the tables.
        role: Whom requests run as.

    Returns:
        What was wrong, a sentence for each.

    Raises:
        RightsMissing: when the owner may not put it right.
        IsolationBroken: when it cannot be put right.
    """
    return [
        *_mend_record(connection, role),
        *_mend_grants(connection, role),
        *_mend_isolation(connection),
    ]


def _mend_record(connection: sa.Connection, role: str) -> Iterator[str]:
    before = roles.recorded(connection)
    if before == role:
        return
    roles.record(connection, role)
    known = sa.text("select from pg_roles where rolname = :name")
    if before and connection.execute(known, {"name": before}).first() is not None:
        # Its members, here another owner's, could read with it.
        for things in ("all tables in schema duly", "schema duly"):
            connection.execute(sa.text(f"revoke all on {things} from {before}"))
    yield f"requests run as {role}, no longer as {before}"


def _mend_grants(connection: sa.Connection, role: str) -> Iterator[str]:
    if not connection.scalar(_USABLE, {"role": role}):
        connection.execute(sa.text(f"grant usage on schema duly to {role}"))
        yield f"{role} may use the schema duly again"
    for login in connection.scalars(_SHUT_OUT, {"role": role}).all():
        connection.execute(sa.text(f"grant usage on schema duly to {login}"))
        yield f"{login}, which may act as {role}, may use the schema duly"
    for table in _with_other_grants(connection, role):
        connection.execute(sa.text(f"revoke all on duly.{table} from public, {role}"))
        for command in RIGHTS[table].commands(table, role):
            connection.execute(sa.text(command))
        yield f"{role} has its privileges on duly.{table} again"
    for function in connection.scalars(_UNUSABLE, {"role": role}).all():
        connection.execute(sa.text(f"grant execute on function {function} to {role}"))
        yield f"{role} may execute {function} again"
    asked = {"role": role, "function": _CALLED_BY_LOGINS}
    for login in connection.scalars(_UNASKED, asked).all():
        connection.execute(sa.text(f"grant execute on function {_CALLED_BY_LOGINS} to {login}"))
        yield f"{login}, which may act as {role}, may execute {_CALLED_BY_LOGINS}"


def _with_other_grants(connection: sa.Connection, role: str) -> list[str]:
    """The tables on which requests may do less or more than they are to."""
    found: dict[str, set[tuple[str | None, str]]] = {}
    for table, column, privilege, to_all in connection.execute(_GRANTED, {"role": role}):
        found.setdefault(table, set()).add((column, f"{privilege} to all" if to_all else privilege))
    there = connection.scalars(_TABLES).all()
    return [
        table
        for table, rights in RIGHTS.items()
        if table in there and found.get(table, set()) != rights.listed()
    ]


def _mend_isolation(connection: sa.Connection) -> Iterator[str]:
    complaints = _prove(connection)
    for complaint in complaints:
        if complaint.is_sql:
            try:
                with connection.begin_nested():
                    connection.exec_driver_sql(complaint.remedy)
            except sa.exc.ProgrammingError as error:
                if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                    raise RightsMissing([complaint.remedy]) from None
                raise
            yield f"{complaint.what}: mended"
    if complaints and (left := _prove(connection)):
        raise IsolationBroken(left)


def _prove(connection: sa.Connection) -> list[Complaint]:
    """What the proof of isolation finds; it acts as the role of requests, and takes that back."""
    with connection.begin_nested() as savepoint:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)  # noqa: S101 - as `env.py` has made it
        try:
            proof.check(proof.rows_of_proof(raw.pgconn))
        except IsolationBroken as broken:
            return broken.complaints
        finally:
            savepoint.rollback()
    return []
