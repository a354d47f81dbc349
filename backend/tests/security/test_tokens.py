"""Which tokens are accepted, and what they say."""

import asyncio
import json
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.core.principal import Principal
from backend.core.problems import InvalidToken, Problem
from backend.core.strict_json import MAX_DEPTH
from backend.security.jose import encode_segment
from backend.security.keys.remote import key_source
from backend.security.keys.sources import StaticKeySet
from backend.security.refusals import RefusedToken
from backend.security.signing import Issuer
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.support.target import ALICE, ISSUER, Target

NOW = 1_800_000_000.0
SECRET = "a secret of thirty-two bytes or more"
ALGORITHMS = ("EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "PS256")

Accept = Callable[..., Principal]


def verify(issuer: Issuer, token: str, now: float = NOW, **settings: object) -> Principal:
    configured = Settings.model_validate({"better_auth_url": ISSUER, **settings})
    keys = StaticKeySet([issuer.verification_key])
    return asyncio.run(TokenVerifier(configured, keys, now=lambda: now).verify(token))


def reason(issuer: Issuer, token: str, now: float = NOW, **settings: object) -> str:
    with pytest.raises(RefusedToken) as refusal:
        verify(issuer, token, now, **settings)
    return refusal.value.reason


@pytest.fixture(scope="module")
def at(target: Target) -> Target:
    return Target(ed=target.ed, ec=target.ec, rsa=target.rsa, now=lambda: NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_of_better_auth_is_verified(algorithm: str) -> None:
    issuer = Issuer.generate(algorithm)
    token = issuer.token(ALICE, issuer=ISSUER, audience=ISSUER, now=NOW)
    assert verify(issuer, token) == Principal(
        ALICE, int(NOW) + 900, int(NOW), f"{ALICE}@example.com", ALICE
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_algorithm_that_is_not_configured_is_refused(algorithm: str) -> None:
    issuer = Issuer.generate(algorithm)
    token = issuer.token(ALICE, issuer=ISSUER, audience=ISSUER, now=NOW)
    others = tuple(other for other in ALGORITHMS if other != algorithm)
    assert reason(issuer, token, auth_algorithms=others) == "algorithm_refused"


def test_both_names_of_eddsa_are_one_algorithm(at: Target) -> None:
    for name in ("EdDSA", "Ed25519"):
        assert verify(at.ed, at.ed.sign(at.claims(), at.header(alg=name)))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "Jwt"])
def test_typ_may_be_jwt(at: Target, typ: str) -> None:
    assert verify(at.ed, at.ed.sign(at.claims(), at.header(typ=typ)))


def test_members_nobody_knows_are_ignored(at: Target) -> None:
    token = at.ed.sign(at.claims(role="admin", deep={"a": [1.5, None]}), at.header(x5t="x", y=[]))
    assert verify(at.ed, token).subject == ALICE


def test_header_and_claims_may_nest_64_deep(at: Target) -> None:
    deep = json.loads("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    assert verify(at.ed, at.ed.sign(at.claims(x=deep), at.header(x=deep))).subject == ALICE
    for token in (at.ed.sign(at.claims(x=[deep])), at.ed.sign(at.claims(), at.header(x=[deep]))):
        assert reason(at.ed, token) == "malformed"


@pytest.mark.parametrize("aud", [ISSUER, [ISSUER], ["other", ISSUER], [ISSUER, ISSUER]])
def test_one_audience_of_several_is_enough(at: Target, aud: object) -> None:
    assert verify(at.ed, at.ed.sign(at.claims(aud=aud)))


def test_several_audiences_may_be_configured(at: Target) -> None:
    for aud in ("api", "other"):
        token = at.ed.sign(at.claims(aud=aud))
        assert verify(at.ed, token, auth_audience=("api", "other"))
    assert reason(at.ed, at.token(), auth_audience=("api", "other")) == "wrong_audience"


@pytest.mark.parametrize("sub", ["~", "~alice", "~01a2"])
def test_a_subject_cannot_be_the_id_of_a_shared_space(at: Target, sub: str) -> None:
    assert reason(at.ed, at.ed.sign(at.claims(sub=sub))) == "subject_reserved"


@pytest.mark.parametrize("sub", ["a~", " ~", "-~"])
def test_a_tilde_elsewhere_is_free(at: Target, sub: str) -> None:
    assert verify(at.ed, at.ed.sign(at.claims(sub=sub))).subject == sub


@pytest.mark.parametrize(
    "sub",
    [
        "1",
        "a" * 255,
        "é" * 255,
        "00000000-0000-7000-8000-000000000000",
        "auth0|x",
        "\U0001d54f",
        " ",
    ],
)
def test_a_subject_is_any_text_without_controls(at: Target, sub: str) -> None:
    assert verify(at.ed, at.ed.sign(at.claims(sub=sub))).subject == sub


@pytest.mark.parametrize(
    ("claims", "from_second", "to_second"),
    [
        ({"iat": NOW, "exp": NOW + 900}, NOW - 30, NOW + 930),
        ({"iat": ..., "exp": NOW + 900}, NOW + 900 - 86_400, NOW + 930),
        ({"iat": NOW, "nbf": NOW + 60, "exp": NOW + 900}, NOW + 30, NOW + 930),
        ({"iat": NOW, "nbf": NOW - 60, "exp": NOW + 900}, NOW - 30, NOW + 930),
        ({"iat": NOW + 0.5, "exp": NOW + 10.5}, NOW - 29.5, NOW + 40.5),
    ],
)
def test_a_token_is_accepted_in_its_window_and_not_a_second_more(
    at: Target, claims: dict[str, object], from_second: float, to_second: float
) -> None:
    token = at.ed.sign(at.claims(**claims))
    assert verify(at.ed, token, from_second)
    assert verify(at.ed, token, to_second - 0.001)
    assert reason(at.ed, token, to_second) == "expired"
    assert reason(at.ed, token, from_second - 0.001) in {"not_yet_valid", "lifetime_refused"}


def test_the_longest_lifetime_is_exact(at: Target) -> None:
    token = at.ed.sign(at.claims(exp=int(NOW) + 3600))
    assert verify(at.ed, token, auth_max_token_lifetime=3600)
    assert reason(at.ed, token, auth_max_token_lifetime=3599) == "lifetime_refused"


@pytest.mark.parametrize(
    ("claims", "email", "name"),
    [
        ({"email": "a@b.c", "name": "Alice"}, "a@b.c", "Alice"),
        ({"email": "a@b.c", "name": "李" * 300}, "a@b.c", "李" * 255),
        ({"email": "a" * 320, "name": "👩‍💻"}, "a" * 320, "👩‍💻"),
        ({"email": "a" * 321, "name": ""}, None, None),
        ({"email": None, "name": ["Alice"]}, None, None),
        ({"email": {"a": 1}, "name": 7}, None, None),
        ({"email": "a@b.c\r\nBcc: x", "name": "A\0"}, None, None),
        ({"email": ..., "name": "\x1b[2J"}, None, None),
    ],
)
def test_claims_for_display_are_taken_only_if_they_can_be_shown(
    at: Target, claims: dict[str, object], email: str | None, name: str | None
) -> None:
    principal = verify(at.ed, at.ed.sign(at.claims(**claims)))
    assert (principal.email, principal.name) == (email, name)


def test_a_lone_surrogate_in_a_name_is_left_out(at: Target) -> None:
    payload = (
        b'{"iat":1800000000,"exp":1800000900,"iss":"%s","aud":"%s","sub":"a","name":"\\ud800"}'
    )
    token = at.ed.sign_bytes(
        b'{"alg":"EdDSA","kid":"%s"}' % str(at.ed.kid).encode(),
        payload % (ISSUER.encode(), ISSUER.encode()),
    )
    assert verify(at.ed, token).name is None


def test_the_key_is_chosen_by_name_among_keys_of_several_algorithms(
    verifier: TokenVerifier, target: Target
) -> None:
    for issuer in (target.ed, target.ec, target.rsa):
        assert asyncio.run(verifier.verify(issuer.sign(target.claims())))


# The shared secret


def shared(token: str) -> Principal:
    settings = Settings(
        auth_shared_secret=SecretStr(SECRET), auth_issuer=ISSUER, auth_audience=(ISSUER,)
    )
    return asyncio.run(TokenVerifier(settings, key_source(settings), now=lambda: NOW).verify(token))


@pytest.mark.parametrize("kid", [..., "1", "k" * 32])
def test_with_a_shared_secret_kid_is_optional(at: Target, kid: object) -> None:
    token = Issuer.from_secret(SECRET).sign(at.claims(), at.header(alg="HS256", kid=kid))
    assert shared(token).subject == ALICE


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512", "EdDSA", "RS256", "hs256"])
def test_with_a_shared_secret_nothing_but_hs256_is_accepted(at: Target, algorithm: str) -> None:
    token = Issuer.from_secret(SECRET).sign(at.claims(), at.header(alg=algorithm, kid=...))
    with pytest.raises(RefusedToken) as refusal:
        shared(token)
    assert refusal.value.reason == "algorithm_refused"


@pytest.mark.parametrize("secret", ["", SECRET[:-1], SECRET + " ", SECRET.upper()])
def test_another_secret_is_refused(at: Target, secret: str) -> None:
    with pytest.raises(RefusedToken) as refusal:
        shared(Issuer.from_secret(secret).sign(at.claims()))
    assert refusal.value.reason == "bad_signature"


def test_a_shared_secret_accepts_no_token_of_a_key(at: Target) -> None:
    with pytest.raises(RefusedToken):
        shared(at.token())


# Refusals


def test_a_refusal_says_nothing_about_the_token(at: Target) -> None:
    with pytest.raises(InvalidToken) as refusal:
        verify(at.ed, at.ed.sign(at.claims(sub="a\0secret")))
    document = refusal.value.document("request")
    assert document["code"] == "invalid_token"
    assert "secret" not in str(document) + repr(refusal.value) + str(refusal.value.__cause__)
    assert refusal.value.__context__ is None


def test_a_malformed_token_is_not_quoted_by_the_refusal(at: Target) -> None:
    header, payload, signature = at.token().split(".")
    for token in (f"{header}.{encode_segment(b'secret')}.{signature}", f"{header}.{payload}x.x"):
        with pytest.raises(RefusedToken) as refusal:
            verify(at.ed, token)
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__


def test_the_published_table_knows_the_problem_not_its_refinement() -> None:
    assert Problem.registry["invalid_token"] is InvalidToken
