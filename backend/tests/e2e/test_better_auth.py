"""A user's way through both programs, and how these share one database."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from backend.tests.e2e.better_auth import BetterAuth, serve_better_auth
from backend.tests.e2e.conftest import NewDatabase, SignUp, StartBetterAuth, StartDuly
from backend.tests.e2e.duly import diagnose, migrate, serve_duly
from backend.tests.e2e.people import Person, bearer, claims_of, header_of, signed_up

pytestmark = pytest.mark.e2e

_SHAPE = """
    SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT c.table_name, c.constraint_name, 0, c.constraint_type, k.column_name, NULL
    FROM information_schema.table_constraints c
    LEFT JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
    WHERE c.constraint_schema = 'public' AND c.constraint_type <> 'CHECK'
    UNION ALL
    SELECT tablename, indexname, 0, indexdef, NULL, NULL FROM pg_indexes
    WHERE schemaname = 'public'
    UNION ALL
    SELECT event_object_table, trigger_name, 0, action_statement, NULL, NULL
    FROM information_schema.triggers WHERE trigger_schema = 'public'
    UNION ALL
    SELECT table_name, grantee, 0, privilege_type, NULL, NULL
    FROM information_schema.role_table_grants WHERE table_schema = 'public'
    ORDER BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True)
class Deployment:
    better_auth: BetterAuth
    duly: httpx2.Client


@pytest.fixture(scope="module")
def deployed(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    directory = tmp_path_factory.mktemp("deployed")
    with serve_better_auth(new_database(), directory) as better_auth:
        migrate(better_auth.database, directory)
        with serve_duly(better_auth, directory) as duly:
            yield Deployment(better_auth, duly)


@pytest.fixture
def api(deployed: Deployment) -> httpx2.Client:
    return deployed.duly


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture
def alice(deployed: Deployment, sign_up: SignUp, numbers: Iterator[int]) -> Person:
    return sign_up(deployed.better_auth, f"Alice{next(numbers)}")


@pytest.fixture
def bob(deployed: Deployment, sign_up: SignUp, numbers: Iterator[int]) -> Person:
    return sign_up(deployed.better_auth, f"Bob{next(numbers)}")


def test_a_new_user_keeps_tasks_with_the_token_of_better_auth(
    api: httpx2.Client, alice: Person
) -> None:
    headers = bearer(alice.token())
    assert api.get("/api/tasks", headers=headers).json() == []

    created = api.post("/api/tasks", headers=headers, json={"title": "Call the bank"})
    assert created.status_code == 201
    task = created.json()
    assert (task["title"], task["completed"]) == ("Call the bank", False)
    assert task["user_id"] == alice.user["id"]

    path = f"/api/tasks/{task['id']}"
    assert api.get("/api/tasks", headers=headers).json() == [task]
    assert api.get(path, headers=headers).json() == task

    completed = api.patch(f"{path}/complete", headers=headers, json={"completed": True})
    assert completed.status_code == 200
    assert completed.json()["completed"] is True

    assert api.delete(path, headers=headers).status_code == 204
    assert api.get("/api/tasks", headers=headers).json() == []
    assert api.get(path, headers=headers).status_code == 404


def test_another_user_sees_nothing_of_it(api: httpx2.Client, alice: Person, bob: Person) -> None:
    hers = bearer(alice.token())
    his = bearer(bob.token())
    task = api.post("/api/tasks", headers=hers, json={"title": "Alice only"}).json()
    path = f"/api/tasks/{task['id']}"

    assert api.get("/api/tasks", headers=his).json() == []
    attempts = [
        api.get(path, headers=his),
        api.patch(path, headers=his, json={"title": "Bob was here"}),
        api.patch(f"{path}/complete", headers=his, json={"completed": True}),
        api.delete(path, headers=his),
    ]
    assert [attempt.status_code for attempt in attempts] == [404] * 4
    assert api.get(f"/api/{alice.user['id']}/tasks", headers=his).status_code == 403
    assert api.get(path, headers=hers).json() == task


def test_me_agrees_with_the_session_of_better_auth(api: httpx2.Client, alice: Person) -> None:
    user = alice.session().json()["user"]
    token = alice.token()
    me = api.get("/api/auth/me", headers=bearer(token)).json()
    assert me["subject"] == user["id"]
    assert me["email"] == user["email"]
    assert me["name"] == user["name"]
    assert datetime.fromisoformat(me["expires_at"]).timestamp() == claims_of(token)["exp"]


def test_the_token_in_the_header_of_get_session_works(api: httpx2.Client, alice: Person) -> None:
    token = alice.session().headers["set-auth-jwt"]
    assert api.get("/api/tasks", headers=bearer(token)).status_code == 200


def test_a_token_with_another_signature_is_refused(api: httpx2.Client, alice: Person) -> None:
    header, claims, signature = alice.token().split(".")
    # Not the last character: of that one some bits are padding.
    forged = ("B" if signature[0] == "A" else "A") + signature[1:]
    _assert_refused(api, f"{header}.{claims}.{forged}")


def test_a_token_with_another_subject_is_refused(
    api: httpx2.Client, alice: Person, bob: Person
) -> None:
    token = bob.token()
    header, _, signature = token.split(".")
    forged = _encode({**claims_of(token), "sub": alice.user["id"]})
    _assert_refused(api, f"{header}.{forged}.{signature}")


def test_signing_out_leaves_the_token_valid_until_it_expires(
    api: httpx2.Client, alice: Person
) -> None:
    token = alice.token()
    alice.sign_out()
    assert alice.session().json() is None
    assert api.get("/api/tasks", headers=bearer(token)).status_code == 200


def test_the_doctor_finds_no_fault(deployed: Deployment, alice: Person, tmp_path: Path) -> None:
    said = diagnose(deployed.better_auth, alice.token(), tmp_path)
    assert "token: accepted" in said
    assert "FAIL" not in said


def test_tokens_outlive_better_auth_itself(
    new_database: NewDatabase, migrated: str, duly: StartDuly, tmp_path: Path
) -> None:
    with (
        serve_better_auth(new_database(migrated), tmp_path) as issuer,
        signed_up(issuer, "Alice") as alice,
    ):
        token = alice.token()
        api = duly(issuer)
        api.get("/api/tasks", headers=bearer(token)).raise_for_status()
    assert api.get("/api/tasks", headers=bearer(token)).status_code == 200
    # Whether this key exists cannot be known now: not a reason to sign a user out.
    header = _encode({**header_of(token), "kid": "made-since"})
    answer = api.get("/api/tasks", headers=bearer(f"{header}.{token.partition('.')[2]}"))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_migrations_leave_the_tables_of_better_auth_alone(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    with (
        serve_better_auth(new_database(), tmp_path) as issuer,
        signed_up(issuer, "Alice") as alice,
        psycopg.connect(issuer.database, autocommit=True) as connection,
    ):
        alice.token()
        before = connection.execute(_SHAPE).fetchall()
        assert {"user", "session", "account", "verification", "jwks"} <= {row[0] for row in before}
        migrate(issuer.database, tmp_path)
        assert connection.execute(_SHAPE).fetchall() == before
        assert alice.session().json()["user"] == alice.user


def test_better_auth_migrates_a_database_that_duly_had_first(
    better_auth: StartBetterAuth, duly: StartDuly, sign_up: SignUp
) -> None:
    # Its table is then called as Duly's own: only the schema tells them apart.
    issuer = better_auth(auth={"user": {"modelName": "users"}})
    token = sign_up(issuer, "Alice").token()
    assert duly(issuer).get("/api/tasks", headers=bearer(token)).status_code == 200


def _encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _assert_refused(api: httpx2.Client, token: str) -> None:
    answer = api.get("/api/tasks", headers=bearer(token))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert answer.headers["Content-Type"] == "application/problem+json"
