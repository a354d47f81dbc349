"""Why a job did not do what it was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from backend.core.problems import Problem, Unavailable
from backend.database.faults import IsolationBroken, StatementRefused
from backend.database.urls import first_line
from backend.security.tokens import claims

_OF_VALUES: Final = ("22", "23")  # classes of SQLSTATE in which PostgreSQL names what is wrong


class JobFailed(Exception):  # noqa: N818 - named for what happened
    """The message is a sentence for the operator."""


def check_user(user: str) -> None:
    """See that somebody could sign in with this user id.

    Raises:
        JobFailed: when nobody could.
    """
    try:
        claims.check_user(user)
    except ValueError as error:
        raise JobFailed(str(error)) from None


def sentence(problem: Problem) -> str:
    """What a problem says to who knows PostgreSQL."""
    cause = problem.__cause__
    if isinstance(problem, Unavailable):
        said = "the database is not available"
    elif isinstance(cause, StatementRefused) and cause.sqlstate.startswith(_OF_VALUES):
        said = first_line(cause).partition(": ")[2]
    else:
        said = problem.errors[0]["detail"] if problem.errors else problem.detail
    return said.rstrip(".")


@contextmanager
def explained() -> Iterator[None]:
    """Say in a sentence what the database has against a job.

    Raises:
        JobFailed: instead of what was raised.
    """
    try:
        yield
    except Problem as problem:
        again = " Run it again later." if isinstance(problem, Unavailable) else ""
        raise JobFailed(f"Stopped: {sentence(problem)}. What is done stays.{again}") from problem
    except IsolationBroken as broken:
        raise JobFailed(f"Stopped: {broken}. `duly migrate` mends it.") from broken
    except psycopg.Error as error:
        raise JobFailed(f"Stopped by the database: {first_line(error)}") from error
