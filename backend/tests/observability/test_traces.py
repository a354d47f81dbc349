"""Traces reach a collector, hang together with the caller's, and say no more than the log does."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.config import Settings
from backend.core.ids import new_id
from backend.core.pseudonyms import pseudonym
from backend.security.signing import Issuer
from backend.tests.support.collector import Collector, Span
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram, serve

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SERVER, CLIENT = 2, 3  # kinds of spans


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def traced(
    settings: Settings, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedProgram]:
    """`duly serve`, told of the collector; what it has is sent every 50 ms."""
    directory = tmp_path_factory.mktemp("traced")
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    with serve(settings, directory, **told) as program:
        yield program


@pytest.fixture
def dora(traced: ServedProgram, issuer: Issuer) -> Iterator[Person]:
    person = Person("dora", traced, issuer)
    yield person
    person.client.close()


@pytest.fixture
def spans_of(traced: ServedProgram, collector: Collector) -> Callable[[str], list[Span]]:
    """The spans of the trace in which a request was, as soon as the request's own is there."""

    def find(request_id: str) -> list[Span]:
        def found() -> list[Span] | None:
            spans = collector.spans()
            own = [s for s in spans if s.attributes.get("duly.request_id") == request_id]
            return [s for s in spans if s.trace == own[0].trace] if own else None

        return traced.wait_for(found)

    return find


def test_a_request_and_its_call_to_postgresql_are_spans_of_the_callers_trace(
    dora: Person, spans_of: Callable[[str], list[Span]]
) -> None:
    parent = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
    answer = dora.client.get("/api/tasks?sort=title", headers=parent)
    spans = spans_of(answer.headers["x-request-id"])
    [request] = [span for span in spans if span.kind == SERVER]
    [call] = [span for span in spans if span.kind == CLIENT]
    assert (request.name, request.service) == ("GET /api/tasks", "duly")
    assert (request.trace, request.parent) == (TRACE, CALLER)
    assert request.attributes["http.response.status_code"] == 200
    assert (call.trace, call.parent) == (TRACE, request.id)
    assert call.name == call.attributes["db.query.summary"] == "SELECT duly.tasks"
    assert call.attributes["db.system.name"] == "postgresql"
    assert call.attributes["user.hash"] == pseudonym(dora.subject)
    assert not request.failed
    assert not call.failed


@pytest.mark.parametrize(
    ("request_line", "body", "expected"),
    [
        ("POST /api/tasks", {"title": "Buy milk"}, "INSERT duly.tasks"),
        ("DELETE /api/trash", None, "DELETE duly.tasks"),
        ("GET /api/auth/me", None, "SELECT duly.settings"),
    ],
)
def test_a_call_is_named_by_what_it_does(
    request_line: str,
    body: dict[str, str] | None,
    expected: str,
    dora: Person,
    spans_of: Callable[[str], list[Span]],
) -> None:
    dora.create()  # or the first write would introduce her, too
    method, path = request_line.split()
    answer = dora.client.request(method, path, json=body)
    assert answer.is_success
    spans = spans_of(answer.headers["x-request-id"])
    assert [span.name for span in spans if span.kind == CLIENT] == [expected]


def test_a_call_that_fails_is_marked_by_its_code_alone(
    dora: Person, spans_of: Callable[[str], list[Span]]
) -> None:
    task = dora.create()
    answer = dora.client.post("/api/tasks", json={"title": "Again", "id": task["id"]})
    assert answer.status_code == 409
    [call] = [s for s in spans_of(answer.headers["x-request-id"]) if s.kind == CLIENT]
    assert call.failed
    assert call.attributes["error.type"] == "conflict"


def test_what_needs_no_database_has_one_span(
    dora: Person, spans_of: Callable[[str], list[Span]]
) -> None:
    answer = dora.client.get("/livez")
    [span] = spans_of(answer.headers["x-request-id"])
    assert span.name == "GET /livez"


def test_no_span_holds_a_token_an_id_a_query_or_content(
    dora: Person, collector: Collector, spans_of: Callable[[str], list[Span]]
) -> None:
    title, words = f"title-{new_id()}", f"words-{new_id()}"
    task = dora.create(title, description=words)
    answers = [
        dora.client.patch(f"/api/tasks/{task['id']}", json={"title": title, "colour": words}),
        dora.client.get(f"/api/tasks?cursor={words}&token={dora.token}"),
        dora.client.get(f"/api/{dora.subject}/tasks/{task['id']}", headers={"Cookie": words}),
        dora.client.get(f"/nowhere/{words}"),
        dora.client.post("/api/tasks", json={"title": title, "id": task["id"]}),
    ]
    for answer in answers:
        spans_of(answer.headers["x-request-id"])
    sent = b"".join(collector.sent)
    for private in (title, words, dora.token, task["id"], dora.subject):
        assert private.encode() not in sent


def test_a_collector_that_does_not_answer_hinders_nobody(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    with serve(settings, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1") as program:
        eve = Person("eve", program, issuer)
        with eve.client:
            assert eve.create()["title"] == "Buy milk"
    # It ended when it was told to: nobody had to kill a worker.
    assert "workers_killed" not in program.output()


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "only http/protobuf"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, "only http/protobuf"),
    ],
)
def test_what_cannot_be_spoken_is_said_once_and_left(
    variables: dict[str, str], reason: str, settings: Settings, collector: Collector, tmp_path: Path
) -> None:
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "WORKERS": "1", **variables}
    with serve(settings, tmp_path, **told) as program:
        assert reason in program.find_log(event="tracing_off")["reason"]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}", "OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=str,
)
def test_nothing_is_traced_unless_it_is_asked_for(
    variables: dict[str, str], settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    with Collector() as unasked:
        told = {name: value.format(url=unasked.url) for name, value in variables.items()}
        with serve(settings, tmp_path, WORKERS="1", **told) as program:
            eve = Person("eve", program, issuer)
            with eve.client:
                eve.create()
        assert unasked.spans() == []
