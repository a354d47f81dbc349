"""Databases of a given number of tasks, whose users have from ten to 100,000 each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.harness.people import DESCRIPTION, Person, subject
from benchmarks.harness.systems import Stage
from benchmarks.harness.systems.duly import INBOXES, OWNER, Duly

ORDINARY = 200
"""Tasks of a user like most."""

RECENT = 50
"""So many of a user's newest tasks are read and changed."""

_MOST = {100_000: 3, 10_000: 10, 1_000: 50, 100: 100, 10: 100}
"""Users of other sizes that a database has at most; together each kind has a tenth of the tasks."""


class Group(NamedTuple):
    """Users with the same number of tasks, numbered without a gap."""

    first: int
    users: int
    tasks: int


class Statistics(NamedTuple):
    """What PostgreSQL counted for a table; sizes in bytes."""

    updates: int
    hot: int
    dead: int
    autovacuums: int
    table: int
    indexes: int


def population(total: int) -> list[Group]:
    """Who the tasks of a database of `total` tasks belong to."""
    groups: list[Group] = []
    first, left = 1, total
    for tasks, most in _MOST.items():
        if users := min(most, total // (10 * tasks)):
            groups.append(Group(first, users, tasks))
            first, left = first + users, left - users * tasks
    return [*groups, Group(first, left // ORDINARY, ORDINARY)]


def _fill(groups: Sequence[Group]) -> tuple[str, ...]:
    example = subject(0)
    prefix, width = example.rstrip("0"), len(example) - len(example.rstrip("0"))
    name = f"'{prefix}' || lpad(n::text, {width}, '0')"
    numbers = ", ".join(f"({g.first}, {g.first + g.users - 1}, {g.tasks})" for g in groups)
    people = f"(values {numbers}) g (first, last, tasks), generate_series(first, last) n"
    return (
        "set session_replication_role = replica",  # the rows carry their numbers already
        "set work_mem = '1GB'",
        "set maintenance_work_mem = '1GB'",
        f"""insert into duly.users (subject, email, name)
            select {name}, format('user%s@example.com', n), format('User %s', n)
            from {people}""",
        f"insert into duly.spaces (id, last_version) select {name}, tasks from {people}",
        INBOXES,
        # Every user's tasks spread over the same 200 days, so that those of all interleave.
        f"""insert into duly.tasks (space_id, id, title, description,
                completed_at, created_at, updated_at, version)
            select {name}, uuidv7(at - clock_timestamp()), format('Task %s of user %s', i, n),
                '{DESCRIPTION}', case when i % 3 = 0 then at end, at, at, i
            from (
                select n, i, now() - interval '200 days' * (tasks - i + n * 0.618 % 1) / tasks as at
                from {people}, generate_series(1, tasks) i
                order by at offset 0) rows""",
    )


_TIDY = ("vacuum analyze duly.tasks, duly.spaces, duly.users", "checkpoint")


class Grown(Duly):
    """Duly on a database of its own, of a given size."""

    def __init__(self, stage: Stage, total: int) -> None:
        super().__init__(stage)
        self.total = total
        self.name = f"duly-{total}"
        self.groups = population(total)

    def prepare(self) -> None:
        cluster = self.stage.cluster
        cluster.make_role(OWNER)
        cluster.make_database(self.name, owner=OWNER)
        self._migrate()
        self.restore()

    def restore(self) -> None:
        truncate = "truncate duly.users, duly.spaces, duly.history cascade"
        drop, make = self._indexes()
        self.stage.cluster.execute(self.name, truncate, *drop, *_fill(self.groups), *make, *_TIDY)

    def _indexes(self) -> tuple[list[str], list[str]]:
        """SQL that drops the indexes of tasks, for the time of loading, and SQL that makes them.

        Foreign keys go before the key that they lead to, and come behind it.
        """
        found = self.rows(
            """select contype = 'f', format('alter table duly.tasks drop constraint %I', conname),
                    format('alter table duly.tasks add constraint %I %s', conname,
                        pg_get_constraintdef(oid))
                from pg_constraint
                where conrelid = 'duly.tasks'::regclass and contype in ('f', 'p')
                union all
                select false, format('drop index %s', indexrelid::regclass),
                    pg_get_indexdef(indexrelid)
                from pg_index where indrelid = 'duly.tasks'::regclass and not indisprimary
                order by 1"""
        )
        return [drop for _, drop, _ in reversed(found)], [make for _, _, make in found]

    def people(self) -> list[Person]:
        return self.sample(ORDINARY, 1000)

    def sample(self, tasks: int, most: int) -> list[Person]:
        """Users with that many tasks, evenly from all of them; none if there are none."""
        group = next((g for g in self.groups if g.tasks == tasks), Group(0, 0, tasks))
        step = max(1, group.users // most)
        numbers = range(group.first, group.first + group.users, step)[:most]
        recent = self._recent([subject(n) for n in numbers])
        return [Person(n, subject(n), self.header(n), recent[subject(n)], ()) for n in numbers]

    def _recent(self, subjects: list[str]) -> dict[str, tuple[str, ...]]:
        rows = self.rows(
            f"""select s, array(select id::text from duly.tasks
                    where space_id = s and deleted_at is null
                    order by created_at desc, id desc limit {RECENT})
                from unnest(%s::text[]) s""",
            subjects,
        )
        return {owner: tuple(ids) for owner, ids in rows}

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the superuser sees."""
        return self.stage.cluster.rows(self.name, query, *values)

    def sizes(self) -> dict[str, int]:
        """Bytes of each table with what belongs to it, and of each index."""
        return dict(
            self.rows(
                """select relname, case relkind when 'r' then pg_table_size(oid)
                        else pg_relation_size(oid) end
                   from pg_class where relnamespace = 'duly'::regnamespace
                        and relkind in ('r', 'i') and relname not like 'alembic%'
                   order by relname"""
            )
        )

    def statistics(self, table: str) -> Statistics:
        """The counters of a table since it was made."""
        [row] = self.rows(
            f"""select n_tup_upd, n_tup_hot_upd, n_dead_tup, autovacuum_count,
                    pg_table_size(relid), pg_indexes_size(relid)
                from pg_stat_user_tables where relid = 'duly.{table}'::regclass"""
        )
        return Statistics(*row)
