"""Whose rows a table holds: the column that says it, and the function that says who may ask."""

from typing import Any, NamedTuple

from sqlalchemy import Table
from sqlmodel import SQLModel


class Owner(NamedTuple):
    """What a row is compared with before anybody sees it.

    Attributes:
        column: The first column of the primary key.
        function: A SQL function without arguments: the value that the call may see.
        setting: Where the prelude put that value; statements compare with it themselves, so that
            they do not depend on the function.
    """

    column: str
    function: str
    setting: str

    @classmethod
    def space(cls, column: str) -> "Owner":
        """Rows of a space, whose id is in `column`."""
        return cls(column, "duly.current_space()", "app.space_id")

    @classmethod
    def user(cls, column: str) -> "Owner":
        """Rows about a user, whose id is in `column`."""
        return cls(column, "duly.current_user_id()", "app.user_id")


SPACE = Owner.space("space_id")
"""Most tables: rows of a space. A user's personal space has the user's id."""


def owned_by(owner: Owner) -> dict[str, Any]:
    """The table arguments of a model whose rows `owner` keeps apart."""
    return {"schema": "duly", "info": {"owner": owner}}


def owner_of(table: Table) -> Owner:
    """Whose rows a table holds.

    Raises:
        KeyError: when nobody has said so; then no statement can be made for it.
    """
    owner: Owner = table.info["owner"]
    return owner


def owned_tables() -> dict[str, Owner]:
    """Every table of the models by its name within the schema `duly`."""
    return {table.name: owner_of(table) for table in SQLModel.metadata.sorted_tables}
