"""The proof that the database keeps users apart, read from its catalogue.

Whatever the role of requests can reach in the schema is looked at, whether the models know it or
not: its row-level security must be in force, with the one policy that migrations make.
"""

from collections.abc import Iterator
from typing import Final

from psycopg import OperationalError, pq

import backend.models  # noqa: F401 - registers the tables
from backend.database.connection.wire import Rows, Wire
from backend.database.faults import Complaint, IsolationBroken
from backend.database.isolation import read_prelude
from backend.database.statements import Bound, Statement
from backend.models.ownership import SPACE, Owner, owned_tables

# Everything runs as the role of requests, whom the prelude has made the current user.
_RELATIONS: Final = Statement("""
SELECT c.relname,
    row_security_active(c.oid) AND c.relforcerowsecurity,
    (SELECT string_agg(concat_ws(' ', polpermissive, polcmd, polroles::text,
            pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)), ' and ')
        FROM pg_policy WHERE polrelid = c.oid),
    (SELECT string_agg(format('drop policy %I on duly.%I; ', polname, c.relname), '')
        FROM pg_policy WHERE polrelid = c.oid)
FROM pg_class c
WHERE c.relnamespace = 'duly'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
        OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE'))
""")
_FUNCTIONS: Final = Statement("""
SELECT p.oid::regprocedure::text, p.prosecdef, p.proconfig IS NULL AND p.provolatile = 's',
    pg_get_function_sqlbody(p.oid)
FROM pg_proc p
WHERE p.pronamespace = 'duly'::regnamespace
    AND (p.proname IN ('current_space', 'current_user_id')
        OR p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE'))
""")
_WHO: Final = Statement(
    "SELECT pg_backend_pid(), rolsuper OR rolbypassrls, rolname FROM pg_roles"
    " WHERE rolname = current_user"
)

# Names are shown, and found, whatever the login role or the database has set.
_PLAINLY: Final = Statement(
    "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true),"
    " pg_catalog.set_config('quote_all_identifiers', 'off', true)"
)

PROOF: Final = [
    read_prelude("", ""),
    _PLAINLY.bind(),
    _WHO.bind(),
    _RELATIONS.bind(),
    _FUNCTIONS.bind(),
]
"""The call whose rows `check` reads."""

_ASKERS: Final = {
    f"duly.{name}()": f"RETURN NULLIF(current_setting('{setting}'::text, true), ''::text)"
    for name, setting in (("current_space", "app.space_id"), ("current_user_id", "app.user_id"))
}


async def prove_isolation(wire: Wire) -> str:
    """Prove it over a new wire, before it takes calls.

    A wire that ends at a pooler, which shows in the process that answers, is told to send one call
    at a time.

    Returns:
        The role of requests.

    Raises:
        IsolationBroken: when it does not hold; nothing may be served then.
    """
    rows = await wire.send(PROOF)
    if rows[2][0][0] != b"%d" % wire.backend_pid:
        wire.send_one_at_a_time()
    return check(rows)


def rows_of_proof(connection: pq.abc.PGconn) -> list[Rows]:
    """The rows of `PROOF`, in the transaction of a connection that waits for them.

    Raises:
        psycopg.OperationalError: when PostgreSQL refuses.
    """
    return [answer_of(connection, each) for each in PROOF]


def answer_of(connection: pq.abc.PGconn, asked: Bound | bytes) -> Rows:
    """The rows of one statement, or of SQL without values, over a connection that waits for them.

    Raises:
        psycopg.OperationalError: when PostgreSQL refuses.
    """
    sql, values = (asked, []) if isinstance(asked, bytes) else (asked.statement.sql, asked.values)
    answer = connection.exec_params(sql, [*values])
    if answer.status not in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
        raise OperationalError(answer.get_error_message())
    return [
        tuple(answer.get_value(row, n) for n in range(answer.nfields))
        for row in range(answer.ntuples)
    ]


def check(rows: list[Rows]) -> str:
    """Read the rows of `PROOF`.

    Returns:
        The role of requests.

    Raises:
        IsolationBroken: with everything that is not as it must be.
    """
    [_, _, [(_, bypassing, name)], relations, functions] = rows
    role = (name or b"").decode()
    complaints = [*_bad_relations(relations, role), *_bad_functions(functions, role)]
    if bypassing == b"t":  # which explains whatever else is wrong
        remedy = f"alter role {role} nosuperuser nobypassrls"
        complaints = [Complaint(f"the role {role} bypasses row-level security", remedy)]
    if complaints:
        raise IsolationBroken(complaints)
    return role


def _bad_relations(relations: Rows, role: str) -> Iterator[Complaint]:
    expected = owned_tables()
    found = {(name or b"").decode(): details for name, *details in relations}
    for name in sorted(expected.keys() - found):
        what = f"duly.{name} is missing, or {role} may not use it"
        yield Complaint(what, "`duly migrate`", is_sql=False)
    for name, (active, policies, dropping) in sorted(found.items()):
        owner = expected.get(name, SPACE)
        forced = f"alter table duly.{name} enable row level security, force row level security"
        remedy = forced if name in expected else f"revoke all on duly.{name} from public, {role}"
        if active != b"t":
            yield Complaint(f"row-level security is not in force on duly.{name}", remedy)
        if (policies or b"").decode() not in _policies(owner):
            if name in expected:
                remedy = (dropping or b"").decode() + _policy_command(name, owner)
            yield Complaint(f"duly.{name} has other policies than the one of Duly", remedy)


def _policies(owner: Owner) -> list[str]:
    """The one policy of a table, as `_RELATIONS` shows it, with and without a sub-select."""
    column, function, _ = owner
    name = function.removeprefix("duly.").removesuffix("()")
    return [
        f"t * {{0}} ({column} = {asked}) ({column} = {function})"
        for asked in (function, f"( SELECT {function} AS {name})")
    ]


def _policy_command(table: str, owner: Owner) -> str:
    column, function, _ = owner
    return (
        f"create policy own_rows on duly.{table} using ({column} = (select {function})) "
        f"with check ({column} = {function})"
    )


def _bad_functions(functions: Rows, role: str) -> Iterator[Complaint]:
    found = {(name or b"").decode(): details for name, *details in functions}
    for name in sorted(_ASKERS.keys() | found):
        definer, plain, body = found.get(name, (None, None, None))
        if definer == b"t":
            remedy = f"revoke execute on function {name} from public, {role}"
            yield Complaint(f"{name} runs with the rights of its owner", remedy)
        elif name in _ASKERS and (plain, (body or b"").decode()) != (b"t", _ASKERS[name]):
            remedy = f"create or replace function {name} returns text language sql stable "
            remedy += f"parallel safe {_ASKERS[name].lower()}"
            yield Complaint(f"{name} is not as migrations made it", remedy)
