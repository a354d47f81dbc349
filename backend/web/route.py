"""Routes that take exactly what their signature declares, and nothing else.

FastAPI reads the signature and documents it; `StrictRoute` reads the request. It refuses what
FastAPI lets through (members named twice, repeated or unknown parameters, other media types), and
resolves the few kinds of parameters that Duly uses without FastAPI's general machinery, which
costs more than the rest of a request (docs/decisions/0007-strict-routes.md).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, Never, get_args, get_origin

from fastapi import APIRouter, Request, Response
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.params import Depends
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive, Scope, Send

from backend.core import strict_json
from backend.core.problems import FieldError, InvalidJson, MalformedRequest, ValidationFailed
from backend.web import fields, guards, reading
from backend.web.resolving import resolver
from backend.web.terms import JSON, PUBLIC, Terms, terms_of
from backend.web.turns import turn_of_its_own

_REMEMBERED_QUERIES = 256  # of each route; one has 8 KiB at most, most have a few bytes
_LONG = 8_192  # bytes of a body; one of many members takes a millisecond for 60 000
_SEVERAL = (list, tuple, set, frozenset)
_CONDITIONS = {name.lower().encode(): name for name in (fields.IF_MATCH, fields.IF_NONE_MATCH)}
_NO_CONTENT = (b"", b"{}")


class StrictRoute(APIRoute):
    """An `APIRoute` whose endpoint is a coroutine function that returns a `Response`.

    Endpoints may declare one query model and one body model; they and their dependencies (plain
    functions) may declare the `Request`, path parameters and header parameters (both text).
    Whatever else FastAPI knows is refused here, at import.

    A write with a condition or a body that the route does not take is refused: to ignore either
    would be to do what the client did not ask for.

    Attributes:
        terms: On which it is used; those of the class unless the endpoint declares others.
        writes: Whether it is something else than a GET.
        takes_fields: The header fields that the endpoint or a dependency declares, in lower case.

    Raises:
        TypeError: for what would be ignored; it says what to do instead.
    """

    terms = Terms()

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        guards.check_declaration(path, endpoint, options)
        self.terms = terms_of(endpoint, type(self).terms)
        documented = {"response_class": _answering(self.terms.offers)}
        super().__init__(path, endpoint, **options | documented)
        guards.check_route(self, self.terms.takes)
        self._resolve = resolver(self.dependant)
        self._query = _Model.of(self.dependant.query_params)
        self._parse_query = self._parse_query_afresh
        if self._query is None or not self._query.mutable:
            # Clients repeat themselves: a query that was accepted is not read again.
            self._parse_query = lru_cache(_REMEMBERED_QUERIES)(self._parse_query_afresh)
        self._body = _Model.of(self.dependant.body_params)
        self.writes = self.methods != {"GET"}
        self.takes_fields = frozenset(_header_fields(self.dependant))
        # By name in the request; a GET has no effect that a condition could prevent.
        self._not_judged = {
            name: shown
            for name, shown in _CONDITIONS.items()
            if self.writes and name.decode() not in self.takes_fields
        }
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        if self.terms.offers is not None:
            reading.check_accept(scope, self.terms.offers)
        # Dependencies first: who may not ask is not told what was wrong with the question.
        values = self._resolve(request)
        refused: list[FieldError] = []
        if self._query is not None or scope["query_string"]:
            try:
                values |= self._parse_query(scope["query_string"])
            except ValidationFailed as failure:
                refused += failure.errors
        if self._not_judged:
            for name, _ in scope["headers"]:
                if name in self._not_judged:
                    said = "This request does not take it."
                    refused.append(reading.condition(self._not_judged[name], said))
        if self._body is not None:
            await self._read_body(scope, receive, values, refused)
        elif self.writes:
            await self._read_nothing(scope, receive, refused)
        if refused:
            raise ValidationFailed(errors=refused)
        response: Response = await self.endpoint(**values)
        await response(scope, receive, send)

    def _parse_query_afresh(self, raw: bytes) -> dict[str, Any]:
        refused: list[FieldError] = []
        values: dict[str, Any] = {}
        repeatable = self._query.repeatable if self._query else frozenset[str]()
        parameters = reading.parse_query(raw, repeatable, refused)
        if self._query is not None:
            self._query.read("query", parameters, values, refused)
        else:
            refused += [reading.unknown("query", name) for name in parameters]
        if refused:
            raise ValidationFailed(errors=refused)
        return values

    async def _read_body(
        self, scope: Scope, receive: Receive, values: dict[str, Any], refused: list[FieldError]
    ) -> None:
        assert self._body is not None  # noqa: S101 - for the type checker
        body = scope["body"] = await reading.read_body(receive)
        if body:
            reading.check_media_type(scope, self.terms.takes)
            if self.terms.takes == JSON:
                if len(body) < _LONG:
                    self._body.read("body", _parse(body), values, refused)
                else:
                    async with turn_of_its_own():
                        self._body.read("body", _parse(body), values, refused)
            else:
                values[self._body.name] = body
        elif self._body.optional:
            values[self._body.name] = None
        elif self.terms.takes == JSON:
            raise InvalidJson("The body is empty.")
        else:
            raise MalformedRequest("The body is empty.")

    async def _read_nothing(
        self, scope: Scope, receive: Receive, refused: list[FieldError]
    ) -> None:
        """Refuse what a body says to a route that takes none."""
        body = await reading.read_body(receive)
        if body.strip() not in _NO_CONTENT:
            reading.check_media_type(scope, JSON)
            async with turn_of_its_own():
                refused += reading.surplus(_parse(body))


class OwnedRoute(StrictRoute):
    """A user's things: under `/api/{user_id}/…` too (`middleware/own_path.py`)."""

    terms = Terms(owned=True)


class PublicRoute(StrictRoute):
    """For everybody; no token is looked at."""

    terms = PUBLIC


class StrictRouter(APIRouter):
    """Declares routes of one kind: `@router.get("/api/tasks", response_model=…)`.

    It takes only those options of FastAPI's routers that reach the routes.

    Args:
        tag: What the document files its routes under.
        kind: Of its routes: whose things they are, or for everybody.
        dependencies: Of all of its routes.
    """

    def __init__(
        self, tag: str, kind: type[StrictRoute] = StrictRoute, dependencies: Sequence[Depends] = ()
    ) -> None:
        super().__init__(tags=[tag], route_class=kind, dependencies=dependencies)

    def add_event_handler(self, *_: Any) -> Never:
        """Not called here.

        Raises:
            TypeError: always.
        """
        raise TypeError("What lives as long as the process is opened in backend/resources.py.")

    def frontend(self, path: str, **_: Any) -> Never:
        """Not served here.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{path}: mount files on the application, with terms.")


class _Model(NamedTuple):
    """The query or body model that an endpoint declares.

    Attributes:
        repeatable: The names of the fields that are lists.
        known: The names of its fields, where no others may be given.
        mutable: Whether one of them could be changed in place, so that each request needs its own.
    """

    name: str
    optional: bool
    adapter: TypeAdapter[Any]
    repeatable: frozenset[str]
    known: frozenset[str]
    mutable: bool

    @classmethod
    def of(cls, fields: list[ModelField]) -> "_Model | None":
        if not fields:
            return None
        [field] = fields  # `guards` has seen to that
        is_optional = not field.field_info.is_required()
        annotation = field.field_info.annotation or object
        if is_optional:  # it may be left out; `null` is something else
            annotation = next((each for each in get_args(annotation) if each), annotation)
        kinds = dict(_lists(annotation))
        return cls(
            field.name,
            is_optional,
            TypeAdapter(annotation),
            frozenset(kinds),
            frozenset(_strict_fields(annotation)),
            any(issubclass(kind, list | set) for kind in kinds.values()),
        )

    def read(
        self, where: str, value: Any, values: dict[str, Any], refused: list[FieldError]
    ) -> None:
        if (surplus := self._surplus(value)) is not None:
            refused += [reading.unknown(where, name) for name in surplus]
            return
        try:
            values[self.name] = self.adapter.validate_python(value)
        except ValidationError as error:
            refused += reading.field_errors(where, value, error)

    def _surplus(self, value: Any) -> list[str] | None:
        """What is certainly unknown among far too many members: to find all would take long."""
        if not self.known or not isinstance(value, dict):
            return None
        if len(value) < len(self.known) + reading.MAX_ERRORS:
            return None
        return list(islice((name for name in value if name not in self.known), reading.MAX_ERRORS))


def _parse(body: bytes) -> Any:
    try:
        return strict_json.loads(body)
    except strict_json.NotStrictJson as error:
        raise InvalidJson(str(error)) from None


def _answering(media_type: str | None) -> type[Response]:
    """What tells FastAPI's document of the media type of answers."""
    if media_type == JSON:
        return JSONResponse
    return type("Answer", (Response,), {"media_type": media_type})


def _header_fields(dependant: Dependant) -> Iterator[str]:
    """The header fields that a function and its dependencies declare, in lower case."""
    yield from (field.alias.lower() for field in dependant.header_params)
    for each in dependant.dependencies:
        yield from _header_fields(each)


def _strict_fields(model: Any) -> Iterator[str]:
    """The names that a model takes, if it takes no others."""
    if getattr(model, "model_config", {}).get("extra") == "forbid":
        for name, field in model.model_fields.items():
            yield field.alias or name


def _lists(model: Any) -> Iterator[tuple[str, type]]:
    """The fields of a model that take several values: their names in a query, and their kind."""
    for name, field in getattr(model, "model_fields", {}).items():
        for kind in (field.annotation, *get_args(field.annotation)):
            origin = get_origin(kind) or kind
            if origin in _SEVERAL:
                yield field.alias or name, origin
