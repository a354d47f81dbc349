"""Domains say what values may be, instead of CHECK constraints of the tables.

A write checks a domain only where it sets the column, and PostgreSQL keeps the check ready; the
constraints of a table are read and planned anew by each statement that writes to it
(docs/decisions/0015-domains.md).
"""

from typing import NamedTuple

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BLANKS = (
    r"U&'\0009\000A\000B\000C\000D\0020\0085\00A0\1680\2000\2001\2002\2003"
    r"\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000'"
)


class _Rule(NamedTuple):
    """What the values of a column may be, as a domain and as a constraint of the table."""

    table: str
    column: str
    domain: str
    base: str
    check: str

    @property
    def constraint(self) -> str:
        kind = "is_uuid7" if self.domain == "uuid7" else "length"
        return f"{self.table}_{self.column}_{kind}"


_RULES = [
    _Rule("users", "subject", "subject", 'text collate "C"', "char_length({}) between 1 and 255"),
    _Rule("users", "name", "display_name", "text", "char_length({}) <= 255"),
    _Rule("users", "email", "email", "text", "char_length({}) <= 320"),
    # RFC 9562: the version in the upper half of byte 6, the variant in the upper bits of byte 8.
    _Rule(
        *("tasks", "id", "uuid7", "uuid"),
        "get_byte(uuid_send({0}), 6) >> 4 = 7 and get_byte(uuid_send({0}), 8) >> 6 = 2",
    ),
    _Rule(
        *("tasks", "title", "title", "text"),
        "char_length({0}) <= 500 and btrim({0}, " + _BLANKS + ") <> ''",
    ),
    _Rule("tasks", "description", "description", "text", "char_length({}) <= 16384"),
]
_ASKED_ONCE, _ASKED = "(select duly.current_user_id())", "duly.current_user_id()"


def upgrade() -> None:
    _drop_policies()
    for rule in _RULES:
        op.execute(
            f"create domain duly.{rule.domain} as {rule.base} check ({rule.check.format('value')})"
        )
        op.execute(f"alter table duly.{rule.table} drop constraint {rule.constraint}")
    _set_types({rule: f"duly.{rule.domain}" for rule in _RULES})
    # Who asks need not be found out beforehand for one row. Tasks are looked for by a sub-select
    # still: unknown when the plan is made, so that no user's number of tasks shapes it.
    _make_policy("users", "subject", using=_ASKED, check=_ASKED)
    _make_policy("tasks", "user_id", using=_ASKED_ONCE, check=_ASKED)


def downgrade() -> None:
    _drop_policies()
    _set_types({rule: rule.base for rule in _RULES})
    for rule in _RULES:
        add = f"add constraint {rule.constraint} check ({rule.check.format(rule.column)})"
        op.execute(f"alter table duly.{rule.table} {add}")
        op.execute(f"drop domain duly.{rule.domain}")
    _make_policy("users", "subject", using=_ASKED_ONCE, check=_ASKED_ONCE)
    _make_policy("tasks", "user_id", using=_ASKED_ONCE, check=_ASKED_ONCE)


def _drop_policies() -> None:
    """PostgreSQL changes no type that a policy depends on."""
    for table in ("users", "tasks"):
        op.execute(f"drop policy own_rows on duly.{table}")


def _set_types(types: dict[_Rule, str]) -> None:
    """All columns of a table at once, because each time rewrites it."""
    for table in ("users", "tasks"):
        changes = [
            f"alter {rule.column} type {type_}"
            for rule, type_ in types.items()
            if rule.table == table
        ]
        op.execute(f"alter table duly.{table} {', '.join(changes)}")


def _make_policy(table: str, owner: str, *, using: str, check: str) -> None:
    op.execute(
        f"create policy own_rows on duly.{table} "
        f"using ({owner} = {using}) with check ({owner} = {check})"
    )
