"""The engine (psycopg2, SQLAlchemy's default pool) and the session dependency."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlmodel import Session, create_engine

from benchmarks.literal.config import settings

engine = create_engine(settings.database_url)


def get_session() -> Iterator[Session]:
    """One session per request."""
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
