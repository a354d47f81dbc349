"""`python -m benchmarks.lists`: what each list costs PostgreSQL, for users of few and many tasks.

Processor time of the backend that answers, by its scheduler's clock: prelude and statement as a
request has them, prepared, in a transaction. The users have 100 or 10,000 tasks among a million,
whose rows lie apart, as after months in which everybody wrote, or together, as after an import.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Text, bindparam

from backend.database import migrate
from backend.database.connection.call import Rows
from backend.database.embedded import EmbeddedServer
from backend.database.isolation import read_prelude
from backend.database.operations import Operation
from backend.database.statements import Bound, Fragment, Statement
from backend.schemas.task import TaskQuery
from backend.services.tasks import Page, list_tasks

FEW, MANY, ORDINARY = 100, 10_000, 200
_MANY_USERS, _FEW_USERS = 10, 1_000
_PAGE = 20
_CALLS = 10  # of one list, of which the mean counts
_DEEP = 20  # pages of 200
_ANOTHER = UUID("00000000-0000-7000-8000-000000000001")
_FILL = """
insert into duly.tasks (space_id, id, title, description, created_at, updated_at, completed_at,
    priority, tags, due_date, due_time, list_id)
select user_id, uuidv7(at - clock_timestamp()),
    format('%s %s of the %s', (array['Buy','Call','Write','Read'])[1 + (i * 7 + n) % 4],
        (array['milk','the bank','a letter','invoice'])[1 + (i * 13 + n) % 4], i),
    'Two litres, from the corner shop, before noon', at, at, case when i % 3 = 0 then at end,
    case when i % 5 = 0 then 1 + i / 5 % 4 else 0 end,
    case when i % 10 = 0 then array['home'] else '{}' end,
    case when i % 4 = 0 then date '2026-01-01' + i / 4 % 365 end,
    case when i % 8 = 0 then time '09:30' end,
    case when i % 2 = 0 then duly.inbox_of(user_id)
        else '00000000-0000-7000-8000-000000000001'::uuid end
from (
    select format('%s-%s-%s', kind, tasks, n) as user_id, n, i, now() - case
        when kind = 'together' then make_interval(days => n, secs => tasks - i)
        else interval '200 days' * (tasks - i + n * 0.618 % 1) / tasks end as at
    from people, generate_series(1, users) n, generate_series(1, tasks) i
    order by at offset 0) rows
"""

_SORTS = ("created", "title", "due_date", "priority", "position", "updated")
QUERIES: dict[str, dict[str, Any]] = {
    **{f"sort={sign}{sort}": {"sort": sign + sort} for sort in _SORTS for sign in ("", "-")},
    "the inbox in its order": {"list_id": ..., "sort": "position"},
    "due in a week, by date": {
        "due_after": date(2026, 6, 1),
        "due_before": date(2026, 6, 8),
        "sort": "due_date",
    },
    "due in a week": {"due_after": date(2026, 6, 1), "due_before": date(2026, 6, 8)},
    "overdue": {"overdue": "true"},
    "status=pending": {"status": "pending"},
    "priority=urgent": {"priority": ("urgent",)},
    "tag=home": {"tag": ("home",)},
    "q=inv, a quarter of all": {"q": "inv"},
    "q=call 77, few": {"q": "call 77"},
    "q=inv&sort=-created": {"q": "inv", "sort": "-created"},
    "count=exact": {"count": "exact"},
}


class Backend:
    """A connection of a request's kind, and the processor time that its server process has used."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._send = self._connection.pgconn
        self._known: set[bytes] = set()
        self._clock = Path(f"/proc/{self._connection.info.backend_pid}/schedstat")

    def call(self, user: str, statements: Sequence[Bound]) -> list[Rows]:
        """The rows of statements as that user, in one transaction."""
        self._send.exec_(b"begin")
        rows = [self._run(bound) for bound in (read_prelude(user, user), *statements)]
        self._send.exec_(b"commit")
        return rows[1:]

    def _run(self, bound: Bound) -> Rows:
        statement, values = bound
        if statement.name not in self._known:
            self._known.add(statement.name)
            self._send.prepare(statement.name, statement.sql)
        found = self._send.exec_prepared(
            statement.name,
            values,  # type: ignore[arg-type]  # its stub knows no null
        )
        if found.status != psycopg.pq.ExecStatus.TUPLES_OK:
            raise RuntimeError(found.error_message.decode())
        return [
            tuple(found.get_value(row, column) for column in range(found.nfields))
            for row in range(found.ntuples)
        ]

    def cpu(self) -> int:
        """Nanoseconds so far."""
        return int(self._clock.read_text().split()[0])


def main() -> None:
    """Make the tasks, ask for every list in turn, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000, help="in the database")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--data", type=Path, help="folder of a PostgreSQL to keep, or kept before")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="duly-lists-") as folder:
        data = options.data or Path(folder) / "postgres"
        server = EmbeddedServer(data)
        _enlarge(server.url())
        server.close()  # for the setting
        server = EmbeddedServer(data)
        try:
            url = server.database("lists")
            migrate.upgrade(url)
            _fill(url, options.tasks)
            print(
                f"| list of {_PAGE}, us of PostgreSQL | {FEW} | {MANY:,} | deep | together | deep |"
            )
            print("|---|---|---|---|---|---|")
            for line in _measure(url, options.rounds):
                print(f"| {' | '.join(line)} |", flush=True)
        finally:
            server.close()


def _enlarge(url: str) -> None:
    """Let everything be in memory that PostgreSQL looks after itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter system set shared_buffers = '1GB'")


def _fill(url: str, total: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        run = connection.execute
        if run("select 1 from duly.tasks limit 1").fetchone():
            return
        others = (total - 2 * MANY * _MANY_USERS - FEW * _FEW_USERS) // ORDINARY
        groups = (
            *(("apart", MANY, _MANY_USERS), ("together", MANY, _MANY_USERS)),
            *(("apart", FEW, _FEW_USERS), ("apart", ORDINARY, max(1, others))),
        )
        run("create temporary table people (kind text, tasks int, users int)")
        for group in groups:
            run("insert into people values (%s, %s, %s)", group)
        run(
            "insert into duly.spaces (id) select format('%s-%s-%s', kind, tasks, n)"
            " from people, generate_series(1, users) n"
        )
        run(
            "insert into duly.lists (space_id, id, name) select id, %s, 'Another' from duly.spaces",
            [_ANOTHER],
        )
        run("set session_replication_role = replica")  # the times are given
        run(_FILL)
        run("vacuum analyze duly.tasks, duly.spaces, duly.lists, duly.settings")


def _measure(url: str, rounds: int) -> Iterator[tuple[str, ...]]:
    backend = Backend(url)
    for name, chosen in QUERIES.items():
        costs: list[list[float]] = [[] for _ in range(5)]
        for n in range(rounds):
            users = [f"{kind}-{MANY}-{1 + n % _MANY_USERS}" for kind in ("apart", "together")]
            costs[0].append(_cost(backend, f"apart-{FEW}-{1 + n}", chosen))
            for place, user in zip((1, 3), users, strict=True):
                costs[place].append(_cost(backend, user, chosen))
                if "sort" in chosen:
                    cursor = {"cursor": _deep(backend, user, chosen)}
                    costs[place + 1].append(_cost(backend, user, chosen | cursor))
        yield name, *(f"{median(each):,.0f}" if each else "" for each in costs)


def _cost(backend: Backend, user: str, chosen: dict[str, Any]) -> float:
    """Microseconds of a call, when it has been made before."""
    operation = _operation(backend, user, chosen)
    backend.call(user, operation.statements)
    before = backend.cpu()
    for _ in range(_CALLS):
        backend.call(user, operation.statements)
    return (backend.cpu() - before) / _CALLS / 1_000


def _deep(backend: Backend, user: str, chosen: dict[str, Any]) -> str | None:
    """A cursor far behind, where there are so many tasks."""
    cursor: str | None = None
    for _ in range(_DEEP):
        operation = _operation(backend, user, chosen | {"cursor": cursor, "limit": 200})
        found = operation.read(backend.call(user, operation.statements))
        assert not isinstance(found, Operation)  # noqa: S101 - for the type checker
        cursor = found.cursor or cursor
    return cursor


def _operation(backend: Backend, user: str, chosen: dict[str, Any]) -> Operation[Page]:
    inbox = {"list_id": _inbox_of(backend, user)} if "list_id" in chosen else {}
    return list_tasks(TaskQuery(**{"limit": _PAGE} | chosen | inbox))


def _inbox_of(backend: Backend, user: str) -> UUID:
    bound = Statement("SELECT duly.inbox_of(", Fragment(bindparam("user", type_=Text)), ")")
    [[[(inbox,)]]] = [backend.call(user, [bound.bind(user=user)])]
    return UUID((inbox or b"").decode())


if __name__ == "__main__":
    main()
