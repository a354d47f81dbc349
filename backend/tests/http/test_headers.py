"""The protective header fields that every answer carries."""

from collections.abc import Callable

import httpx2
import pytest

from backend.config import Settings
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.raw_http import request, send
from backend.tests.support.service import Service

ALWAYS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

REQUESTS: list[Callable[[Person], httpx2.Response]] = [
    lambda person: person.client.get("/api/tasks"),
    lambda person: person.client.post("/api/tasks", json={"title": "a"}),
    lambda person: person.client.head("/api/tasks"),
    lambda person: person.client.delete("/api/trash"),
    lambda person: person.client.get("/api/tasks", headers={"Authorization": ""}),
    lambda person: person.client.get("/nowhere"),
    lambda person: person.client.get("/api/tasks?" + "x" * 9_000),
    lambda person: person.client.request("FOO", "/api/tasks"),
    lambda person: person.client.get("/livez"),
    lambda person: person.client.get("/metrics"),
    lambda person: person.client.get("/problems/not_found"),
    lambda person: person.client.get("/openapi.json"),
    lambda person: person.client.options(
        "/api/tasks",
        headers={"Origin": "https://app.example.com", "Access-Control-Request-Method": "GET"},
    ),
]


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_every_answer_carries_them(number: int, alice: Person) -> None:
    answer = REQUESTS[number](alice)
    assert ALWAYS.items() <= dict(answer.headers).items()
    assert "x-request-id" in answer.headers
    assert "x-powered-by" not in answer.headers


def test_a_304_carries_them(alice: Person) -> None:
    task = alice.create()
    headers = {"If-None-Match": "*"}
    answer = alice.client.get(f"/api/tasks/{task['id']}", headers=headers)
    assert answer.status_code == 304
    assert ALWAYS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_docs_may_load_what_they_show_and_nothing_else(path: str, alice: Person) -> None:
    answer = alice.client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; ")
    assert "*" not in policy


def test_browsers_shall_come_by_https_in_production_only(settings: Settings, alice: Person) -> None:
    answer = alice.client.get("/livez")
    assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    development = settings.model_copy(update={"environment": "development"})
    with Service(development) as service:
        plain = send(service.url, request("GET", "/livez"))
    assert "strict-transport-security" not in plain.headers


def test_the_server_does_not_name_itself(program: ServedProgram) -> None:
    for target in ("/livez", "/nowhere", "/api/tasks"):
        answer = send(program.url, request("GET", target))
        assert not answer.headers.get("server")


def test_the_docs_can_be_switched_off(settings: Settings) -> None:
    with Service(settings.model_copy(update={"docs_enabled": False})) as service:
        for path in ("/docs", "/openapi.json", "/redoc", "/docs/oauth2-redirect"):
            assert send(service.url, request("GET", path)).status == 404
