"""What health checks answer."""

from typing import Literal

from pydantic import BaseModel


class Live(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Whether requests can be served, and what of it is missing."""

    ready: bool
    database: bool
    keys: bool
