"""Errors as clients receive them (RFC 9457)."""

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One refused part of a request."""

    pointer: str = Field(
        description='JSON Pointer into `{"path": …, "query": …, "header": …, "body": …}`.'
    )
    code: str
    detail: str


class ProblemDocument(BaseModel):
    """Every error answer, as `application/problem+json`."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A path of this service that explains the error.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; for programs to decide on.")
    request_id: str = Field(description="Finds the request in the server's log.")
    errors: list[FieldProblem] | None = Field(default=None, description="For 422.")


class ProblemExplanation(BaseModel):
    """What an error means and how to mend it."""

    code: str
    status: int
    title: str
    meaning: str
    remedy: str
