"""CRUD of tasks: synchronous routes over an ORM session."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, status
from sqlmodel import Session, col, select

from benchmarks.literal.auth import CurrentUser
from benchmarks.literal.database import SessionDep
from benchmarks.literal.models import Task
from benchmarks.literal.schemas import TaskCreate, TaskRead, TaskUpdate

router = APIRouter(prefix="/api/tasks", tags=["tasks"])


def _find(session: Session, user_id: str, task_id: int) -> Task:
    task = session.exec(select(Task).where(Task.id == task_id, Task.user_id == user_id)).first()
    if task is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Task not found")
    return task


@router.get("", response_model=list[TaskRead])
def list_tasks(
    session: SessionDep,
    user_id: CurrentUser,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[Task]:
    """The newest tasks first."""
    statement = (
        select(Task)
        .where(Task.user_id == user_id)
        .order_by(col(Task.created_at).desc())
        .offset(offset)
        .limit(limit)
    )
    return list(session.exec(statement).all())


@router.get("/{task_id}", response_model=TaskRead)
def get_task(task_id: int, session: SessionDep, user_id: CurrentUser) -> Task:
    """One task of the caller."""
    return _find(session, user_id, task_id)


@router.post("", response_model=TaskRead, status_code=status.HTTP_201_CREATED)
def create_task(body: TaskCreate, session: SessionDep, user_id: CurrentUser) -> Task:
    """A new task of the caller."""
    task = Task(**body.model_dump(), user_id=user_id)
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


@router.patch("/{task_id}", response_model=TaskRead)
def update_task(task_id: int, body: TaskUpdate, session: SessionDep, user_id: CurrentUser) -> Task:
    """A changed task of the caller."""
    task = _find(session, user_id, task_id)
    task.sqlmodel_update(body.model_dump(exclude_unset=True))
    task.updated_at = datetime.now(UTC)
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


@router.delete("/{task_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_task(task_id: int, session: SessionDep, user_id: CurrentUser) -> None:
    """The task is gone for good."""
    session.delete(_find(session, user_id, task_id))
    session.commit()
