"""`/api/{user_id}/…`: a user's things under their id, whatever characters it has."""

import unicodedata
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
    *("tasks", "v1", "rest", "users", "docs", "livez", "problems", "openapi.json", "complete"),
    *("github/1", "https://issuer.example/u/1", "trailing/", "/leading", "auth0|1", "a%252Fb"),
    *(
        ".",
        "..",
        "../..",
        "./x",
        "%2e%2e",
        "a/../b",
        "tasks/tasks",
        "x/tasks",
        "tasks/x",
        "a/trash",
    ),
    *(
        "a@b.example",
        "a&b=c",
        "-",
        "_",
        "1",
        "0",
        "null",
        '"',
        "'",
        "<a>",
        "a\u00a0b",
        "\u200d",
    ),
    *(unicodedata.normalize(form, "é한") for form in ("NFC", "NFD")),
    *("\U0001f468\u200d\U0001f469", "\u202eabc", "x" * 255, "\U0001f600" * 255),
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
    # Who resolves a URL takes away segments that are dots, encoded or not.
    twice = {".": "%252E", "..": "%252E%252E"}
    return f"/api/{twice.get(subject) or quote(subject, safe='')}"


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
        # No task has an id like that.
        ("tasks", "GET /api/tasks/tasks", 200, None),
        ("tasks", "PUT /api/tasks/tasks", 405, "GET, HEAD, POST"),
        ("tasks", "GET /api/tasks/trash", 200, None),
        ("somebody", "GET /api/tasks/tasks", 403, None),
        ("tasks", "GET /api/tasks/complete", 404, None),
        ("auth", "GET /api/auth/me", 200, None),
        ("auth", "GET /api/auth/tasks", 200, None),
        ("me", "GET /api/me/tasks", 200, None),
        ("me", "GET /api/me", 405, "DELETE, PATCH"),
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
    ("subject", "path"),
    [
        # Proxies that decode the path, and those that join its slashes as well.
        ("github/1", "/api/github/1/tasks"),
        ("https://issuer.example/u/1", "/api/https://issuer.example/u/1/tasks"),
        ("https://issuer.example/u/1", "/api/https:/issuer.example/u/1/tasks"),
        ("https://issuer.example/u/1", "/api/https:%2Fissuer.example%2Fu%2F1/tasks/"),
        ("trailing/", "/api/trailing//tasks"),
        ("trailing/", "/api/trailing/tasks"),
        ("a//b", "/api/a/b/tasks"),
        ("x/tasks", "/api/x/tasks/tasks"),
        ("tasks/x", "/api/tasks/x/tasks"),
        ("tasks/tasks", "/api/tasks/tasks/tasks"),
        # Those that encode it once more, and clients that have to.
        ("a b", "/api/a%2520b/tasks"),
        ("github/1", "/api/github%252F1/tasks"),
        (".", "/api/%252E/tasks"),
        ("..", "/api/%252E%252E/tasks"),
        ("..", "/api/%2E%2E/tasks"),
        ("a;b", "/api/a%253Bb/tasks"),
        # Letters that were composed otherwise on the way.
        ("caf\u00e9", "/api/cafe%CC%81/tasks"),
        ("cafe\u0301", "/api/caf%C3%A9/tasks"),
        ("caf\u00e9", "/api/caf%c3%a9/tasks"),
    ],
)
def test_a_user_id_that_a_proxy_has_rewritten_is_still_theirs(
    subject: str, path: str, signed_in: Callable[[str], httpx2.Client]
) -> None:
    client = signed_in(subject)
    client.delete("/api/me")
    made = client.post("/api/tasks", json={"title": "Theirs"}).json()
    task = f"{path.removesuffix('/')}/{made['id']}"
    assert client.get(path).json() == [made]
    assert client.get(task).json() == made
    done = client.patch(f"{task}/complete", json={"completed": True})
    assert done.json()["completed"] is True
    created = client.post(path, json={"title": "Another"})
    assert client.get(created.headers["location"]).json() == created.json()


@pytest.mark.parametrize(
    ("subject", "path", "status"),
    [
        ("github/1", "/api/github/2/tasks", 404),
        ("github/1", "/api/github/1/x/tasks", 404),
        ("github/1", "/api/github%2F2/tasks", 403),
        ("alice", "/api/alic%2565x/tasks", 403),
        ("a/b", "/api/A/B/tasks", 404),
        ("trailing", "/api/trailing//tasks", 404),
        ("b", "/api/a/b/tasks", 404),
        ("a", "/api/a/b/tasks", 404),
        ("alice", "/api//alice/tasks", 404),
    ],
)
def test_no_reading_of_a_path_names_anybody_else(
    subject: str, path: str, status: int, signed_in: Callable[[str], httpx2.Client]
) -> None:
    client = signed_in(subject)
    client.delete("/api/me")
    for request in ("GET", "POST"):
        assert client.request(request, path, json={"title": "x"}).status_code == status
    assert client.get("/api/tasks").json() == []


def test_many_segments_are_read_in_no_time(alice: Person) -> None:
    path = "/api" + "/tasks" * 1_300
    assert alice.client.get(path).status_code in {403, 404}


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
