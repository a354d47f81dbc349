"""What every error is: a problem of RFC 9457."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypedDict


class FieldError(TypedDict):
    """One refused part of a request.

    `pointer` is a JSON Pointer (RFC 6901) into `{"path": …, "query": …, "header": …, "body": …}`.
    """

    pointer: str
    code: str
    detail: str


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An error with a stable code, raised anywhere and answered as problem+json.

    Args:
        detail: What happened this time, for the developer of the client. Never holds the
            offending value, SQL or anything of another user. Default: the title.
        headers: Header fields that the answer carries besides the usual ones.
        errors: The refused parts of the request, for 422.

    Attributes:
        ends_connection: Whether the connection is of no use after the answer.
        position: Which of several operations it is about, counted from 0; None for one alone.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    meaning: ClassVar[str]
    remedy: ClassVar[str]
    ends_connection: ClassVar[bool] = False
    registry: ClassVar[dict[str, type["Problem"]]] = {}

    def __init_subclass__(cls) -> None:
        """Enter the class into the published table, unless it only refines another's code."""
        if "code" in cls.__dict__:
            Problem.registry[cls.code] = cls

    def __init__(
        self,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        self.detail = detail or self.title
        self.headers = dict(headers or {})
        self.errors = list(errors)
        self.members: dict[str, object] = {}
        self.position: int | None = None
        super().__init__(self.detail)

    def move(self, path: str) -> None:
        """Say that what its errors take for the body is within the body.

        Args:
            path: Where, as a JSON Pointer.
        """
        self.errors = [
            {**error, "pointer": f"/body{path}{error['pointer'].removeprefix('/body')}"}
            for error in self.errors
        ]

    def document(self, request_id: str, prefix: str = "") -> dict[str, object]:
        """The body of the answer: RFC 9457 members, then `code`, `request_id` and `errors`.

        Args:
            request_id: Finds the request in the log.
            prefix: What comes before the service's own paths where the client sees it.
        """
        document: dict[str, object] = {
            "type": f"{prefix}/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
        }
        if self.errors:
            document["errors"] = self.errors
        if self.position is not None:
            document["position"] = self.position
        return document | self.members
