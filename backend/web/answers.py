"""The answers of routes, whatever they are about; their bodies are ready when they come here."""

from collections.abc import Callable, Iterable
from json import dumps
from typing import NamedTuple, Protocol
from urllib.parse import quote

from fastapi import Request, Response
from pydantic import BaseModel

from backend.core.problems import Problem
from backend.web.fields import NOTHING, Known, answered_by, etag
from backend.web.terms import JSON


class Versioned(Protocol):
    """One resource."""

    @property
    def body(self) -> bytes:
        """Its JSON."""

    @property
    def version(self) -> int | str:
        """The version that the JSON shows, and what else of it an `ETag` has to tell apart."""


class Paged(Protocol):
    """Some resources, in the order of their list."""

    @property
    def body(self) -> bytes:
        """A JSON array."""

    @property
    def cursor(self) -> str | None:
        """Where the next page starts; None on the last one."""

    @property
    def total(self) -> int | None:
        """How many there are on all pages, when asked for."""

    @property
    def version(self) -> str | None:
        """Names the state of the answer; None when time alone can change it."""


def one(resource: Versioned, known: Known = NOTHING) -> Response:
    """200 with the resource and its `ETag`; 304 for whom it is no news."""
    headers = {"ETag": etag(resource.version)}
    if known is not NOTHING and known.has(resource.version):
        return Response(status_code=304, headers=headers)
    return Response(resource.body, headers=headers, media_type=JSON)


def created(request: Request, name: str, resource: Versioned) -> Response:
    """201 with the resource; its `Location` is `name` below the path of the request."""
    headers = {"ETag": etag(resource.version), "Location": f"{path(request)}/{name}"}
    return Response(resource.body, 201, headers, media_type=JSON)


def page(
    request: Request, found: Paged, following: Callable[[str], str], known: Known = NOTHING
) -> Response:
    """200 with a page, `Link` while there is more, and `Total-Count` when it was asked for.

    Args:
        request: Its path is that of all pages.
        found: The page.
        following: Gives the query of the page at a cursor.
        known: Who has the same page already is answered 304.
    """
    headers: dict[str, str] = {}
    if found.version is not None:
        headers["ETag"] = etag(found.version)
        if known is not NOTHING and known.has(found.version):
            return Response(status_code=304, headers=headers)
    if found.cursor:
        headers["Link"] = f'<{path(request)}?{following(found.cursor)}>; rel="next"'
    if found.total is not None:
        headers["Total-Count"] = str(found.total)
    return Response(found.body, headers=headers, media_type=JSON)


def model(content: BaseModel, status: int = 200) -> Response:
    """A pydantic model as JSON."""
    return Response(content.model_dump_json(), status, media_type=JSON)


def json(body: bytes) -> Response:
    """JSON that is ready."""
    return Response(body, media_type=JSON)


Result = tuple[int, Versioned | Problem | None]
"""The status of one of several operations, and what its body says."""


def results(request: Request, found: Iterable[Result]) -> Response:
    """200 with what became of several operations."""
    body = b",".join(
        b'{"status":%d,"body":%s}' % (status, _content(request, content))
        for status, content in found
    )
    return Response(b'{"results":[%s]}' % body, media_type=JSON)


class NamedResult(NamedTuple):
    """What became of one of several operations that clients have named.

    Attributes:
        uuid: Its name.
        status: Of a request of its own.
        content: The body; the problem; None when there is neither.
        replayed: Whether it had been done before.
    """

    uuid: str
    status: int
    content: Versioned | Problem | None
    replayed: bool


def synced(request: Request, results: Iterable[NamedResult], changes: bytes) -> Response:
    """200 with results, and changes: members of an object."""
    body = b",".join(_named(request, each) for each in results)
    return json(b'{"results":[%s],%s}' % (body, changes))


def _named(request: Request, result: NamedResult) -> bytes:
    content, nothing = _content(request, result.content), b"null"
    is_problem = isinstance(result.content, Problem)
    return b'{"uuid":%s,"status":%d,"body":%s,"problem":%s,"replayed":%s}' % (
        *(dumps(result.uuid).encode(), result.status),
        *((nothing, content) if is_problem else (content, nothing)),
        b"true" if result.replayed else b"false",
    )


def _content(request: Request, content: Versioned | Problem | None) -> bytes:
    if isinstance(content, Problem):
        scope = request.scope
        return dumps(content.document(answered_by(scope), scope.get("root_path", ""))).encode()
    return b"null" if content is None else content.body


def nothing() -> Response:
    """204."""
    return Response(status_code=204)


def unfinished(seconds: int) -> Response:
    """202: it has begun; the same request says 204 when it is done.

    Args:
        seconds: After how many to ask again.
    """
    return Response(status_code=202, headers={"Retry-After": str(seconds)})


def path(request: Request) -> str:
    """The path of the request as the client wrote it, fit for a header field."""
    alias = request.scope.get("alias")
    own = quote(request.scope["path"]) if alias is None else alias.shown
    root: str = request.scope.get("root_path", "")
    return root + own if root else own
