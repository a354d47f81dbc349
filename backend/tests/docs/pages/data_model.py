"""specs/001-backend-api-integration/data-model.md, from a database that the migrations made."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, LiteralString

import psycopg
from sqlmodel import SQLModel

import backend.models
from backend.tests.docs.pages import NOTE

_HEAD = f"""\
# Data model

{NOTE}

Schema `duly`, as `backend/database/migrations/versions/` makes it; `backend/models/` describes the
tables, and a test compares the two. No foreign key leads to Better Auth's tables.

The row of a user and that of the user's own space appear with the first write of a subject, in the
same transaction; the former is written again only when a later write's token is newer and says
another name or email. Versions are numbers of a space, one for each write:
[0009](../../docs/decisions/0009-one-number.md).
"""
_RULED = """
## Domains

They say what a value may be: [0015](../../docs/decisions/0015-domains.md).
"""
_ROLE = """
## Role `duly_api`

Every request runs as `duly_api`, which has no login and owns nothing
([0003](../../docs/decisions/0003-isolation.md)). It may

"""
_STATES = """
## States of a task

    open ⇄ completed          complete, toggle, PATCH {"completed": …}
    either ⇄ in the trash     DELETE, restore
    in the trash → gone       DELETE /api/trash

A task in the trash answers 404 except to `restore` and the listing of the trash, and its id stays
taken.
"""

_TABLES: LiteralString = """
    select relname, oid from pg_class
    where relnamespace = 'duly'::regnamespace and relkind in ('r', 'p')
        and relname <> 'alembic_version' order by relname"""
_COLUMNS: LiteralString = """
    select attname, format_type(atttypid, atttypmod) || coalesce(' collate ' || quote_ident(
            (select collname from pg_collation c where c.oid = attcollation
             and attcollation <> typcollation)), ''),
        not attnotnull, case attgenerated when '' then pg_get_expr(adbin, adrelid) end,
        case attgenerated when 's' then pg_get_expr(adbin, adrelid) end
    from pg_attribute join pg_type t on t.oid = atttypid
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attrelid = %s and attnum > 0 and not attisdropped order by attnum"""
_RULES: LiteralString = """
    select 'constraint ' || quote_ident(conname) || ': ' || pg_get_constraintdef(oid)
        from pg_constraint where conrelid = %(table)s and contype in ('p', 'u', 'f', 'c', 'x')
    union all
    select pg_get_indexdef(indexrelid) from pg_index
        where indrelid = %(table)s and not exists (
            select from pg_constraint where conindid = indexrelid)
    union all
    select pg_get_triggerdef(oid) from pg_trigger where tgrelid = %(table)s and not tgisinternal
    union all
    select concat('policy ', quote_ident(policyname), ' as ', lower(permissive), ' for ',
            lower(cmd), ': using ' || qual, ' with check ' || with_check)
        from pg_policies
        where schemaname = 'duly' and tablename = %(name)s
    union all
    select 'row-level security enabled and forced' from pg_class
        where oid = %(table)s and relrowsecurity and relforcerowsecurity
    order by 1"""
_DOMAINS: LiteralString = """
    select typname, format_type(typbasetype, typtypmod) || coalesce(' collate ' || quote_ident(
            (select collname from pg_collation c where c.oid = typcollation
             and collname <> 'default')), ''),
        (select string_agg(pg_get_constraintdef(c.oid), '; ') from pg_constraint c
         where contypid = t.oid and contype = 'c')
    from pg_type t where typnamespace = 'duly'::regnamespace and typtype = 'd' order by 1"""
_MAY: LiteralString = """
    select privilege, has_table_privilege('duly_api', %(table)s, privilege),
        (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
         where attrelid = %(table)s and attnum > 0 and not attisdropped
            and privilege <> 'delete'
            and has_column_privilege('duly_api', attrelid, attnum, privilege))
    from unnest(array['select', 'insert', 'update', 'delete']) privilege"""


def page(url: str) -> str:
    """Tables, domains and privileges of the migrated database at `url`."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(_TABLES).fetchall()
        parts = [
            _HEAD,
            *(_table(connection, *table) for table in tables),
            _domains(connection),
            _ROLE,
            *(_privileges(connection, name, oid) for name, oid in tables),
            _STATES,
        ]
    return "".join(parts)


def _table(connection: psycopg.Connection, name: str, oid: int) -> str:
    columns = connection.execute(_COLUMNS, [oid]).fetchall()
    said = _descriptions(name)
    rows = [
        (f"`{column}`", f"`{type_}`", _value(value), said.get(column, "–"))
        for column, type_, *value in columns
    ]
    rules = [
        _readable(rule) for (rule,) in connection.execute(_RULES, {"table": oid, "name": name})
    ]
    lines = [
        f"\n## `duly.{name}`\n",
        *_grid(("column", "type", "null, default", "meaning"), rows),
        "",
        *(f"- `{rule}`" for rule in rules),
    ]
    return "\n".join(lines) + "\n"


def _value(row: Sequence[Any]) -> str:
    nullable, default, generated = row
    said = ["null" if nullable else ""]
    said.append(f"default `{default}`" if default else "")
    said.append(f"generated: `{generated}`" if generated else "")
    return ", ".join(part for part in said if part) or "–"


def _descriptions(table: str) -> dict[str, str]:
    """What the model says of its columns; the fields of a table are named like them."""
    models = [getattr(backend.models, name) for name in backend.models.__all__]
    [model] = [each for each in models if each.__tablename__ == table] or [SQLModel]
    return {
        name: field.description for name, field in model.model_fields.items() if field.description
    }


def _domains(connection: psycopg.Connection) -> str:
    rows = [
        (f"`{name}`", f"`{base}`", f"`{_readable(check or '')}`")
        for name, base, check in connection.execute(_DOMAINS)
    ]
    return "\n".join([_RULED, *_grid(("domain", "of", "rule"), rows)]) + "\n"


def _privileges(connection: psycopg.Connection, name: str, oid: int) -> str:
    said = [
        privilege if whole else f"{privilege} (`{columns}`)"
        for privilege, whole, columns in connection.execute(_MAY, {"table": oid})
        if whole or columns
    ]
    return f"- on `duly.{name}`: {', '.join(said) or 'nothing'}\n"


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _readable(definition: str) -> str:
    """On one line, and with the literal that lists what is blank in Unicode cut short."""
    return re.sub(r"\s+", " ", re.sub(r"'\s{5,}'", "'…blanks…'", definition))
