"""Every list, however it is filtered and sorted, reads the caller's own rows alone, by an index.

`PLANS=all` walks all sets of filters; otherwise each alone, each two, and all together.
"""

import os
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from backend.schemas.task import TaskQuery
from backend.services.tasks.pages import list_tasks
from backend.tests.database.test_schema import acting
from backend.tests.isolation.cases import FILTERS, SORTS, places
from backend.tests.performance.test_plans import OWNER, bounds, nodes

USERS = 300
TASKS = 40
SPACES = "insert into duly.spaces (id) select 'user-' || u from generate_series(1, 2000) u"
ROWS = f"""
insert into duly.tasks (space_id, id, title, created_at, completed_at, deleted_at, due_date,
    priority, tags)
select 'user-' || u, overlay(gen_random_uuid()::text placing '7' from 15)::uuid, 'Task ' || n,
    now() - make_interval(mins => n * 7 % 100), case when n % 3 = 0 then now() end,
    case when n % 10 = 0 then now() end, case when n % 4 = 0 then date '2026-01-01' + n end,
    case when n % 5 = 0 then n / 5 % 5 else 0 end,
    case when n % 9 = 0 then array['a'] else '{{}}' end
from generate_series(1, {USERS}) u, generate_series(1, {TASKS}) n
"""
INDEXES = {
    "created": ["tasks_newest"],
    "title": ["tasks_by_title"],
    "position": ["tasks_in_list"],
    "due_date": ["tasks_by_due", "tasks_pkey"],
    "priority": ["tasks_by_priority", "tasks_pkey"],
}
"""Those that have the rows of a sort in its order."""
KEYS = {
    "created": "ROW(created_at, id)",
    "title": "ROW(title_key, id)",
    "position": 'ROW(list_id, ("position")::text, id)',
    "due_date": "ROW(due_key, id)",
    "priority": "ROW(priority, id)",
}


@pytest.fixture(scope="module")
def connection(make_database: Callable[[str], str]) -> Iterator[psycopg.Connection]:
    """A transaction of one among many users."""
    url = make_database("lists")
    with psycopg.connect(url, autocommit=True) as owner:
        run = owner.execute
        for command in (SPACES, "insert into duly.settings (space_id) select id from duly.spaces"):
            run(command.encode())
        run("set session_replication_role = replica")  # times as given
        run(ROWS.encode())
        run("analyze duly.tasks, duly.spaces, duly.lists, duly.settings")
    with acting(url, "user-7") as connection:
        yield connection


def plan(connection: psycopg.Connection, query: TaskQuery) -> dict[str, Any]:
    """The plan that all values get, which the prelude asks for."""
    statement = list_tasks(query).statements[0].statement.sql
    row = connection.execute(
        b"explain (generic_plan, format json) " + statement, prepare=False
    ).fetchone()
    assert row
    found: dict[str, Any] = row[0][0]["Plan"]
    return found


def reads(root: dict[str, Any], *tables: str) -> list[dict[str, Any]]:
    """The nodes that read a table, or one of these."""
    found = [node for node in nodes(root) if "Relation Name" in node]
    return [node for node in found if not tables or node["Relation Name"] in tables]


def is_sorted(root: dict[str, Any]) -> bool:
    """Whether rows are read before the first one can be answered."""
    return any("Sort" in node["Node Type"] for node in nodes(root))


def sets_of_filters() -> Iterator[dict[str, Any]]:
    """Filters by name; those of one parameter exclude each other."""
    most = len(FILTERS) if os.environ.get("PLANS") == "all" else 2
    for size in range(most + 1):
        for names in combinations(FILTERS, size):
            chosen = {key: value for name in names for key, value in FILTERS[name].items()}
            if len(chosen) == size:
                yield chosen
    yield {key: value for each in FILTERS.values() for key, value in each.items()}


@pytest.mark.parametrize("sort", [*SORTS, None])
def test_any_filters_in_any_order_read_the_callers_rows_by_an_index(
    sort: Any, connection: psycopg.Connection
) -> None:
    walked = 0
    for chosen in sets_of_filters():
        by = sort or ("-rank" if "q" in chosen else "-created")
        for place in places(by):
            found = reads(plan(connection, TaskQuery(sort=sort, **chosen, **place)))
            assert {read["Relation Name"] for read in found} >= {"tasks", "spaces"}
            for read in found:
                assert OWNER[read["Relation Name"]].search(bounds(read)), (chosen, place, read)
            walked += 1
    assert walked > 100


@pytest.mark.parametrize("sort", [sort for sort in SORTS if "updated" not in sort])
def test_a_page_begins_at_its_place_in_an_index_that_has_the_order(
    sort: Any, connection: psycopg.Connection
) -> None:
    name = sort.removeprefix("-")
    for place in places(sort):
        root = plan(connection, TaskQuery(sort=sort, **place))
        found = reads(root, "tasks")
        assert not is_sorted(root)
        assert {read["Index Name"] for read in found} <= {*INDEXES[name]}
        # The pages before it are not read.
        began = [read for read in found if "ROW(" in bounds(read) or "(id " in bounds(read)]
        assert len(began) == bool(place)
        for read in began:
            assert read["Index Name"] == "tasks_pkey" or KEYS[name] in bounds(read)


def test_a_list_by_hand_is_read_in_its_order(connection: psycopg.Connection) -> None:
    for place in places("position"):
        root = plan(connection, TaskQuery(sort="position", list_id=new_id(), **place))
        [read] = reads(root, "tasks")
        assert read["Index Name"] == "tasks_in_list"
        assert "list_id = " in bounds(read)
        assert not is_sorted(root)


def test_what_is_due_in_a_span_is_read_between_its_ends(connection: psycopg.Connection) -> None:
    chosen = FILTERS["due_before"] | FILTERS["due_after"]
    root = plan(connection, TaskQuery(sort="due_date", **chosen))
    [read] = reads(root, "tasks")
    assert read["Index Name"] == "tasks_by_due"
    assert "due_key < " in bounds(read)
    assert "due_key >= " in bounds(read)
    assert not is_sorted(root)


def test_rows_come_in_the_order_of_their_parts_even_where_parallel_plans_are_free(
    connection: psycopg.Connection,
) -> None:
    for name, value in {
        "parallel_setup_cost": "0",
        "parallel_tuple_cost": "0",
        "min_parallel_table_scan_size": "0",
        "enable_indexscan": "off",
        "enable_bitmapscan": "off",
    }.items():
        connection.execute("select set_config(%s, %s, false)", [name, value])
    try:
        free = connection.execute("explain select count(*) from duly.tasks").fetchall()
        assert any("Gather" in line for (line,) in free)
        for query in (TaskQuery(q="x"), TaskQuery(sort="due_date"), TaskQuery(sort="updated")):
            root = plan(connection, query)
            assert root["Node Type"] == "Append"
            appends = [node for node in nodes(root) if node["Node Type"] == "Append"]
            assert not any(node["Parallel Aware"] for node in appends)
            for gather in (node for node in nodes(root) if "Gather" in node["Node Type"]):
                assert not [node for node in nodes(gather) if node["Node Type"] == "Append"]
    finally:
        connection.execute("reset all")
