"""Operations as clients list them, each as its own request would be."""

from typing import Any

from backend.database.operations import Operation
from backend.schemas.batch import (
    BatchOperation,
    CompleteOperation,
    CreateOperation,
    DeleteOperation,
    MoveOperation,
    UpdateOperation,
)
from backend.services.tasks.writes import (
    complete_task,
    create_task,
    delete_task,
    move_task,
    restore_task,
    update_task,
)


def batch_operation(wish: BatchOperation) -> Operation[Any]:
    """One of a batch. Errors and answer are those of the function that it stands for."""
    if isinstance(wish, CreateOperation):
        return create_task(wish.task)
    versions = None if wish.if_match is None else [wish.if_match]
    match wish:
        case UpdateOperation():
            return update_task(wish.id, wish.patch, versions)
        case CompleteOperation():
            return complete_task(
                wish.id,
                completed=wish.completed,
                occurrence=wish.occurrence,
                versions=versions,
            )
        case MoveOperation():
            return move_task(wish.id, wish, versions)
        case DeleteOperation():
            return delete_task(wish.id, versions)
    return restore_task(wish.id, versions)
