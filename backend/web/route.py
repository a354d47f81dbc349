"""Routes that take exactly what their signature declares, and nothing else.

FastAPI reads the signature and documents it; `StrictRoute` reads the request. It refuses what
FastAPI lets through (members named twice, repeated or unknown parameters, other media types), and
resolves the few kinds of parameters that Duly uses without FastAPI's general machinery, which
costs more than the rest of a request (docs/decisions/0007-strict-routes.md).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi._compat import ModelField
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive, Scope, Send

from backend.core import strict_json
from backend.core.problems import FieldError, InvalidJson, ValidationFailed
from backend.web import reading

_REMEMBERED_QUERIES = 256  # of each route; one has 8 KiB at most, most have a few bytes

_Resolve = Callable[[Request], dict[str, Any]]


class StrictRoute(APIRoute):
    """An `APIRoute` whose endpoint is a coroutine function that returns a `Response`.

    Endpoints may declare one query model and one body model; they and their dependencies (plain
    functions) may declare the `Request`, path parameters and header parameters (both text).
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._answers_json = isinstance(self.response_class, DefaultPlaceholder)
        self._resolve = _resolver(self.dependant)
        self._query = _Model.of(self.dependant.query_params)
        # Clients repeat themselves: a query that was accepted is not read again.
        self._parse_query = lru_cache(_REMEMBERED_QUERIES)(self._parse_query_afresh)
        self._body = _Model.of(self.dependant.body_params)
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        if self._answers_json:
            reading.check_accept(scope)
        # Dependencies first: who may not ask is not told what was wrong with the question.
        values = self._resolve(request)
        refused: list[FieldError] = []
        if self._query is not None or scope["query_string"]:
            try:
                values |= self._parse_query(scope["query_string"])
            except ValidationFailed as failure:
                refused += failure.errors
        if self._body is not None:
            await self._read_body(scope, receive, values, refused)
        if refused:
            raise ValidationFailed(errors=refused)
        response: Response = await self.endpoint(**values)
        await response(scope, receive, send)

    def _parse_query_afresh(self, raw: bytes) -> dict[str, Any]:
        refused: list[FieldError] = []
        values: dict[str, Any] = {}
        parameters = reading.parse_query(raw, refused)
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
        body = await reading.read_body(receive)
        if body:
            reading.check_media_type(scope)
            self._body.read("body", _parse(body), values, refused)
        elif self._body.optional:
            values[self._body.name] = None
        else:
            raise InvalidJson("The body is empty.")


class _Model(NamedTuple):
    """The query or body model that an endpoint declares."""

    name: str
    optional: bool
    adapter: TypeAdapter[Any]

    @classmethod
    def of(cls, fields: list[ModelField]) -> "_Model | None":
        match fields:
            case []:
                return None
            case [field]:
                info = field.field_info
                return cls(
                    field.name, not info.is_required(), TypeAdapter(info.annotation or object)
                )
        raise TypeError("declare one model, not several parameters")

    def read(
        self, where: str, value: Any, values: dict[str, Any], refused: list[FieldError]
    ) -> None:
        try:
            values[self.name] = self.adapter.validate_python(value)
        except ValidationError as error:
            refused += reading.field_errors(where, error)


def _parse(body: bytes) -> Any:
    try:
        return strict_json.loads(body)
    except strict_json.NotStrictJson as error:
        raise InvalidJson(str(error)) from None


def _resolver(dependant: Dependant) -> _Resolve:
    """A function that gives the arguments of `dependant`, the models left out."""
    request_name = dependant.request_param_name
    paths = [(field.name, field.alias) for field in dependant.path_params]
    headers = [(field.name, field.alias, field.default) for field in dependant.header_params]
    dependencies = [
        (dependency.name, dependency.call, _resolver(dependency))
        for dependency in dependant.dependencies
        if dependency.call is not None
    ]

    def resolve(request: Request) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if request_name:
            values[request_name] = request
        for name, alias in paths:
            values[name] = request.path_params[alias]
        for name, alias, default in headers:
            # Several fields of one name are one list (RFC 9110, section 5.3).
            fields = request.headers.getlist(alias)
            values[name] = ", ".join(fields) if fields else default
        for given, call, inner in dependencies:
            value = call(**inner(request))
            if given is not None:  # the router's own dependencies have no name
                values[given] = value
        return values

    return resolve
