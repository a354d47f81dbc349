"""Routes with terms of their own: each term acts, and the layers know it before they do."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import pytest
from fastapi import APIRouter, Body, FastAPI, Request, Response
from fastapi.exceptions import HTTPException  # noqa: TID251 - one that comes nevertheless
from pydantic import BaseModel, ConfigDict, SecretStr
from starlette.types import Receive, Scope, Send

from backend.config import Settings
from backend.dependencies.auth import CurrentUser
from backend.main import create_app
from backend.security.signing import Issuer
from backend.tests.support.asgi import ask, exchange
from backend.tests.support.leaping import leap, now
from backend.web.application import Duly
from backend.web.route import OwnedRoute, PublicRoute, StrictRoute, StrictRouter
from backend.web.terms import PUBLIC, Credentials, Terms, under

SECRET = "a secret of thirty-two bytes or more"
ORIGIN = "https://app.example.com"
JSON = {"Content-Type": "application/json"}
KIB = 1_024
CALENDAR = "text/calendar"


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str


class Gate:
    """Where requests wait until the test lets them through."""

    def __init__(self) -> None:
        self.open = asyncio.Event()


def router_of(gate: Gate) -> StrictRouter:
    router = StrictRouter("tests", PublicRoute)

    @router.post("/usual")
    async def usual(note: Note) -> Response:
        return Response(str(len(note.text)))

    @router.post("/large")
    @under(largest_body=256 * KIB)
    async def large(note: Note) -> Response:
        return Response(str(len(note.text)))

    @router.post("/calendar")
    @under(takes=CALENDAR, offers=CALENDAR)
    async def calendar(body: Annotated[bytes, Body(media_type=CALENDAR)]) -> Response:
        return Response(body, media_type=CALENDAR)

    async def waiting() -> Response:
        await gate.open.wait()
        return Response("at last")

    async def patient() -> Response:
        return await waiting()

    async def endless() -> Response:
        return await waiting()

    router.get("/usual")(waiting)
    router.get("/patient")(under(deadline=60.0)(patient))
    router.get("/endless")(under(deadline=None)(endless))

    @router.get("/forbidden")
    async def forbidden() -> Response:
        raise HTTPException(403)  # what no code of ours does

    return router


def private() -> StrictRouter:
    router = StrictRouter("tests")

    @router.get("/elsewhere/me")
    async def me(caller: CurrentUser) -> Response:
        return Response(caller.subject)

    @router.get("/basic/me")
    @under(credentials=Credentials.BASIC)
    async def basic(caller: CurrentUser) -> Response:
        return Response(caller.subject)

    return router


async def protocol(scope: Scope, receive: Receive, send: Send) -> None:
    """Something mounted: says what it was asked, and by whom, and takes all of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message["body"])
        more = message["more_body"]
    caller = scope["principal"].subject if scope["principal"] else "nobody"
    answer = f"{scope['method']} {scope['path']} {caller} {size}"
    await Response(answer)(scope, receive, send)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def app(gate: Gate) -> FastAPI:
    """The application, with more routes."""
    settings = Settings(
        _env_file=None,
        database_url=SecretStr("postgresql://"),
        auth_shared_secret=SecretStr(SECRET),
        auth_issuer=ORIGIN,
        auth_audience=(ORIGIN,),
    )
    app = create_app(settings)
    assert isinstance(app, Duly)
    app.router.routes += [*router_of(gate).routes, *private().routes]
    app.mount("/mcp", protocol, terms=Terms(largest_body=KIB))
    app.mount("/files", protocol, terms=PUBLIC)
    return app


@pytest.fixture
def token() -> str:
    return Issuer.from_secret(SECRET).token("alice", issuer=ORIGIN, audience=ORIGIN)


def note_of(size: int) -> bytes:
    return b'{"text": "%s"}' % (b"x" * (size - 12))


# The largest body


@pytest.mark.parametrize(("path", "largest"), [("/usual", 64 * KIB), ("/large", 256 * KIB)])
def test_a_body_may_be_as_large_as_the_route_says(path: str, largest: int, app: FastAPI) -> None:
    for size, status in ((largest, 200), (largest + 1, 413)):
        announced = {**JSON, "Content-Length": str(size)}
        assert ask(app, f"POST {path}", announced, [note_of(size)]).status == status


@pytest.mark.parametrize(("path", "largest"), [("/usual", 64 * KIB), ("/large", 256 * KIB)])
def test_no_more_than_that_is_taken_from_the_client(path: str, largest: int, app: FastAPI) -> None:
    announced = {**JSON, "Content-Length": str(10**9)}
    assert ask(app, f"POST {path}", announced, endless_body()).pulled == 0
    unannounced = ask(app, f"POST {path}", JSON, endless_body())
    assert unannounced.status == 413
    assert unannounced.json()["code"] == "body_too_large"
    assert largest < unannounced.pulled <= largest + KIB


def test_what_is_mounted_takes_no_more_either(app: FastAPI, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert ask(app, "POST /mcp/x", headers, [b"x" * KIB]).status == 200
    answer = ask(app, "POST /mcp/x", headers, endless_body())
    assert (answer.status, answer.pulled) == (413, 2 * KIB)


def endless_body() -> Iterator[bytes]:
    """A body that nobody should take to its end."""
    for _ in range(4 * KIB):
        yield b" " * KIB


# The deadline


def test_only_who_has_a_deadline_is_cut_off_by_it(app: FastAPI, gate: Gate) -> None:
    async def cut_off(path: str) -> tuple[int, float]:
        answer = await exchange(app, f"GET {path}")
        return answer.status, now()

    async def story() -> list[tuple[int, float]]:
        paths = ("/usual", "/patient", "/endless")
        everybody = [asyncio.ensure_future(cut_off(path)) for path in paths]
        await asyncio.sleep(3_600)
        gate.open.set()
        return await asyncio.gather(*everybody)

    statuses, times = zip(*leap(story()), strict=True)
    assert statuses == (503, 503, 200)
    assert times == pytest.approx((2, 60, 3_600))


# Media types


@pytest.mark.parametrize(
    ("sent", "accepted", "status"),
    [
        (CALENDAR, CALENDAR, 200),
        (f"{CALENDAR}; charset=utf-8", "text/*", 200),
        (CALENDAR, "*/*", 200),
        (CALENDAR, "application/json", 406),
        ("application/json", CALENDAR, 415),
        ("application/calendar+json", CALENDAR, 415),
    ],
)
def test_a_route_takes_and_offers_what_it_says(
    sent: str, accepted: str, status: int, app: FastAPI
) -> None:
    headers = {"Content-Type": sent, "Accept": accepted}
    answer = ask(app, "POST /calendar", headers, [b"BEGIN:VCALENDAR"])
    assert answer.status == status
    if status == 200:
        assert answer.body == b"BEGIN:VCALENDAR"
    else:
        assert CALENDAR in answer.json()["detail"]


def test_the_document_says_so_too(app: FastAPI) -> None:
    assert app.openapi()["paths"]["/basic/me"]["get"]["security"] == [{"basic": []}]
    operation = app.openapi()["paths"]["/calendar"]["post"]
    assert list(operation["requestBody"]["content"]) == [CALENDAR]
    assert list(operation["responses"]["200"]["content"]) == [CALENDAR]


# Credentials


@pytest.mark.parametrize("path", ["/elsewhere/me", "/api/auth/verify", "/mcp/x"])
def test_a_forged_token_is_refused_wherever_tokens_are_looked_at(path: str, app: FastAPI) -> None:
    answer = ask(app, f"POST {path}", {"Authorization": "Bearer forged"})
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("path", ["/livez", "/files/x", "/problems/not_found", "/openapi.json"])
def test_it_is_not_even_looked_at_elsewhere(path: str, app: FastAPI) -> None:
    assert ask(app, f"GET {path}", {"Authorization": "Bearer forged"}).status == 200


def test_a_bearer_token_says_who_is_calling_under_any_prefix(app: FastAPI, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert ask(app, "GET /elsewhere/me", headers).body == b"alice"
    assert ask(app, "GET /mcp/x", headers).body == b"GET /mcp/x alice 0"
    assert ask(app, "GET /files/x", headers).body == b"GET /files/x nobody 0"


def test_basic_credentials_carry_the_token_as_their_password(app: FastAPI, token: str) -> None:
    def answer(pair: str) -> tuple[int, str | None]:
        headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        done = ask(app, "GET /basic/me", headers)
        return done.status, done.headers.get("www-authenticate")

    challenge = 'Basic realm="Duly", charset="UTF-8"'
    assert answer(f"alice@example.com:{token}") == (200, None)
    assert answer("alice@example.com:forged") == (401, challenge)
    assert answer("no colon") == (401, challenge)
    for field in ("Basic ?", f"Bearer {token}"):
        assert ask(app, "GET /basic/me", {"Authorization": field}).status == 401


def test_an_endpoint_keeps_what_it_does_not_change_of_its_routers_terms() -> None:
    router = StrictRouter("tests", OwnedRoute)

    @router.post("/api/batch")
    @under(largest_body=256 * KIB)
    async def batch() -> Response:
        return Response()

    [route] = router.routes
    assert isinstance(route, StrictRoute)
    assert route.terms == Terms(largest_body=256 * KIB, owned=True)
    with pytest.raises(TypeError, match="below"):
        under(deadline=None)(batch)


def test_what_belongs_to_somebody_needs_credentials() -> None:
    with pytest.raises(ValueError, match="credentials"):
        replace(PUBLIC, owned=True)


# Mounts


@pytest.mark.parametrize("request_", ["PROPFIND /mcp/", "GET /mcp", "HEAD /mcp/a/"])
def test_what_is_mounted_gets_paths_and_methods_as_they_were_sent(
    request_: str, app: FastAPI
) -> None:
    answer = ask(app, request_)
    sent = request_ if request_ != "GET /mcp" else "GET /mcp/"
    assert answer.body.decode() == f"{sent} nobody 0"


# Nothing else


def test_an_exception_of_the_framework_is_a_bug(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(app, "GET /forbidden")
    assert (answer.status, answer.json()["code"]) == (500, "internal_error")
    assert [record.message for record in caplog.records] == ["bug"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_route_that_is_declared_twice_does_not_start(method: str, app: FastAPI) -> None:
    router = StrictRouter("tests", PublicRoute)
    for name in "ab":

        async def twice() -> Response:
            return Response()

        router.add_api_route("/twice/{x}", twice, methods=[method], name=name)
    app.router.routes += router.routes
    with pytest.raises(TypeError, match=r"/twice/\{x\} is declared twice"):
        ask(app, "GET /livez")


def test_a_path_is_owned_under_all_its_methods_or_none(app: FastAPI) -> None:
    async def half() -> Response:
        return Response()

    app.router.routes += [
        OwnedRoute("/api/half", half, methods=["GET"]),
        StrictRoute("/api/half", half, methods=["POST"]),
    ]
    with pytest.raises(TypeError, match="/api/half"):
        ask(app, "GET /livez")


def test_what_is_no_strict_route_does_not_start(app: FastAPI) -> None:
    @app.get("/lenient")
    async def lenient() -> Response:
        return Response()

    with pytest.raises(TypeError, match="/lenient"):
        ask(app, "GET /livez")


def test_what_would_be_ignored_cannot_be_set(app: FastAPI) -> None:
    with pytest.raises(TypeError):
        app.dependency_overrides[print] = print
    with pytest.raises(TypeError):
        app.add_exception_handler(ValueError, lambda _, __: Response())
    with pytest.raises(TypeError, match="routers"):
        app.include_router(APIRouter())
    with pytest.raises(TypeError, match="resources"):
        app.on_event("startup")
    with pytest.raises(TypeError, match="mount"):
        app.frontend("/pages", directory=".")
    with pytest.raises(TypeError, match="terms"):
        app.mount("/pages", protocol)
    router = StrictRouter("tests")
    with pytest.raises(TypeError, match="resources"):
        router.add_event_handler("startup", print)
    with pytest.raises(TypeError, match="mount"):
        router.frontend("/pages", directory=".")
    router.include_router(APIRouter())
    app.router.routes += router.routes
    with pytest.raises(TypeError, match="StrictRoute"):
        ask(app, "GET /livez")


def test_a_more_exact_path_wins_whatever_came_first(app: FastAPI) -> None:
    async def by_name(request: Request, name: str) -> Response:
        return Response(f"{name} {request.scope['route'].path}")

    async def exact() -> Response:
        return Response("exact")

    app.router.routes += [
        PublicRoute("/order/{name}", by_name),
        PublicRoute("/order/first", exact, methods=["POST"]),
    ]
    assert ask(app, "POST /order/first").body == b"exact"
    assert ask(app, "GET /order/first").body == b"first /order/{name}"
    refused = ask(app, "PUT /order/first")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, POST")
