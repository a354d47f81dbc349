"""Tokens of frontends that sign for themselves and cannot change, where they are allowed."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from backend.config import Settings
from backend.core.principal import Principal
from backend.security.keys.remote import key_source
from backend.security.refusals import RefusedToken
from backend.security.signing import Issuer
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.support.target import ISSUER, Target

NOW = 1_800_000_000
SECRET = "a secret of thirty-two bytes or more"
WEEK = 604_800
# As six public frontends of this kind make them.
CLAIMS: dict[str, dict[str, Any]] = {
    "sub alone": {"sub": "alice"},
    "sub and an e-mail address": {"sub": "alice", "email": "alice@example.com", "name": "Alice"},
    "user_id": {"user_id": "alice", "email": "alice@example.com"},
    "userId": {"userId": "alice"},
    "id, as a session's user has it": {"id": "alice", "name": "Alice", "picture": None},
    "sub before the others": {"sub": "alice", "id": "7", "userId": "8", "user_id": "9"},
    "an empty one before it": {"sub": None, "user_id": "alice"},
    "issuer and audience as null": {"sub": "alice", "iss": None, "aud": None},
    "the right issuer and audience": {"sub": "alice", "iss": ISSUER, "aud": ISSUER},
}


def settings(**changes: Any) -> Settings:
    return Settings(
        _env_file=None,
        **{"auth_shared_secret": SecretStr(SECRET), "auth_lenient_claims": True, **changes},
    )


def verify(
    claims: dict[str, Any], configured: Settings | None = None, *, secret: str = SECRET
) -> Principal:
    token = Issuer.from_secret(secret).sign({"iat": NOW, "exp": NOW + 900, **claims})
    chosen = configured or settings(auth_issuer=ISSUER, auth_audience=ISSUER)
    verifier = TokenVerifier(chosen, key_source(chosen), now=lambda: NOW)
    return asyncio.run(verifier.verify(token))


def reason(claims: dict[str, Any], configured: Settings | None = None, **more: Any) -> str:
    with pytest.raises(RefusedToken) as refusal:
        verify(claims, configured, **more)
    return refusal.value.reason


@pytest.mark.parametrize("kind", CLAIMS)
def test_where_it_is_allowed_such_a_token_is_accepted(kind: str) -> None:
    assert verify(CLAIMS[kind]).subject == "alice"


@pytest.mark.parametrize("kind", [kind for kind in CLAIMS if "right" not in kind])
def test_where_it_is_not_it_is_refused(kind: str) -> None:
    strict = settings(auth_lenient_claims=False, auth_issuer=ISSUER, auth_audience=ISSUER)
    assert reason(CLAIMS[kind], strict) == "wrong_issuer"


@pytest.mark.parametrize(("number", "subject"), [(7, "7"), (0, "0"), (2**53, str(2**53))])
def test_a_whole_number_is_a_subject(number: int, subject: str) -> None:
    assert verify({"sub": number}).subject == subject
    assert verify({"id": number}).subject == verify({"id": subject}).subject


@pytest.mark.parametrize(
    "value", [True, False, -1, 1.5, 2.0, 2**53 + 1, [], ["alice"], {}, "", "a\0", "x" * 256]
)
@pytest.mark.parametrize("name", ["sub", "user_id", "userId", "id"])
def test_what_names_nobody_is_refused(name: str, value: object) -> None:
    assert reason({name: value}) == "subject_refused"


@pytest.mark.parametrize("claims", [{}, {"email": "alice@example.com"}, {"uid": "alice"}])
def test_a_token_without_a_subject_is_refused(claims: dict[str, Any]) -> None:
    assert reason(claims) == "subject_refused"


def test_a_shared_space_cannot_be_named() -> None:
    assert reason({"id": "~alice"}) == "subject_reserved"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"iss": "https://other.example.com"}, "wrong_issuer"),
        ({"aud": "https://other.example.com"}, "wrong_audience"),
        ({"aud": []}, "wrong_audience"),
        ({"iss": ""}, "wrong_issuer"),
        ({"exp": None}, "claim_refused"),
        ({"iat": NOW - 900, "exp": NOW - 60}, "expired"),
        ({"exp": NOW + WEEK}, "lifetime_refused"),
    ],
)
def test_all_else_is_as_strict_as_ever(claims: dict[str, Any], expected: str) -> None:
    assert reason({"sub": "alice", **claims}) == expected


def test_a_week_is_accepted_where_the_setting_says_so() -> None:
    weekly = settings(auth_max_token_lifetime=WEEK)
    assert verify({"sub": "alice", "exp": NOW + WEEK}, weekly).subject == "alice"
    assert reason({"sub": "alice", "exp": NOW + WEEK + 1}, weekly) == "lifetime_refused"


def test_a_refusal_for_its_lifetime_says_which_setting_it_was() -> None:
    with pytest.raises(RefusedToken) as refusal:
        verify({"sub": "alice", "exp": NOW + WEEK})
    assert "AUTH_MAX_TOKEN_LIFETIME" in refusal.value.detail


def test_another_secret_opens_nothing() -> None:
    other = "another secret of thirty-two bytes"
    assert reason({"sub": "alice"}, secret=other) == "bad_signature"


def test_a_key_set_never_comes_with_it() -> None:
    several: list[dict[str, Any]] = [
        {},
        {"better_auth_url": ISSUER},
        {"auth_jwks_url": f"{ISSUER}/jwks"},
    ]
    for beside in several:
        with pytest.raises(ValidationError, match="AUTH_LENIENT_CLAIMS is for tokens of"):
            Settings(_env_file=None, auth_lenient_claims=True, **beside)


def test_production_then_needs_neither_issuer_nor_audience() -> None:
    served = settings(environment="production", database_url=SecretStr("postgresql://db/duly"))
    assert verify({"user_id": 7}, served).subject == "7"


def test_a_token_of_a_key_needs_all_of_it(target: Target) -> None:
    strict = Settings(_env_file=None, better_auth_url=ISSUER)
    for claims in CLAIMS.values():
        token = target.ed.sign({"iat": NOW, "exp": NOW + 900, **claims})
        with pytest.raises(RefusedToken):
            asyncio.run(
                TokenVerifier(strict, key_source(settings()), now=lambda: NOW).verify(token)
            )
