"""Commands of clients that were away, each done as its own request would be, once.

What others did meanwhile is not undone: an update changes the members that it has, tags are added
and taken away one by one, an occurrence is completed by its name; and what is in the trash stays
there (docs/sync.md).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from backend.core.principal import Principal
from backend.core.problems import InTrash, NotFound
from backend.database.connection.wire import Rows
from backend.database.operations import Key, Operation
from backend.database.queries import select
from backend.database.statements import Bound, Statement
from backend.models import List, Task
from backend.schemas.list import ListCreate, ListMove, ListUpdate
from backend.schemas.sync import SyncCommand
from backend.schemas.task import TaskCreate, TaskMove, TaskUpdate
from backend.schemas.user import MeUpdate
from backend.services import lists, tasks
from backend.services.lists.shape import HAS_ID as IS_LIST
from backend.services.tasks.shape import HAS_ID as IS_TASK
from backend.services.users import update_me

A = TypeVar("A")
M = TypeVar("M", bound=BaseModel)

_COMMAND: Final = "sync "  # no key of a request has a blank in it
_KINDS: Final = {
    "task": Statement(*select("NULL", Task, IS_TASK)),
    "list": Statement(*select("NULL", List, IS_LIST)),
}
_CREATES: Final[Mapping[str, Callable[[Any], Operation[Any]]]] = {
    "task.create": lambda it: tasks.create_task(_part(it, TaskCreate)),
    "list.create": lambda it: lists.create_list(_part(it, ListCreate)),
}
_CHANGES: Final[Mapping[str, Callable[[Any], Operation[Any]]]] = {
    "task.update": lambda it: tasks.update_task(it.id, _part(it, TaskUpdate)),
    "task.complete": lambda it: tasks.complete_task(
        it.id, completed=it.completed, occurrence=it.occurrence
    ),
    "task.move": lambda it: tasks.move_task(it.id, _part(it, TaskMove)),
    "task.delete": lambda it: tasks.delete_task(it.id),
    "task.restore": lambda it: tasks.restore_task(it.id),
    "list.update": lambda it: lists.update_list(it.id, _part(it, ListUpdate)),
    "list.move": lambda it: lists.move_list(it.id, _part(it, ListMove)),
    "list.delete": lambda it: _in_steps(lists.delete_list(it.id)),
    "list.restore": lambda it: _in_steps(lists.restore_list(it.id)),
}


IN_STEPS: Final = frozenset({"list.delete", "list.restore"})
"""What takes several calls, if the list has thousands of tasks."""


def run_command(principal: Principal, command: SyncCommand) -> Operation[Any]:
    """One of the commands. Errors and answer are those of the function that it stands for.

    The operation also raises:
        InTrash: instead of `NotFound`, for what is in the trash; to delete that does nothing.
    """
    if command.type == "settings.update":
        return update_me(principal, _part(command, MeUpdate))
    if create := _CREATES.get(command.type):
        return create(command)
    kind, _, verb = command.type.partition(".")
    show = _KINDS[kind].bind(id=getattr(command, "id"))  # noqa: B009 - which these have
    return _minding_trash(_CHANGES[command.type](command), show, deletes=verb == "delete")


def key_of(command: SyncCommand) -> Key:
    """Under what a command is done once."""
    said = command.model_dump_json(exclude_unset=True, warnings=False).encode()
    return Key(_name(command), blake2b(said, digest_size=16).hexdigest())


def were_done(commands: Sequence[SyncCommand], repeated: Collection[str]) -> list[bool]:
    """Which of the commands had been done before.

    Args:
        commands: Which ones.
        repeated: The keys of what had been. With that of the request itself all is answered as it
            was then, when nothing had been.
    """
    if not all(name.startswith(_COMMAND) for name in repeated):
        return [False for _ in commands]
    return [_name(command) in repeated for command in commands]


def _name(command: SyncCommand) -> str:
    return f"{_COMMAND}{command.uuid}"


def _part(command: BaseModel, model: type[M]) -> M:
    """What a command says beside which one it is; it was checked with that."""
    fields = model.model_fields.keys()
    return model.model_construct(
        command.model_fields_set & fields, **{name: getattr(command, name) for name in fields}
    )


def _minding_trash(operation: Operation[A], show: Bound, *, deletes: bool) -> Operation[A | None]:
    def read(rows: list[Rows]) -> A | Operation[A | None] | None:
        *own, there = rows
        try:
            answer = operation.read(own)
        except NotFound:
            if not there:
                raise
            if deletes:
                return None
            raise InTrash from None
        if isinstance(answer, Operation):
            return _minding_trash(answer, show, deletes=deletes)
        return answer

    return Operation(**{**operation._asdict(), "read": read, "reasons": (*operation.reasons, show)})


def _in_steps(step: Operation[A]) -> Operation[A]:
    """All steps of what takes several, of which each answers with nothing but the last."""

    def read(rows: list[Rows]) -> A | Operation[A]:
        answer = step.read(rows)
        if isinstance(answer, Operation):
            return answer
        return answer or _in_steps(step)

    return step._replace(read=read, goes_on=True)
