"""Errors as clients receive them (RFC 9457)."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic.json_schema import SkipJsonSchema

from backend.schemas.list import ListRead
from backend.schemas.task import TaskRead
from backend.schemas.user import Me

_EXAMPLE: Final[JsonDict] = {
    "type": "/problems/not_found",
    "title": "There is nothing here",
    "status": 404,
    "detail": "There is nothing here",
    "code": "not_found",
    "request_id": "cb2a8a5e6f0f4a3d9d6f0f7d2a1b3c4d",
}


class FieldProblem(BaseModel):
    """One refused part of a request."""

    model_config = ConfigDict(extra="forbid")

    pointer: str = Field(
        description='JSON Pointer into `{"path": …, "query": …, "header": …, "body": …}`.'
    )
    code: str
    detail: str


class ProblemDocument(BaseModel):
    """Every error answer, as `application/problem+json`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    type: str = Field(description="A path of this service that explains the error.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; for programs to decide on.")
    request_id: str = Field(description="Finds the request in the server's log.")
    errors: list[FieldProblem] = Field(
        default=[], description="For 422: what was refused, each part of it."
    )
    position: int | SkipJsonSchema[None] = Field(
        default=None,
        description="For a batch: which of its operations it is about, counted from 0.",
    )
    versions: list[int] | SkipJsonSchema[None] = Field(
        default=None, description="For an undo: the changes that are in its way."
    )
    current: TaskRead | ListRead | Me | SkipJsonSchema[None] = Field(
        default=None, description="For 412: what there is now, if that is one thing."
    )


class ProblemExplanation(BaseModel):
    """What an error means and how to mend it."""

    code: str
    status: int
    title: str
    meaning: str
    remedy: str
