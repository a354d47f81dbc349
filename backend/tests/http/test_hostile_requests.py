"""Hostile paths, header fields and framing, to the tests' server and to `duly serve`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.tests.support.people import Person
from backend.tests.support.raw_http import Answer, request, send
from backend.tests.support.service import Service

JSON = "Content-Type: application/json"
BODY = b'{"title": "A title"}'

Fire = Callable[..., Answer]


@pytest.fixture(params=["uvicorn", "duly serve"])
def origin(request: pytest.FixtureRequest, service: Service) -> str:
    if request.param == "uvicorn":
        return service.url
    url: str = request.getfixturevalue("program").url
    return url


@pytest.fixture
def victim(alice: Person) -> Iterator[dict[str, Any]]:
    """A task of alice's, which is as it was after all that a test has sent."""
    task = alice.create("As it was")
    yield task
    assert alice.client.get("/api/tasks").json() == [task]


@pytest.fixture
def fire(origin: str, alice: Person) -> Fire:
    """Sends a request with alice's token."""

    def fire(
        method: str, target: bytes, *lines: str, body: bytes | None = None, rest: bytes = b""
    ) -> Answer:
        token = f"Authorization: Bearer {alice.token}"
        return send(origin, request(method, target, token, *lines, body=body) + rest)

    return fire


def check(answer: Answer, status: int, code: str | None) -> None:
    assert answer.status == status, answer.body
    if code:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == code
        assert answer.body.isascii()


PATHS: list[tuple[bytes, int, str | None]] = [
    (b"/", 404, "not_found"),
    (b"/api", 404, "not_found"),
    (b"/api/", 404, "not_found"),
    (b"//api/tasks", 404, "not_found"),
    (b"/api//tasks", 404, "not_found"),
    (b"/api/tasks//", 404, "not_found"),
    (b"/API/TASKS", 404, "not_found"),
    (b"/api/./tasks", 403, "wrong_user"),
    (b"/api/../tasks", 403, "wrong_user"),
    (b"/api/%00/tasks", 403, "wrong_user"),
    (b"/api/%ff/tasks", 403, "wrong_user"),
    (b"/api/%F0%9F%98%80/tasks", 403, "wrong_user"),
    (b"/api/" + b"u" * 4_000 + b"/tasks", 403, "wrong_user"),
    (b"/api/%zz/tasks", 403, "wrong_user"),
    (b"/problems/%00", 404, "not_found"),
    (b"/problems/%ff", 404, "not_found"),
    (b"/problems/__class__", 404, "not_found"),
    (b"/problems/../api/tasks", 404, "not_found"),
    (b"/" + b"a" * 8_200, 414, "url_too_long"),
    (b"/api/tasks?" + b"a" * 8_200, 414, "url_too_long"),
    # These never reach the application.
    (b"/api/\xe9/tasks", 400, None),
    (b"/api/tasks?limit=\xff", 400, None),
    (b"/api/tasks\x00", 400, None),
    (b"/api/tasks ?limit=1", 400, None),
]


@pytest.mark.parametrize(("path", "status", "code"), PATHS, ids=lambda v: str(v)[:40])
def test_a_path_that_means_nothing_is_refused(
    path: bytes, status: int, code: str | None, fire: Fire
) -> None:
    check(fire("GET", path), status, code)


REFUSED_HEADERS: list[tuple[str, str, int, str]] = [
    ("GET", "Accept: text/html", 406, "not_acceptable"),
    ("GET", "Accept: xyzzy", 406, "not_acceptable"),
    ("GET", "Accept: \xff\xfe", 406, "not_acceptable"),
    ("GET", "Accept: application/xml, text/*;q=0.5", 406, "not_acceptable"),
    ("GET", "Accept: application/json;q=0", 406, "not_acceptable"),
    ("GET", "Accept: application/jsonp", 406, "not_acceptable"),
    ("GET", "Authorization: Bearer xyzzy", 401, "invalid_token"),
    ("GET", "X: " + "a" * 17_000, 431, "headers_too_large"),
    ("GET", "Cookie: " + "a" * 17_000, 431, "headers_too_large"),
    ("GET", "If-None-Match: " + '"1",' * 5_000, 431, "headers_too_large"),
    ("PATCH", "If-Match: xyzzy", 412, "stale_version"),
    ("PATCH", "If-Match: \xff\xfe", 412, "stale_version"),
    ("PATCH", "If-Match: ", 412, "stale_version"),
    ("PATCH", "If-Match: 1", 412, "stale_version"),
    ("PATCH", 'If-Match: W/"0"', 412, "stale_version"),
    ("PATCH", 'If-Match: "1-xyzzy"', 412, "stale_version"),
    ("PATCH", 'If-Match: "' + "-gzip" * 2_000 + '"', 412, "stale_version"),
    ("PATCH", 'If-Match: "*"', 412, "stale_version"),
    ("PATCH", 'If-Match: "-1"', 412, "stale_version"),
    ("PATCH", 'If-Match: "1_0"', 412, "stale_version"),
    ("PATCH", 'If-Match: "\xb9"', 412, "stale_version"),
    ("PATCH", 'If-Match: "999999999999999999"', 412, "stale_version"),
    ("PATCH", 'If-Match: "9223372036854775808"', 412, "stale_version"),
    ("PATCH", 'If-Match: "' + "9" * 5_000 + '"', 412, "stale_version"),
    ("PATCH", "If-Match: " + '"2", ' * 3_000, 412, "stale_version"),
    ("PATCH", "If-Match: \"1' or '1'='1\"", 412, "stale_version"),
    ("PATCH", "Content-Type: text/plain", 415, "unsupported_media_type"),
    ("PATCH", "Content-Type: xyzzy", 415, "unsupported_media_type"),
    ("PATCH", "Content-Type: \xff\xfe", 415, "unsupported_media_type"),
    ("PATCH", "Content-Type: ", 415, "unsupported_media_type"),
    ("PATCH", "Content-Type: application/jsonx", 415, "unsupported_media_type"),
    ("PATCH", "Content-Type: text/json", 415, "unsupported_media_type"),
    ("PATCH", "Content-Type: multipart/form-data; boundary=x", 415, "unsupported_media_type"),
    ("PATCH", "Content-Type: application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    ("PATCH", "Content-Encoding: gzip", 415, "unsupported_media_type"),
    ("PATCH", "Content-Encoding: xyzzy", 415, "unsupported_media_type"),
]


@pytest.mark.parametrize("row", REFUSED_HEADERS, ids=lambda row: ascii(row[1])[:40])
def test_a_header_field_that_cannot_be_served_is_refused(
    row: tuple[str, str, int, str], victim: dict[str, Any], fire: Fire
) -> None:
    method, line, status, code = row
    lines = [line] if line.startswith("Content-Type") else [JSON, line]
    body = None if method == "GET" else b'{"title": "Overwritten"}'
    answer = fire(method, f"/api/tasks/{victim['id']}".encode(), *lines, body=body)
    check(answer, status, code)
    assert b"xyzzy" not in answer.body


@pytest.mark.parametrize(
    "line",
    [
        *("Accept: ", "Accept: */*", "Accept: application/*", "Accept: APPLICATION/JSON;q=0.1"),
        *("Accept: text/html, application/json", "If-None-Match: xyzzy", "If-None-Match: \xff"),
        *("If-None-Match: ,,,", 'If-None-Match: "', "If-None-Match: ", "Range: bytes=0-1"),
        *("Expect: 100-continue", "Origin: null", "Origin: \xff", "Accept-Encoding: xyzzy"),
        *("If-Modified-Since: xyzzy", "X-Forwarded-For: xyzzy", "X-HTTP-Method-Override: DELETE"),
        *("Content-Type: text/html", "Accept-Language: \xff", "Upgrade: h2c", "Te: trailers"),
    ],
    ids=ascii,
)
def test_a_header_field_that_changes_nothing_is_ignored(
    line: str, victim: dict[str, Any], fire: Fire
) -> None:
    answer = fire("GET", f"/api/tasks/{victim['id']}".encode(), line)
    assert answer.status == 200
    assert answer.json() == victim


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "with space", "semi;colon", "\xff" * 9, '"quoted-id"']
)
def test_a_request_id_that_could_harm_a_log_is_replaced(given: str, fire: Fire) -> None:
    answer = fire("GET", b"/nowhere", f"X-Request-Id: {given}")
    request_id = answer.headers["x-request-id"]
    assert request_id != given
    assert request_id == answer.json()["request_id"]
    assert request_id.isalnum()


def chunked(*chunks: bytes) -> bytes:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return framed + b"0\r\n\r\n"


TE = "Transfer-Encoding: chunked"


@pytest.mark.usefixtures("victim")
def test_a_body_of_20_mb_is_413(fire: Fire) -> None:
    answer = fire("POST", b"/api/tasks", JSON, body=b"x" * 20_000_000)
    check(answer, 413, "body_too_large")


@pytest.mark.usefixtures("victim")
def test_a_body_that_announces_too_much_is_413_before_it_comes(fire: Fire) -> None:
    answer = fire("POST", b"/api/tasks", JSON, "Content-Length: 65537")
    check(answer, 413, "body_too_large")


def test_a_body_of_exactly_64_kib_is_read(fire: Fire) -> None:
    padded = BODY + b" " * (65_536 - len(BODY))
    assert fire("POST", b"/api/tasks", JSON, body=padded).status == 201
    check(fire("POST", b"/api/tasks", JSON, body=padded + b" "), 413, "body_too_large")


@pytest.mark.usefixtures("victim")
def test_a_chunked_body_over_64_kib_is_413(fire: Fire) -> None:
    answer = fire("POST", b"/api/tasks", JSON, TE, rest=chunked(*[b" " * 1_024] * 65, BODY))
    check(answer, 413, "body_too_large")


def test_a_chunked_body_within_64_kib_is_read(fire: Fire) -> None:
    chunks = (bytes([byte]) for byte in BODY)
    assert fire("POST", b"/api/tasks", JSON, TE, rest=chunked(*chunks)).status == 201


FRAMES: list[tuple[str, tuple[str, ...], bytes]] = [
    ("a negative length", ("Content-Length: -1",), b""),
    ("a length that is no number", ("Content-Length: xyzzy",), b""),
    ("a length of 30 digits", ("Content-Length: " + "9" * 30,), b""),
    ("two lengths", ("Content-Length: 20", "Content-Length: 21"), BODY),
    ("a bad chunk", (TE,), b"zz\r\n{}\r\n0\r\n\r\n"),
    ("an unknown coding", ("Transfer-Encoding: xyzzy",), BODY),
]


@pytest.mark.usefixtures("victim")
@pytest.mark.parametrize(
    ("lines", "rest"), [row[1:] for row in FRAMES], ids=[row[0] for row in FRAMES]
)
def test_a_body_whose_length_is_unclear_writes_nothing(
    lines: tuple[str, ...], rest: bytes, fire: Fire
) -> None:
    answer = fire("POST", b"/api/tasks", JSON, *lines, rest=rest)
    # Some of these end the connection without an answer; what matters is that none is served.
    assert answer.status in {0, 400, 413, 501}


@pytest.mark.parametrize(
    "method", ["OPTIONS", "TRACE", "FOO", "get", "PROPFIND", "X" * 200, "BATCH"]
)
def test_a_method_that_nobody_knows_is_405(method: str, fire: Fire) -> None:
    answer = fire(method, b"/api/tasks")
    check(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("asked", [b"*", b"foo", b"x:80", b"%2F"])
@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
def test_a_target_that_is_no_path_is_answered_by_us_and_never_500(
    method: str, asked: bytes, fire: Fire
) -> None:
    answer = fire(method, asked)
    assert answer.status in {400, 404}
    assert b"Internal" not in answer.body


def test_two_hosts_are_400(fire: Fire) -> None:
    check(fire("GET", b"/api/tasks", "Host: elsewhere.example.com"), 400, None)


@pytest.mark.usefixtures("victim")
def test_two_authorization_fields_are_401(fire: Fire) -> None:
    answer = fire("GET", b"/api/tasks", "Authorization: Basic eHl6enk6eHl6enk=")
    check(answer, 401, "invalid_token")
