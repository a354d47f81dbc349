"""The users of the data set and what their tasks are called; the same in every system."""

from dataclasses import dataclass
from typing import NamedTuple

PAGE = 20
DESCRIPTION = "Written by the benchmark so that an answer has the weight of a real one."


class Size(NamedTuple):
    """How much data there is."""

    users: int
    tasks: int
    """Tasks of each user."""


@dataclass(frozen=True, slots=True)
class Person:
    """One user as one system knows them.

    Attributes:
        number: 1 for the first user.
        subject: The user's id in that system.
        header: Name and value of the header field that says who is calling.
        recent: Ids of some of the user's newest tasks, newest first.
        old: Ids of some of the user's oldest tasks, which the mixed load may delete.
    """

    number: int
    subject: str
    header: tuple[str, str]
    recent: tuple[str, ...]
    old: tuple[str, ...]


def subject(number: int) -> str:
    """A subject of 32 letters and digits, as Better Auth makes them."""
    return f"bench{number:027d}"


def title(number: int, task: int) -> str:
    """What the user's task is called; 1 is the oldest."""
    return f"Task {task} of user {number}"


def newest_titles(number: int, size: Size) -> list[str]:
    """The first page of the user's list."""
    return [title(number, task) for task in range(size.tasks, 0, -1)][:PAGE]
