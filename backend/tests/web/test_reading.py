"""What a strict route makes of a request."""

import asyncio
import json
from typing import Annotated, Any

import pytest
from fastapi import Body, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.types import ASGIApp

from backend.core.problems import ValidationFailed
from backend.tests.support.asgi import ask, exchange
from backend.web.route import StrictRouter


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tag: tuple[str, ...] = ()
    number: list[int] | None = None
    limit: int = 1


calls: list[str] = []


def counted(request: Request) -> str:
    calls.append(request.url.path)
    return "value"


Counted = Annotated[str, Depends(counted)]


def awaited_by_nobody(_: Request) -> Any:
    async def guard() -> None: ...

    return guard()


def application() -> ASGIApp:
    router = StrictRouter("tests")

    @router.get("/filter")
    async def filtered(query: Annotated[Filter, Query()]) -> Response:
        answer = query.model_dump_json()
        if query.number:
            query.number.append(0)  # whoever comes next must not see it
        return Response(answer)

    @router.post("/filter")
    async def sent(body: Annotated[Filter, Body()]) -> Response:
        return Response(str(body.limit))

    @router.get("/shared")
    async def shared(one: Counted, two: Counted) -> Response:
        return Response(one + two)

    @router.get("/afresh")
    async def afresh(
        one: Counted, two: Annotated[str, Depends(counted, use_cache=False)]
    ) -> Response:
        return Response(one + two)

    @router.get("/guarded", dependencies=[Depends(awaited_by_nobody)])
    async def guarded() -> Response:
        return Response("secret")

    return router


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", {"tag": [], "number": None, "limit": 1}),
        ("?tag=a", {"tag": ["a"], "number": None, "limit": 1}),
        ("?tag=a&limit=2&tag=b", {"tag": ["a", "b"], "number": None, "limit": 2}),
        ("?number=2&number=1&tag=", {"tag": [""], "number": [2, 1], "limit": 1}),
    ],
)
def test_a_parameter_that_is_a_list_may_be_repeated(query: str, read: dict[str, Any]) -> None:
    app = application()
    for _ in range(2):
        assert ask(app, f"GET /filter{query}").json() == read


@pytest.mark.parametrize("query", ["limit=1&limit=2", "tag=a&limit=1&limit=1", "x=1&x=1"])
def test_a_parameter_that_is_none_may_not(query: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        ask(application(), f"GET /filter?{query}")
    name = "x" if query.startswith("x") else "limit"
    refused = [(each["pointer"], each["code"]) for each in refusal.value.errors]
    assert (f"/query/{name}", "repeated") in refused


def test_each_value_of_a_list_is_checked() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        ask(application(), "GET /filter?number=1&number=x")
    assert [each["pointer"] for each in refusal.value.errors] == ["/query/number/1"]


@pytest.mark.parametrize(("path", "times"), [("/shared", 1), ("/afresh", 2)])
def test_a_dependency_that_is_named_twice_is_called_once(path: str, times: int) -> None:
    calls.clear()
    assert ask(application(), f"GET {path}").body == b"valuevalue"
    assert calls == [path] * times


def test_a_guard_that_turns_out_to_be_a_coroutine_lets_nobody_in() -> None:
    with pytest.raises(TypeError, match="awaited_by_nobody"):
        ask(application(), "GET /guarded")


def test_a_light_request_waits_for_one_heavy_body_at_a_time() -> None:
    """Each needs some turns of the event loop, and none of them may be as long as all bodies."""
    app = application()
    heavy = json.dumps({"tag": ["x"] * 5_000}).encode()
    answered: list[str] = []

    async def post(body: bytes, name: str) -> None:
        fields = {"content-type": "application/json"}
        assert (await exchange(app, "POST /filter", fields, [body])).body == b"1"
        answered.append(name)

    async def all_at_once() -> None:
        bodies = [(heavy, "heavy")] * 10 + [(b"{}", "light")]
        await asyncio.gather(*(post(*each) for each in bodies))

    asyncio.run(all_at_once())
    assert answered.index("light") <= 1
