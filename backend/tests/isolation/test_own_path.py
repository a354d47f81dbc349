"""`/api/{user_id}/…`: a user's things under their id, whatever characters it has."""

from collections.abc import Callable
from urllib.parse import quote, quote_plus

import httpx2
import pytest

from backend.security.signing import Issuer
from backend.tests.support.people import ORIGIN, Person
from backend.tests.support.program import ServedProgram

SUBJECTS = [
    *(
        "a/b",
        "/",
        "a//b",
        "...",
        "a%2Fb",
        "%",
        "name:subject",
        "a b",
        "a+b",
        "a?b#c",
        "ümlaut",
        "日本",
    ),
    *("auth", "me", "trash", "api", "{user_id}", "x>; rel=y", "a\\b", "a;b,c=d"),
]


@pytest.fixture
def signed_in(alice: Person, issuer: Issuer) -> Callable[[str], httpx2.Client]:
    """Makes alice's client somebody else's."""

    def sign_in(subject: str) -> httpx2.Client:
        token = issuer.token(subject, issuer=ORIGIN, audience=ORIGIN)
        alice.client.headers["Authorization"] = f"Bearer {token}"
        return alice.client

    return sign_in


def root(subject: str) -> str:
    return f"/api/{quote(subject, safe='')}"


@pytest.mark.parametrize("served", ["uvicorn", "duly serve"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_any_user_id_is_a_path(
    served: str,
    subject: str,
    signed_in: Callable[[str], httpx2.Client],
    program: ServedProgram,
) -> None:
    client = signed_in(subject)
    if served == "duly serve":
        client.base_url = httpx2.URL(program.url)
    client.delete("/api/me")
    path = f"{root(subject)}/tasks"
    created = [client.post(path, json={"title": title}) for title in "ab"]
    assert [answer.status_code for answer in created] == [201, 201], created[0].text
    assert client.get(created[0].headers["location"]).json() == created[0].json()
    page = client.get(path, params={"limit": 1})
    assert client.get(page.links["next"]["url"]).json() == [created[0].json()]
    assert client.get(f"{path}/").json() == client.get("/api/tasks").json()
    assert client.delete(created[0].headers["location"]).status_code == 204
    assert client.get(f"{root(subject)}/trash").json() == client.get("/api/trash").json()
    assert client.head(f"{root(subject)}/trash").status_code == 200
    assert client.get(f"{root(subject + 'x')}/tasks").status_code == 403


def test_a_plus_in_a_path_is_a_plus(signed_in: Callable[[str], httpx2.Client]) -> None:
    client = signed_in("a b")
    assert client.get(f"/api/{quote_plus('a b')}/tasks").status_code == 403


@pytest.mark.parametrize(
    ("subject", "request_", "status", "allow"),
    [
        # The user whose id is `tasks` has no alias for the list, but the list.
        ("tasks", "GET /api/tasks/tasks", 404, None),
        ("tasks", "POST /api/tasks/tasks", 405, "DELETE, GET, HEAD, PATCH, PUT"),
        ("tasks", "GET /api/tasks/trash", 404, None),
        ("auth", "GET /api/auth/me", 200, None),
        ("auth", "GET /api/auth/tasks", 200, None),
        ("me", "GET /api/me/tasks", 200, None),
        ("me", "GET /api/me", 405, "DELETE"),
    ],
)
def test_a_route_of_its_own_is_never_taken_for_a_users(
    subject: str,
    request_: str,
    status: int,
    allow: str | None,
    signed_in: Callable[[str], httpx2.Client],
) -> None:
    method, path = request_.split()
    answer = signed_in(subject).request(method, path)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)


@pytest.mark.parametrize(
    "path",
    [
        *("/api/{}/me", "/api/{}/auth/me", "/api/{}", "/api/{}/nothing", "/api/{}/{}/tasks"),
        *("/{}/api/tasks", "/api//tasks", "/api/{}//tasks", "/api/{}/livez", "/api/{}/tasks/a/b"),
    ],
)
def test_only_what_is_a_users_is_under_their_id(path: str, alice: Person) -> None:
    answer = alice.client.get(path.replace("{}", alice.subject))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_who_is_not_signed_in_learns_nothing_of_a_user(alice: Person) -> None:
    nobody = {"Authorization": ""}
    answers = [
        alice.client.get(f"/api/{user}/tasks?limit=x", headers={**nobody, "Accept": "text/html"})
        for user in (alice.subject, "nobody-with-this-id")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert {answer.json()["code"] for answer in answers} == {"missing_token"}
