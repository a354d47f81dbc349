"""A strict route refuses, when it is declared, whatever it would not do."""

import dataclasses
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Path,
    Query,
    Request,
    Response,
    Security,
    WebSocket,
)
from fastapi.dependencies.models import Dependant
from fastapi.requests import HTTPConnection
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer, SecurityScopes
from pydantic import AfterValidator, BaseModel, ConfigDict, RootModel, Tag

from backend.web.guards import ACTS, OPTIONS, PARTS
from backend.web.route import StrictRoute


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mutable(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Careless(BaseModel):
    model_config = ConfigDict(frozen=True)


class OneOfTwo(RootModel[Annotated[Shape, Tag("a")] | Annotated[Careless, Tag("b")]]):
    pass


def declare(endpoint: Callable[..., Any], path: str = "/here/{name}", **options: Any) -> APIRoute:
    router = APIRouter(route_class=StrictRoute)
    router.add_api_route(path, endpoint, **options)
    [route] = router.routes
    assert isinstance(route, APIRoute)
    return route


async def good(name: str) -> Response:
    return Response(name)


# Dependencies that would not run as written


async def coroutine() -> None: ...
def generator() -> Iterator[None]:
    yield


async def asynchronous_generator() -> AsyncIterator[None]:
    yield


@functools.wraps(coroutine)
def disguised() -> Any:
    return coroutine()


class Guard:
    def __call__(self) -> None: ...
    async def check(self) -> None: ...


def asks_query(limit: int) -> None: ...
def asks_body(body: Shape) -> None: ...
def asks_cookie(session: Annotated[str, Cookie()]) -> None: ...
def asks_response(response: Response) -> None: ...
def asks_scopes(scopes: SecurityScopes) -> None: ...
def asks_number(name: int) -> None: ...
def asks_field(field: Annotated[str, Header()]) -> None: ...
def asks_coroutine(_: Annotated[None, Depends(coroutine)]) -> None: ...
def plain() -> None: ...


DEPENDENCIES = {
    coroutine: "plain function",
    generator: "plain function",
    asynchronous_generator: "plain function",
    disguised: "plain function",
    asks_coroutine: "coroutine()",
    Guard: "plain function",
    Guard(): "plain function",
    Guard().check: "plain function",
    functools.partial(plain): "plain function",
    HTTPBearer(): "plain function",
    asks_query: "`limit`",
    asks_body: "`body`",
    asks_cookie: "`session`",
    asks_response: "`response`",
    asks_scopes: "`scopes`",
    asks_number: "`name`",
    asks_field: "`field`",
}


@pytest.mark.parametrize("dependency", DEPENDENCIES, ids=lambda each: getattr(each, "__name__", ""))
def test_a_dependency_that_would_not_run_is_refused(dependency: Callable[..., Any]) -> None:
    async def endpoint(name: str, _: Annotated[Any, Depends(dependency)]) -> Response:
        return Response(name)

    for attempt in (
        lambda: declare(endpoint),
        lambda: declare(good, dependencies=[Depends(dependency)]),
        lambda: APIRouter(
            route_class=StrictRoute, dependencies=[Depends(dependency)]
        ).add_api_route("/here/{name}", good),
    ):
        with pytest.raises(TypeError, match=r"/here/\{name\}") as refusal:
            attempt()
        assert DEPENDENCIES[dependency] in str(refusal.value)


# Parameters that would be ignored

Text = Annotated[str, AfterValidator(str.upper)]


def one(parameter: Any, default: Any = inspect.Parameter.empty) -> Callable[..., Any]:
    """An endpoint with that parameter, called `odd`."""

    async def endpoint(**_: Any) -> Response:
        return Response()

    kind = inspect.Parameter.KEYWORD_ONLY
    endpoint.__annotations__ = {"return": Response}
    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter("odd", kind, annotation=parameter, default=default)],
        return_annotation=Response,
    )
    return endpoint


PARAMETERS: dict[str, tuple[str, Any, Any]] = {
    "uuid path": ("/{odd}", UUID, ...),
    "bounded path": ("/{odd}", Annotated[str, Path(max_length=2)], ...),
    "validated path": ("/{odd}", Text, ...),
    "converted path": ("/{odd:int}", str, ...),
    "greedy path": ("/{odd:path}", str, ...),
    "path that is none": ("/x", Annotated[str, Path()], ...),
    "cookie": ("/", Annotated[str | None, Cookie()], None),
    "form": ("/", Annotated[str, Form()], ...),
    "form model": ("/", Annotated[Shape, Form()], ...),
    "file": ("/", Annotated[bytes, File()], ...),
    "required header": ("/", Annotated[str, Header()], ...),
    "number header": ("/", Annotated[int | None, Header()], None),
    "list header": ("/", Annotated[list[str] | None, Header()], None),
    "bounded header": ("/", Annotated[str | None, Header(max_length=2)], None),
    "header model": ("/", Annotated[Shape, Header()], ...),
    "bare query": ("/", str, ...),
    "query list": ("/", Annotated[list[str], Query()], ...),
    "mutable query": ("/", Annotated[Mutable, Query()], ...),
    "careless query": ("/", Annotated[Careless, Query()], ...),
    "careless body": ("/", Annotated[Careless, Body()], ...),
    "partly careless body": ("/", Annotated[OneOfTwo, Body()], ...),
    "bare body": ("/", Annotated[str, Body()], ...),
    "dict body": ("/", dict[str, Any], ...),
    "list body": ("/", list[Shape], ...),
    "embedded body": ("/", Annotated[Shape, Body(embed=True)], ...),
    "other media": ("/", Annotated[Shape, Body(media_type="text/csv")], ...),
    "default body": ("/", Annotated[Shape, Body()], Shape()),
    "validated body": ("/", Annotated[Shape, AfterValidator(lambda shape: shape)], ...),
    "response": ("/", Response, ...),
    "background": ("/", BackgroundTasks, ...),
    "websocket": ("/", WebSocket, ...),
    "connection": ("/", HTTPConnection, ...),
    "scopes": ("/", SecurityScopes, ...),
    "security": ("/", Annotated[None, Security(plain, scopes=["all"])], ...),
    "lifetime": ("/", Annotated[None, Depends(plain, scope="function")], ...),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_that_would_be_ignored_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without python-multipart FastAPI itself refuses forms; a dependency may bring it in one day.
    monkeypatch.setattr("fastapi.dependencies.utils.ensure_multipart_is_installed", lambda: None)
    path, annotation, default = PARAMETERS[name]
    given = inspect.Parameter.empty if default is ... else default
    with pytest.raises(TypeError, match="/here") as refusal:
        declare(one(annotation, given), f"/here{path}".removesuffix("/"))
    words = str(refusal.value)
    assert "odd" in words or "plain()" in words
    assert words.endswith(".")


def test_two_models_of_a_kind_are_refused() -> None:
    async def endpoint(one: Annotated[Shape, Query()], two: Annotated[Shape, Query()]) -> Response:
        raise NotImplementedError

    async def other(one: Shape, two: Shape) -> Response:
        raise NotImplementedError

    for each in (endpoint, other):
        with pytest.raises(TypeError, match="`one`, `two`"):
            declare(each, "/here")


# Endpoints


def blocking(name: str) -> Response:
    raise NotImplementedError


async def streaming(name: str) -> AsyncIterator[Response]:
    yield Response(name)


async def silent(name: str): ...  # type: ignore[no-untyped-def]  # noqa: ANN201
async def talking(name: str) -> dict[str, str]:
    return {name: name}


@pytest.mark.parametrize("endpoint", [blocking, streaming, silent, talking])
def test_an_endpoint_is_a_coroutine_function_that_returns_a_response(
    endpoint: Callable[..., Any],
) -> None:
    with pytest.raises(TypeError, match=f"/here/{{name}}: {endpoint.__name__}"):
        declare(endpoint)


@pytest.mark.parametrize(("path", "methods"), [("/here/{name}/", ["GET"]), ("/{name}", ["HEAD"])])
def test_a_route_that_no_request_would_reach_is_refused(path: str, methods: list[str]) -> None:
    with pytest.raises(TypeError, match="good"):
        declare(good, path, methods=methods)


# Options

SET: dict[str, Any] = {
    "response_class": HTMLResponse,
    "operation_id": "x",
    "generate_unique_id_function": lambda _: "x",
    "response_model_include": {"a"},
    "response_model_exclude": {"a"},
    "response_model_by_alias": False,
    "response_model_exclude_unset": True,
    "response_model_exclude_defaults": True,
    "response_model_exclude_none": True,
    "dependency_overrides_provider": object(),
    "callbacks": [APIRoute("/x", good)],
    "strict_content_type": False,
    "max_body_size": 1,
    "form_limits": {"max_files": 1},
}


@pytest.mark.parametrize("option", [name for name, remedy in OPTIONS.items() if remedy != ACTS])
def test_an_option_that_would_be_ignored_is_refused(option: str) -> None:
    with pytest.raises(TypeError, match=f"/here/{{name}}: `{option}=`"):
        StrictRoute("/here/{name}", good, **{option: SET[option]})


def test_every_option_and_every_part_of_fastapi_is_decided_on() -> None:
    options = set(inspect.signature(APIRoute.__init__).parameters) - {"self"}
    assert options == set(OPTIONS), "FastAPI's routes take something new, or no longer something"
    parts = {field.name for field in dataclasses.fields(Dependant)}
    assert parts == set(PARTS), "FastAPI's signatures have something new, or no longer something"


# What is left works


def test_what_is_declared_well_is_accepted() -> None:
    def field(odd: Annotated[str | None, Header(alias="X-Odd")] = None) -> str | None:
        return odd

    async def endpoint(  # noqa: PLR0913, PLR0917
        request: Request,
        name: Annotated[str, Path(description="Which.")],
        query: Annotated[Shape, Query()],
        odd: Annotated[str | None, Depends(field)],
        field: Annotated[str, Header()] = "nothing",
        body: Shape | None = None,
    ) -> Response:
        raise NotImplementedError

    assert declare(endpoint, methods=["POST"], dependencies=[Depends(plain)], status_code=201)
