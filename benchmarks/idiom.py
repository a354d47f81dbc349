"""The common asynchronous idiom: async SQLModel session, asyncpg, PyJWT with the issuer's keys.

Model and schemas are those of `literal`: only the session and the token differ.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic_settings import BaseSettings
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.literal.models import Task
from benchmarks.literal.schemas import TaskCreate, TaskRead, TaskUpdate


class Settings(BaseSettings):
    """Where the database and the issuer's keys are, and what tokens must say."""

    database_url: str
    auth_jwks_url: str
    auth_issuer: str
    auth_audience: str


settings = Settings()  # read from the environment
engine = create_async_engine(settings.database_url)
make_session = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
keys = jwt.PyJWKClient(settings.auth_jwks_url, cache_keys=True)
app = FastAPI(title="Todo API")


async def get_session() -> AsyncIterator[AsyncSession]:
    """One session per request."""
    async with make_session() as session:
        yield session


async def get_current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    """The subject of a token that the issuer signed for this service."""
    token = credentials.credentials
    try:
        claims = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["EdDSA"],
            issuer=settings.auth_issuer,
            audience=settings.auth_audience,
            options={"require": ["exp", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Invalid token") from error
    return str(claims["sub"])


SessionDep = Annotated[AsyncSession, Depends(get_session)]
CurrentUser = Annotated[str, Depends(get_current_user)]


async def _find(session: AsyncSession, user_id: str, task_id: int) -> Task:
    statement = select(Task).where(Task.id == task_id, Task.user_id == user_id)
    task = (await session.exec(statement)).first()
    if task is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Task not found")
    return task


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "ok"}


@app.get("/api/tasks", response_model=list[TaskRead])
async def list_tasks(
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
    return list((await session.exec(statement)).all())


@app.get("/api/tasks/{task_id}", response_model=TaskRead)
async def get_task(task_id: int, session: SessionDep, user_id: CurrentUser) -> Task:
    """One task of the caller."""
    return await _find(session, user_id, task_id)


@app.post("/api/tasks", response_model=TaskRead, status_code=status.HTTP_201_CREATED)
async def create_task(body: TaskCreate, session: SessionDep, user_id: CurrentUser) -> Task:
    """A new task of the caller."""
    task = Task(**body.model_dump(), user_id=user_id)
    session.add(task)
    await session.commit()
    return task


@app.patch("/api/tasks/{task_id}", response_model=TaskRead)
async def update_task(
    task_id: int, body: TaskUpdate, session: SessionDep, user_id: CurrentUser
) -> Task:
    """A changed task of the caller."""
    task = await _find(session, user_id, task_id)
    task.sqlmodel_update(body.model_dump(exclude_unset=True))
    task.updated_at = datetime.now(UTC)
    await session.commit()
    return task


@app.delete("/api/tasks/{task_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_task(task_id: int, session: SessionDep, user_id: CurrentUser) -> None:
    """The task is gone for good."""
    await session.delete(await _find(session, user_id, task_id))
    await session.commit()
