"""Every operation that the services can return, found by walking them.

A new service function is found by itself; a parameter of a new type needs examples here, and a test
fails until it has some.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import product
from types import ModuleType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints
from uuid import UUID

import backend.services
from backend.core.dates import Due
from backend.core.ids import new_id
from backend.core.paging import Cursor
from backend.core.principal import Principal
from backend.database.connection.call import Row
from backend.database.operations import Operation
from backend.schemas.batch import (
    BatchChange,
    BatchOperation,
    ChosenTasks,
    DeleteOperation,
    TasksChange,
    UpdateOperation,
)
from backend.schemas.history import HistoryQuery, TaskHistoryQuery, Undo
from backend.schemas.list import ListCreate, ListMove, ListQuery, ListUpdate
from backend.schemas.sync import ListDeleteCommand, SyncCommand, TaskUpdateCommand
from backend.schemas.task import Sort, TaskCreate, TaskMove, TaskQuery, TaskUpdate, TrashQuery
from backend.schemas.user import MeUpdate
from backend.services.tasks import TrashLeft, complete_task
from backend.services.transfers import Lines

Function = Callable[..., Operation[Any]]


class Meeting(NamedTuple):
    """Somebody, and the id of a task or a list that is somebody else's."""

    caller: Principal
    theirs: UUID


LAST: dict[str, str] = {
    "title": "x",
    "priority": "high",
    "due_date": "2026-01-02 03:04:05",
    "position": f"{UUID(int=7)} a0",
    "rank": "0.6 2026-01-02T03:04:05.000006+00:00",
}
"""What a cursor says of the last task, by sort; of the others, a point in time."""

FILTERS: dict[str, dict[str, Any]] = {
    "status": {"status": "pending"},
    "completed": {"status": "completed"},
    "list_id": {"list_id": UUID(int=7)},
    "parent_id": {"parent_id": str(UUID(int=7))},
    "top": {"parent_id": "none"},
    "priority": {"priority": ("none", "high")},
    "tag": {"tag": ("a", "b")},
    "due_before": {"due_before": datetime(2026, 1, 2, tzinfo=UTC)},
    "due_after": {"due_after": date(2026, 1, 2)},
    "overdue": {"overdue": "true"},
    "q": {"q": "some words"},
}
"""The filters of a list, one by one."""

ALL_FILTERS: dict[str, Any] = {
    name: value for one in FILTERS.values() for name, value in one.items()
}
SORTS = get_args(Sort)


def places(sort: str) -> list[dict[str, Any]]:
    """Where a page of a sort can start: at the beginning, and behind each kind of task."""
    name = sort.removeprefix("-")
    texts = [LAST.get(name, "2026-01-02T03:04:05.000006+00:00")]
    if name in {"due_date", "priority"}:
        texts.append("")
    cursors = [Cursor(sort, text or None, str(new_id())).encode() for text in texts]
    return [{}, *({"cursor": cursor} for cursor in cursors)]


def _pages() -> Iterator[TaskQuery]:
    """Lists of tasks of every kind."""
    for sort in SORTS:
        yield from (TaskQuery(sort=sort, **place) for place in places(sort))
    for chosen in FILTERS.values():
        yield TaskQuery(count="exact", **chosen)
    for sort in ("-created", "title", "due_date"):
        yield TaskQuery(as_of=datetime(2026, 1, 2, tzinfo=UTC), sort=sort, count="exact")
    yield TaskQuery(as_of=datetime(2100, 1, 1, tzinfo=UTC), tag=("a",), status="completed")
    for place in places("-rank"):
        yield TaskQuery(**ALL_FILTERS, **place)


def _changes() -> Iterator[BatchChange]:
    """Changes of what a filter finds, by every filter and of every kind."""
    delete = TasksChange(delete=True)
    for chosen in FILTERS.values():
        body = {name: True if name == "overdue" else value for name, value in chosen.items()}
        yield BatchChange(filter=ChosenTasks(**body), change=delete)
    everything = ChosenTasks(status="all")
    several = TasksChange(title="x", completed=True, add_tags=["x"], list_id=None)
    for change in (delete, several):
        yield BatchChange(filter=everything, change=change)
        yield BatchChange(filter=everything, change=change, expected_count=2, dry_run=True)


# What a parameter of a type may be given; a function makes it of who meets whom, as those of the
# second kind do.
EXAMPLES: dict[Any, list[Any]] = {
    TaskUpdate: [
        TaskUpdate(title="x", completed=True),
        TaskUpdate(description="x", recurrence="FREQ=DAILY"),
        TaskUpdate(description="x", recurrence="FREQ=DAILY;INTERVAL=7;BYDAY=SU"),
        TaskUpdate(),
        TaskUpdate(title="x", list_id=None),
        lambda meeting: TaskUpdate(parent_id=meeting.theirs),
    ],
    TaskMove: [
        TaskMove(),
        lambda meeting: TaskMove(before=meeting.theirs),
        lambda meeting: TaskMove(after=meeting.theirs),
        lambda meeting: TaskMove(parent_id=meeting.theirs, list_id=None),
    ],
    int: [0, 30],
    TaskQuery: [*_pages()],
    TrashQuery: [TrashQuery()],
    get_args(BatchOperation)[0]: [
        lambda meeting: UpdateOperation(
            op="update", id=meeting.theirs, patch=TaskUpdate(title="x")
        ),
        lambda meeting: DeleteOperation(op="delete", id=meeting.theirs, if_match=1),
    ],
    get_args(SyncCommand)[0]: [
        lambda meeting: TaskUpdateCommand(
            uuid="a", type="task.update", id=meeting.theirs, title="x"
        ),
        lambda meeting: ListDeleteCommand(uuid="a", type="list.delete", id=meeting.theirs),
    ],
    BatchChange: [
        *_changes(),
        lambda meeting: BatchChange(
            filter=ChosenTasks(ids=(meeting.theirs,)), change=TasksChange(parent_id=meeting.theirs)
        ),
    ],
    str: ["x"],
    str | None: [None, "1", "1.0"],
    ListUpdate: [ListUpdate(name="x", archived=True), ListUpdate()],
    ListQuery: [
        ListQuery(archived="all"),
        ListQuery(trashed="true"),
        ListQuery(cursor=Cursor("position", "a0", str(new_id())).encode()),
    ],
    HistoryQuery: [
        HistoryQuery(),
        HistoryQuery(
            type="task", actor="x", change="updated", since=datetime(2026, 1, 2, tzinfo=UTC)
        ),
    ],
    TaskHistoryQuery: [TaskHistoryQuery(until=datetime(2100, 1, 1, tzinfo=UTC))],
    Undo: [
        *(Undo(version=version, force=True) for version in range(1, 4)),
        *(Undo(since=0, type=kind, force=True) for kind in (None, "task")),
        Undo(since=datetime(2026, 1, 2, tzinfo=UTC), actor="x"),
    ],
    MeUpdate: [MeUpdate(time_zone="Europe/Berlin"), MeUpdate()],
    Collection[int]: [(1, 2, 3)],  # which adds a condition to what is asked without
    Sequence[int] | None: [None, [1, 2, 3]],
    Sequence[int]: [[0], [1, 2, 3]],
    bool: [False, True],
    bool | None: [True, False, None],
    Due | None: [None, Due(date(2026, 2, 28))],
    datetime | None: [None, datetime(2100, 1, 1, tzinfo=UTC)],
    TrashLeft | None: [None, TrashLeft(datetime(2100, 1, 1, tzinfo=UTC), UUID(int=0))],
}
# A line of any kind.
_LINE = b'{"id":"%s","title":"x","name":"x","position":"a0","archived":true,"time_zone":"UTC"}'
OF_MEETING: dict[Any, Callable[[Meeting], Any]] = {
    Principal: lambda meeting: meeting.caller,
    UUID: lambda meeting: meeting.theirs,
    ListCreate: lambda meeting: ListCreate(id=meeting.theirs, name="x"),
    ListMove: lambda meeting: ListMove(before=meeting.theirs),
    TaskCreate: lambda meeting: TaskCreate(id=meeting.theirs, title="x", completed=True),
    Lines: lambda meeting: Lines([_LINE % str(meeting.theirs).encode()]),
}


class Case(NamedTuple):
    """One service function with one choice of arguments.

    Attributes:
        function: The function.
        arguments: By name; those of `OF_MEETING` are left out.
        found: The row that a first call found, if a second one is what is tried.
    """

    function: Function
    arguments: dict[str, Any]
    found: Row | None = None

    def operation(self, meeting: Meeting) -> Operation[Any]:
        """The operation, for that caller and with that id in it."""
        met = {
            name: OF_MEETING[kind](meeting)
            for name, kind in parameters(self.function).items()
            if kind in OF_MEETING
        }
        given = {
            name: value(meeting) if callable(value) else value
            for name, value in self.arguments.items()
        }
        operation = self.function(**met, **given)
        if self.found is None:
            return operation
        second = operation.read([*([] for _ in operation.statements), [self.found]])
        assert isinstance(second, Operation)
        return second


RECURRING: dict[str, Any] = {
    "due_date": "2026-03-01",
    "due_time": None,
    "due_time_zone": None,
    "recurrence": "FREQ=DAILY",
    "recurrence_from": "due",
}
"""A task whose next occurrence a second call takes it to."""
_FOUND = (
    *(b"FREQ=DAILY", b"2026-03-01 00:00:00", b"due", b"2026-03-01", None, None),
    b"2026-03-01 12:00:00.5",
)


def modules() -> Iterator[ModuleType]:
    """Every module of the services."""
    root = backend.services
    for found in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
        yield importlib.import_module(found.name)


def functions() -> dict[str, Function]:
    """Every public function of the services that returns an operation."""
    return {
        name: function
        for module in modules()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and get_origin(get_type_hints(function).get("return")) is Operation
    }


def parameters(function: Function) -> dict[str, Any]:
    """The parameters of a function, and their types."""
    hints = get_type_hints(function)
    return {name: hint for name, hint in hints.items() if name != "return"}


def _cases() -> Iterator[tuple[str, Case]]:
    for name, function in functions().items():
        chosen = {
            parameter: EXAMPLES[kind]
            for parameter, kind in parameters(function).items()
            if kind not in OF_MEETING
        }
        for number, values in enumerate(product(*chosen.values())):
            yield f"{name} {number}", Case(function, dict(zip(chosen, values, strict=True)))


def _second_calls() -> Iterator[tuple[str, Case]]:
    for name, completed in (("next", True), ("last", False)):
        arguments = {"completed": completed, "occurrence": None, "versions": None}
        yield f"complete_task {name}", Case(complete_task, arguments, _FOUND)


CASES: dict[str, Case] = dict([*_cases(), *_second_calls()])
