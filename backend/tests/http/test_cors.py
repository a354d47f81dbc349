"""Cross-origin requests: the configured origins to the letter, nobody else."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import UUID

import httpx2
import pytest
from pydantic import ValidationError

from backend.config import Settings
from backend.tests.support.people import NO_TLS, ORIGIN, Person
from backend.tests.support.program import ServedProgram, free_port, serve
from backend.tests.support.raw_http import request, send
from backend.tests.support.service import Service

STRANGERS = [
    *("https://evil.example.com", "https://app.example.com.evil.test", "null", "", "*"),
    *("http://app.example.com", "https://app.example.com:8443", "https://APP.example.com"),
    *("https://app.example.com/", "https://app.example.co", "https://xapp.example.com"),
]


def preflight(
    person: Person, origin: str, method: str = "PATCH", fields: str = ""
) -> dict[str, str]:
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Authorization": ""}
    if fields:
        headers["Access-Control-Request-Headers"] = fields
    answer = person.client.options("/api/tasks", headers=headers)
    return {**answer.headers, "status": str(answer.status_code)}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_page_of_the_frontend_may_use_every_method(method: str, alice: Person) -> None:
    fields = "authorization, content-type, if-match, if-none-match, x-request-id"
    answer = preflight(alice, ORIGIN, method, fields)
    assert answer["status"] == "200"
    assert answer["access-control-allow-origin"] == ORIGIN
    assert answer["access-control-allow-credentials"] == "true"
    assert method in answer["access-control-allow-methods"]
    assert "Origin" in answer["vary"]
    assert int(answer["access-control-max-age"]) > 600


SENT_BY: dict[str, str] = {
    "OpenTelemetry": "traceparent,tracestate,baggage",
    "Sentry": "baggage,sentry-trace,traceparent",
    "Datadog": "traceparent,tracestate,x-datadog-origin,x-datadog-parent-id,x-datadog-tags,"
    "x-datadog-sampling-priority,x-datadog-trace-id",
    "Datadog for Zipkin": "b3,x-b3-sampled,x-b3-spanid,x-b3-traceid,x-b3-parentspanid,x-b3-flags",
    "New Relic": "newrelic,traceparent,tracestate",
    "Elastic": "elastic-apm-traceparent,tracestate",
    "Dynatrace": "x-dtc,x-dtpc,x-dtreferer",
    "AppDynamics": "adrum",
    "Application Insights": "request-context,request-id,traceparent",
    "AWS": "x-amzn-trace-id",
    "Google": "x-cloud-trace-context",
    "Jaeger": "uber-trace-id,uberctx-key",
    "Lightstep": "ot-tracer-sampled,ot-tracer-spanid,ot-tracer-traceid",
    "Instana": "x-instana-l,x-instana-s,x-instana-t",
    "SkyWalking": "sw8",
    "PostHog": "x-posthog-distinct-id,x-posthog-session-id,x-posthog-window-id",
    "Highlight": "x-highlight-request,traceparent",
    "a correlation id": "correlation-id,x-correlation-id,x-request-id",
    "jQuery": "authorization,x-requested-with",
    "axios": "authorization,content-type,x-csrf-token,x-xsrf-token",
    "a client that wants no cache": "cache-control,expires,if-modified-since,pragma",
    "a stream by fetch": "accept,cache-control,last-event-id",
    "a retry": "authorization,content-type,idempotency-key,if-match,prefer",
    "Firefox": "authorization, user-agent",
    "a tunnel": "bypass-tunnel-reminder,ngrok-skip-browser-warning",
    "some upper case": "Authorization, TraceParent, X-B3-TraceId",
    "odd commas": ",authorization,, traceparent ,",
}


@pytest.mark.parametrize("sender", SENT_BY)
def test_what_monitoring_and_clients_add_stops_no_call(sender: str, alice: Person) -> None:
    answer = preflight(alice, ORIGIN, "GET", SENT_BY[sender])
    assert answer["status"] == "200"
    allowed = answer["access-control-allow-headers"].replace(" ", "").split(",")
    asked = {name.strip().lower() for name in SENT_BY[sender].split(",")} - {""}
    assert asked <= {name.lower() for name in allowed}


def test_a_browser_need_not_ask_again_for_what_the_api_reads(alice: Person) -> None:
    answer = preflight(alice, ORIGIN, "GET", "authorization")
    allowed = answer["access-control-allow-headers"].lower()
    for name in ("content-type", "if-match", "idempotency-key", "last-event-id", "prefer"):
        assert name in allowed


@pytest.mark.parametrize("path", ["/nowhere", "/api/x/tasks", "/api/tasks/", "/", "/api/a/b/c/d"])
def test_a_path_that_leads_nowhere_is_for_the_page_to_read(path: str, alice: Person) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET", "Authorization": ""}
    assert alice.client.options(path, headers=headers).status_code == 200


def test_a_public_page_may_call_a_private_address(alice: Person) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = alice.client.options("/api/tasks", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-private-network" not in preflight(alice, ORIGIN)
    refused = alice.client.options("/api/tasks", headers={**headers, "Origin": "https://x.test"})
    assert refused.status_code == 400
    assert "access-control-allow-private-network" not in refused.headers


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_strangers_preflight_is_refused_as_a_problem(origin: str, alice: Person) -> None:
    answer = preflight(alice, origin)
    assert answer["status"] == "400"
    assert answer["content-type"] == "application/problem+json"
    assert "access-control-allow-origin" not in answer


@pytest.mark.parametrize(("method", "fields"), [("TRACE", ""), ("PATCH", "x-anything")])
def test_a_preflight_for_what_is_not_offered_is_refused(
    method: str, fields: str, alice: Person
) -> None:
    assert preflight(alice, ORIGIN, method, fields)["status"] == "400"


@pytest.mark.parametrize(
    ("origin", "method", "fields", "words"),
    [
        ("https://x.example.com", "GET", "", "not in `CORS_ORIGINS`"),
        (ORIGIN, "patch", "", "GET, HEAD, POST, PATCH, PUT, DELETE, in upper case"),
        (ORIGIN, "GET", "authorization,x-mine", "x-mine. `CORS_HEADERS`"),
        (ORIGIN, "GET", "authorization,b\xe4d", "may not send: . `CORS_HEADERS`"),
    ],
)
def test_a_refused_preflight_says_what_to_set(
    origin: str, method: str, fields: str, words: str, alice: Person
) -> None:
    headers = [
        (b"Origin", origin.encode()),
        (b"Access-Control-Request-Method", method.encode()),
        (b"Access-Control-Request-Headers", fields.encode("latin-1")),
    ]
    problem = alice.client.options("/api/tasks", headers=headers).json()
    assert problem["code"] == "origin_refused"
    assert words in problem["detail"]


def test_the_log_says_why_a_preflight_was_refused(program: ServedProgram) -> None:
    lines = ("Origin: https://x.example.com", "Access-Control-Request-Method: GET")
    answer = send(program.url, request("OPTIONS", "/api/tasks", *lines))
    line = program.find_log(request_id=answer.headers["x-request-id"])
    assert (line["problem"], line["reason"]) == ("origin_refused", "origin_not_listed")


@pytest.fixture
def served(settings: Settings) -> Iterator[Callable[..., httpx2.Client]]:
    """Makes clients of services with other settings."""
    with ExitStack() as stack:

        def serve(**changes: object) -> httpx2.Client:
            service = stack.enter_context(Service(settings.model_copy(update=changes)))
            return stack.enter_context(
                httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60)
            )

        yield serve


ASKING = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}


def test_a_preflight_without_cors_explains_itself(served: Callable[..., httpx2.Client]) -> None:
    client = served(cors_origins=())
    answer = client.options("/api/tasks", headers=ASKING)
    assert (answer.status_code, answer.json()["code"]) == (400, "origin_refused")
    assert "`CORS_ORIGINS` is not set" in answer.json()["detail"]
    assert client.options("/api/tasks").status_code == 405
    assert "vary" not in client.get("/livez", headers={"Origin": ORIGIN}).headers


def test_more_header_fields_can_be_allowed(served: Callable[..., httpx2.Client]) -> None:
    client = served(cors_headers=("X-Mine",))
    for fields, status in (("authorization,x-mine", 200), ("x-other", 400)):
        headers = {**ASKING, "Access-Control-Request-Headers": fields}
        assert client.options("/api/tasks", headers=headers).status_code == status
    any_ = served(cors_headers=("*",))
    headers = {**ASKING, "Access-Control-Request-Headers": "x-anything"}
    assert (
        "x-anything" in any_.options("/", headers=headers).headers["access-control-allow-headers"]
    )


@pytest.mark.parametrize("names", ["X Mine", "X-Mine: 1", "x-*y, {}", "ü"])
def test_what_is_no_name_of_a_header_field_stops_the_start(names: str) -> None:
    with pytest.raises(ValidationError, match="takes names of header fields"):
        Settings(_env_file=None, cors_headers=names)


@pytest.mark.parametrize("path", ["/api/tasks", "/api/tasks/x", "/nowhere", "/api/x/tasks"])
def test_a_page_of_the_frontend_may_read_answers_and_errors(path: str, alice: Person) -> None:
    answer = alice.client.get(path, headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Origin" in answer.headers["vary"]
    exposed = answer.headers["access-control-expose-headers"].lower()
    for field in ("etag", "link", "location", "retry-after", "total-count", "x-request-id"):
        assert field in exposed
    assert "idempotency-replayed" in exposed
    assert answer.headers["access-control-allow-credentials"] == "true"


TASK = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
JSON = "Content-Type: application/json"
ERRORS: dict[int, bytes] = {
    400: request("POST", "/api/tasks", JSON, body=b"{"),
    403: request("GET", "/api/somebody/tasks"),
    404: request("GET", f"/api/tasks/{TASK}"),
    405: request("FOO", "/api/tasks"),
    406: request("GET", "/api/tasks", "Accept: text/html"),
    413: request("POST", "/api/tasks", JSON, body=b"x" * 70_000),
    414: request("GET", "/api/tasks?" + "x" * 9_000),
    415: request("POST", "/api/tasks", "Content-Type: text/plain", body=b"x"),
    422: request("GET", "/api/tasks?limit=0"),
    431: request("GET", "/api/tasks", "X: " + "x" * 17_000),
}


def with_origin(message: bytes, *lines: str) -> bytes:
    head, _, body = message.partition(b"\r\n")
    fields = [f"Origin: {ORIGIN}", *lines]
    return b"\r\n".join([head, *(line.encode() for line in fields), body])


@pytest.mark.parametrize("status", ERRORS)
def test_a_page_may_read_what_is_wrong_with_its_request(status: int, alice: Person) -> None:
    message = with_origin(ERRORS[status], f"Authorization: Bearer {alice.token}")
    answer = send(str(alice.client.base_url), message)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


def test_a_page_may_read_that_there_was_too_much_or_an_outage(
    served: Callable[..., httpx2.Client], alice: Person
) -> None:
    headers = {"Origin": ORIGIN, "Authorization": f"Bearer {alice.token}"}
    limited = served(rate_limit="1/day")
    nobody_home = served(auth_jwks_url=f"http://127.0.0.1:{free_port()}/jwks")
    answers = [client.get("/api/tasks", headers=headers) for client in (limited, limited)]
    answers.append(nobody_home.get("/api/tasks", headers=headers))
    assert [answer.status_code for answer in answers] == [200, 429, 503]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == ORIGIN


UNFINISHED: dict[int, bytes] = {
    400: b"GET /livez HTTP/1.1\r\nHost: x\r\nOrigin: %b\r\nX: y\r\nBad Name: x\r\n\r\n",
    408: b"GET /livez HTTP/1.1\r\nHost: x\r\nOrigin: %b\r\nX: half a",
    431: b"GET /livez HTTP/1.1\r\nHost: x\r\nOrigin: %b\r\nX: " + b"x" * 70_000,
}


@pytest.fixture(scope="module")
def hasty(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProgram]:
    """`duly serve`, which does not wait for long, below a prefix."""
    changes = {"HEAD_TIMEOUT": "0.2", "ROOT_PATH": "/duly", "WORKERS": "1"}
    with serve(settings, tmp_path_factory.mktemp("hasty"), **changes) as running:
        yield running


@pytest.mark.parametrize("status", UNFINISHED)
def test_a_page_may_read_what_the_server_itself_refuses(status: int, hasty: ServedProgram) -> None:
    answer = send(hasty.url, UNFINISHED[status].replace(b"%b", ORIGIN.encode()))
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json()["type"] == f"/duly/problems/{answer.json()['code']}"
    stranger = send(hasty.url, UNFINISHED[status].replace(b"%b", b"https://x.test"))
    assert "access-control-allow-origin" not in stranger.headers


def test_a_page_may_read_that_its_body_was_late(
    served: Callable[..., httpx2.Client], alice: Person
) -> None:
    client = served(body_idle_timeout=0.1)
    lines = (f"Authorization: Bearer {alice.token}", JSON, "Content-Length: 20")
    answer = send(str(client.base_url), with_origin(request("POST", "/api/tasks", *lines)) + b"{")
    assert answer.status == 408
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_a_page_may_read_that_its_body_was_broken(hasty: ServedProgram) -> None:
    head = with_origin(request("POST", "/livez", JSON, "Transfer-Encoding: chunked"))
    answer = send(hasty.url, head + b"zz\r\n")
    assert answer.status == 400
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_it_may_read_that_its_token_is_refused(alice: Person) -> None:
    headers = {"Origin": ORIGIN, "Authorization": "Bearer x"}
    answer = alice.client.get("/api/tasks", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_strangers_page_may_read_nothing(origin: str, alice: Person) -> None:
    answer = alice.client.get("/api/tasks", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]


def test_answers_vary_by_origin_even_without_one(alice: Person) -> None:
    assert "Origin" in alice.client.get("/api/tasks").headers["vary"]
