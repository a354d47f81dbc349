"""Databases and accounts of these tests' own."""

import io
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.jobs.exports import export_account
from backend.jobs.imports import Outcome, import_account
from backend.jobs.progress import Progress

_NUMBERS = count()


@pytest.fixture(scope="session")
def here(make_database: Callable[[str], str]) -> Settings:
    return _of(make_database("jobs"))


@pytest.fixture(scope="session")
def elsewhere(make_database: Callable[[str], str]) -> Settings:
    """Another installation."""
    return _of(make_database("jobs_elsewhere"))


@pytest.fixture
def user() -> str:
    """The id of somebody whom nobody knows yet."""
    return f"alice-{next(_NUMBERS)}"


@pytest.fixture
def database(here: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url(here), autocommit=True) as connection:
        yield connection


def _of(database_url: str) -> Settings:
    return Settings(
        _env_file=None, database_url=SecretStr(database_url), data_dir=Path("/nonexistent")
    )


def url(settings: Settings) -> str:
    assert settings.database_url
    return settings.database_url.get_secret_value()


def progress(total: int | None = None) -> Progress:
    """Progress that nobody watches."""
    return Progress("things", total, io.StringIO())


def exported(settings: Settings, user: str) -> bytes:
    """The file of an export."""
    output = io.BytesIO()
    export_account(settings, user, output, progress)
    return output.getvalue()


def imported(settings: Settings, user: str, file: bytes) -> Outcome:
    return import_account(settings, user, io.BytesIO(file), progress)
