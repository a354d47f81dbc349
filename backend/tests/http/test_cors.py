"""Cross-origin requests: the configured origins to the letter, nobody else."""

import pytest

from backend.tests.support.people import ORIGIN, Person

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
    assert method in answer["access-control-allow-methods"]
    assert "Origin" in answer["vary"]


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


@pytest.mark.parametrize("path", ["/api/tasks", "/api/tasks/x", "/nowhere", "/api/x/tasks"])
def test_a_page_of_the_frontend_may_read_answers_and_errors(path: str, alice: Person) -> None:
    answer = alice.client.get(path, headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Origin" in answer.headers["vary"]
    exposed = answer.headers["access-control-expose-headers"].lower()
    for field in ("etag", "link", "location", "retry-after", "total-count", "x-request-id"):
        assert field in exposed


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
