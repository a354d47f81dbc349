"""Any tasks, any filters, any order: what is listed is what Python picks from all of them."""

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backend.core.ids import new_id
from backend.core.paging import Cursor
from backend.schemas.task import PRIORITIES
from backend.security.signing import Issuer
from backend.tests.support.people import ORIGIN, Person
from backend.tests.support.service import Service

EXAMPLES = int(os.environ.get("FILTER_EXAMPLES", "20"))
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
TIMES = [None, time(0), time(9, 30), time(23, 59, 59)]
TAGS = ["home", "Home", "a b", "büro"]
WORDS = ["milk", "Milkshake", "oat-milk", "Möhren", "mohn", "(home)", "3.5", "Größe"]
LISTS = [new_id(), new_id()]
SORTS = ["created", "updated", "title", "due_date", "priority", "position"]
MOMENTS = [datetime(2026, 1, 1, 12, 0, n // 2, tzinfo=UTC) for n in range(6)]
COLUMNS = (
    *("id", "title", "description", "tags", "priority", "due_date", "due_time", "due_time_zone"),
    *("list_id", "parent_id", "position", "created_at", "updated_at", "completed_at"),
    "deleted_at",
)

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
days = st.integers(-3, 3).map(lambda n: datetime.now(UTC).date() + timedelta(n))


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of tasks, the later ones perhaps parts of earlier ones."""
    made: list[dict[str, Any]] = []
    for _ in range(draw(st.sampled_from([0, 9, 18, 27]))):
        row: dict[str, Any] = {"id": new_id(), "title": draw(texts)}
        row["description"] = draw(st.none() | texts)
        row["tags"] = draw(st.lists(st.sampled_from(TAGS), max_size=3, unique=True))
        row["priority"] = draw(st.sampled_from([0, 0, 0, 1, 2, 3, 4]))
        row["due_date"] = draw(st.none() | days)
        row["due_time"] = draw(st.sampled_from(TIMES)) if row["due_date"] else None
        row["due_time_zone"] = draw(st.sampled_from([None, *ZONES])) if row["due_time"] else None
        above = draw(st.sampled_from([None, *(each for each in made if not each["parent_id"])]))
        row["parent_id"] = above and above["id"]
        row["list_id"] = above["list_id"] if above else draw(st.sampled_from([*LISTS, None]))
        row["position"] = draw(st.sampled_from(["a0", "a1", "Zz", "a0V"]))
        row["created_at"], row["updated_at"] = (draw(st.sampled_from(MOMENTS)) for _ in "12")
        row["completed_at"] = draw(st.sampled_from([None, MOMENTS[0]]))
        trashed = draw(st.sampled_from([None, None, None, MOMENTS[0]]))
        row["deleted_at"] = (above and above["deleted_at"]) or trashed
        made.append(row)
    return made


def bounds() -> st.SearchStrategy[str]:
    """Days and instants, as a query has them."""
    offsets = st.sampled_from(["Z", "+00:00", "+14:00", "-11:00", "+02:00"])
    clocks = st.sampled_from(["00:00", "09:30:00", "09:29:59.5"])
    return days.map(str) | st.builds("{}T{}{}".format, days, clocks, offsets)


FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["all", "pending", "completed"]),
    "list_id": st.sampled_from([str(list_id) for list_id in (*LISTS, new_id())]),
    "parent_id": st.just("none") | st.integers(0, 5),  # a number: one of the tasks
    "priority": st.lists(st.sampled_from([*PRIORITIES, "HIGH"]), min_size=1, max_size=3),
    "tag": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2),
    "due_before": bounds(),
    "due_after": bounds(),
    "overdue": st.just("true"),
    "q": st.lists(
        st.sampled_from(["mil", "milk", "MÖHRE", "hom", "3", "grosse", "m"]), min_size=1, max_size=2
    ).map(" ".join),
}
asked = st.sets(st.sampled_from(list(FILTERS)), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: FILTERS[name] for name in sorted(names)})
)

queries = st.lists(st.tuples(asked, st.sampled_from(SORTS)), min_size=5, max_size=5)


def folded(text: str) -> list[str]:
    """The words of a text without case and accents."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(c for c in bare if not unicodedata.combining(c)))


def instant(day: date, clock: time, zone: str) -> datetime:
    """The first instant at which a clock shows this, in UTC."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def is_before(task: Mapping[str, Any], moment: datetime, zone: str) -> bool:
    """Whether a task with a date is due before a moment, for a user in that zone."""
    day = date.fromisoformat(task["due_date"])
    clock = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if task["due_time"] is None:
        return day < clock.date()
    due = time.fromisoformat(task["due_time"])
    if task["due_time_zone"] is None:
        return datetime.combine(day, due) < clock
    return instant(day, due, task["due_time_zone"]) < moment


def moment_of(bound: str, zone: str) -> datetime:
    if "T" in bound:
        return datetime.fromisoformat(bound)
    return instant(date.fromisoformat(bound), time(), zone)


def passes(task: Mapping[str, Any], query: Mapping[str, Any], zone: str, now: datetime) -> bool:
    """Whether a task is what a query asks for."""
    words = folded(" ".join([task["title"], task["description"] or "", *task["tags"]]))
    *whole, last = folded(query.get("q", "")) or [""]
    has_date = task["due_date"] is not None
    before, after = query.get("due_before"), query.get("due_after")
    return all(
        (
            query.get("status", "all") in {"all", "completed" if task["completed"] else "pending"},
            query.get("list_id") in {None, task["list_id"]},
            query.get("parent_id") in {None, task["parent_id"] or "none"},
            task["priority"] in [each.lower() for each in query.get("priority", PRIORITIES)],
            {*query.get("tag", [])} <= {*task["tags"]},
            not before or (has_date and is_before(task, moment_of(before, zone), zone)),
            not after or (has_date and not is_before(task, moment_of(after, zone), zone)),
            "overdue" not in query
            or (has_date and not task["completed"] and is_before(task, now, zone)),
            {*whole} <= {*words},
            any(word.startswith(last) for word in words),
        )
    )


def sorted_by(
    sort: str, tasks: list[dict[str, Any]], keys: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The tasks in that order; `keys` has the sort keys of titles, by id."""

    def value(task: Mapping[str, Any]) -> Any:
        match sort.removeprefix("-"):
            case "title":
                return keys[task["id"]]
            case "due_date":
                return f"{task['due_date']} {task['due_time'] or '23:59:59.9'}"
            case "priority":
                return PRIORITIES.index(task["priority"])
            case "position":
                return task["list_id"], task["position"]
            case name:
                return task[f"{name}_at"]

    some = [task for task in tasks if "due_date" not in sort or task["due_date"]]
    none = [task for task in tasks if task not in some]
    down = sort.startswith("-")
    return sorted(some, key=lambda task: (value(task), task["id"]), reverse=down) + sorted(
        none, key=lambda task: task["id"], reverse=down
    )


class Reader:
    """A user with some tasks, who lists them."""

    def __init__(self, person: Person, connection: psycopg.Connection, issuer: Issuer) -> None:
        self.client = person.client
        self.subject = f"reader-{new_id()}"
        token = issuer.token(self.subject, issuer=ORIGIN, audience=ORIGIN)
        self.client.headers["Authorization"] = f"Bearer {token}"
        self._connection = connection

    def own(self, made: list[dict[str, Any]], zone: str) -> None:
        """Put the tasks there, with times as given."""
        run = self._connection.execute
        run("set session_replication_role = origin")
        run("insert into duly.spaces (id) values (%s)", [self.subject])
        for list_id in LISTS:
            run(
                "insert into duly.lists (space_id, id, name) values (%s, %s, 'x')",
                [self.subject, list_id],
            )
        run("insert into duly.settings (space_id, time_zone) values (%s, %s)", [self.subject, zone])
        run("set session_replication_role = replica")
        places = ", ".join(f"%({column})s" for column in COLUMNS)
        command = (
            f"insert into duly.tasks (space_id, {', '.join(COLUMNS)}) values (%(s)s, {places})"
        )
        for row in made:
            run(command.encode(), {"s": self.subject} | row)

    def title_keys(self) -> dict[str, str]:
        found = self._connection.execute(
            "select id::text, title_key from duly.tasks where space_id = %s", [self.subject]
        )
        return dict(found.fetchall())

    def pages(self, **query: Any) -> Iterator[tuple[list[dict[str, Any]], int]]:
        """Each page, and what it says how many there are."""
        answer = self.client.get("/api/tasks", params=query)
        for _ in range(50):  # or it never ends
            assert answer.status_code == 200, answer.text
            yield answer.json(), int(answer.headers.get("total-count", -1))
            if "next" not in answer.links:
                return
            answer = self.client.get(answer.links["next"]["url"])

    def tasks(self, **query: Any) -> list[dict[str, Any]]:
        return [task for page, _ in self.pages(**query) for task in page]


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def visitor(service: Service, issuer: Issuer) -> Iterator[Person]:
    person = Person("visitor", service, issuer)
    yield person
    person.client.close()


@given(
    made=rows(), several=queries, zone=st.sampled_from(ZONES), limit=st.sampled_from([1, 2, 3, 7])
)
@hypothesis_settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_a_list_is_what_python_picks_from_all_tasks(  # noqa: PLR0913, PLR0917 - what is drawn
    made: list[dict[str, Any]],
    several: list[tuple[dict[str, Any], str]],
    zone: str,
    limit: int,
    visitor: Person,
    connection: psycopg.Connection,
    issuer: Issuer,
) -> None:
    reader = Reader(visitor, connection, issuer)
    reader.own(made, zone)
    everything = reader.tasks(limit=200)
    assert len(everything) == sum(row["deleted_at"] is None for row in made)
    keys = reader.title_keys()
    for query, sort in several:
        if isinstance(query.get("parent_id"), int):
            assume(made)
            query["parent_id"] = str(made[query["parent_id"] % len(made)]["id"])
        began = datetime.now(UTC)
        both = (sort, f"-{sort}")
        found = [[*reader.pages(sort=each, limit=limit, count="exact", **query)] for each in both]
        expected, later = (
            [task for task in everything if passes(task, query, zone, now)]
            for now in (began, datetime.now(UTC))
        )
        assume(expected == later)  # midnight did not come meanwhile
        for each, pages in zip(both, found, strict=True):
            listed = [task for page, _ in pages for task in page]
            assert listed == sorted_by(each, expected, keys)
            assert {total for _, total in pages} == {len(expected)}
            assert [len(page) for page, _ in pages[:-1]] == [limit] * (len(pages) - 1)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        *((f"{name}=", name) for name in ("list_id", "parent_id", "priority", "tag", "due_before")),
        *((f"{name}=x", name) for name in ("list_id", "parent_id", "priority", "sort", "overdue")),
        *(
            (f"{name}={v}", name)
            for name in ("due_before", "due_after")
            for v in ("x", "2026-02-30")
        ),
        ("due_before=2026-03-01T09:00:00", "due_before"),
        ("due_before=2026-03-01T25:00:00Z", "due_before"),
        ("due_before=0000-01-01", "due_before"),
        ("due_after=1772355600", "due_after"),
        ("overdue=false", "overdue"),
        ("overdue=true&overdue=true", "overdue"),
        ("list_id=1&list_id=2", "list_id"),
        ("q=a&q=b", "q"),
        ("sort=title&sort=-title", "sort"),
        ("sort=rank", "sort"),
        ("sort=-deleted", "sort"),
        ("status=trashed", "status"),
        ("priority=high&priority=5", "priority"),
        ("tag=a%00b", "tag"),
        (f"tag={'x' * 51}", "tag"),
        ("&".join(["tag=x"] * 21), "tag"),
        ("due=2026-01-01", "due"),
        ("cursor=x", "cursor"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(query: str, parameter: str, alice: Person) -> None:
    answer = alice.client.get(f"/api/tasks?{query}")
    assert answer.status_code == 422, answer.text
    pointers = {error["pointer"].split("/")[2] for error in answer.json()["errors"]}
    assert pointers == {parameter}


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("clock", ["", "T00:00:00%2B14:00", "T23:59:59-11:00"])
def test_the_ends_of_the_calendar_can_be_asked_for(year: str, clock: str, alice: Person) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        alice.create(day, due_date=day)
        alice.create(day, due_date=day, due_time="00:00", due_time_zone="Asia/Tokyo")
    for name in ("due_before", "due_after"):
        answer = alice.client.get(f"/api/tasks?{name}={year}{clock}&sort=due_date&limit=1")
        while "next" in answer.links:
            answer = alice.client.get(answer.links["next"]["url"])
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("sort", ["due_date", "priority", "position", "created", "-title"])
def test_a_cursor_of_another_sort_or_of_nobodys_making_is_refused(sort: str, alice: Person) -> None:
    made = {
        "due_date": ["x", "2026-01-01 25:00", "2026-01-01 10:00 x"],
        "priority": ["none at all", "5"],
        "position": ["x", "x y"],
        "created": ["x"],
        "-title": [],
    }
    others = [Cursor(other, "x", str(new_id())) for other in ("updated", f"-{sort}", "rank", "")]
    for cursor in (*others, *(Cursor(sort, text, str(new_id())) for text in made[sort])):
        answer = alice.client.get("/api/tasks", params={"sort": sort, "cursor": cursor.encode()})
        assert answer.status_code == 422, cursor
        assert answer.json()["errors"][0]["pointer"] == "/query/cursor"
