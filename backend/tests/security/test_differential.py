"""Duly's verifier and joserfc's, an independent one, say the same about sound tokens.

About strange tokens Duly is the stricter one: it accepts nothing that joserfc refuses.
"""

import asyncio
import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from backend.config import Settings
from backend.security.keys.sources import StaticKeySet
from backend.security.refusals import RefusedToken
from backend.security.signing import Issuer
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.security.test_token_mutations import json_values
from backend.tests.support.target import ISSUER, Target

# RFC 9864 renames it; Better Auth signs with the old name.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

NOW = 1_800_000_000
ALGORITHMS = ["EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256"]
ISSUERS = [Issuer.generate(algorithm) for algorithm in ALGORITHMS]
AT = Target(ed=ISSUERS[0], ec=ISSUERS[1], rsa=ISSUERS[4], now=lambda: NOW)
SETTINGS = Settings(better_auth_url=ISSUER)
OURS = StaticKeySet([issuer.verification_key for issuer in ISSUERS])
THEIRS = jwk.KeySet.import_key_set({"keys": [cast("Any", issuer.jwk) for issuer in ISSUERS]})
RULES = jwt.JWTClaimsRegistry(
    now=NOW,
    leeway=SETTINGS.auth_leeway,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": ISSUER},
    sub={"essential": True},
    exp={"essential": True},
)


def our_subject(token: str) -> str | None:
    try:
        verifier = TokenVerifier(SETTINGS, OURS, now=lambda: NOW)
        return asyncio.run(verifier.verify(token)).subject
    except RefusedToken:
        return None


def their_subject(token: str) -> str | None:
    try:
        decoded = jwt.decode(token, THEIRS, algorithms=ALGORITHMS)
        RULES.validate(decoded.claims)
    except (JoseError, ValueError):
        return None
    return str(decoded.claims["sub"])


@pytest.mark.parametrize("issuer", ISSUERS, ids=ALGORITHMS)
def test_each_verifies_what_the_other_signed(issuer: Issuer) -> None:
    ours = issuer.sign(AT.claims())
    key = jwk.import_key(cast("Any", issuer.private_jwk))
    header = {"alg": issuer.algorithm, "kid": issuer.kid}
    theirs = jwt.encode(header, AT.claims(), key, algorithms=ALGORITHMS)
    assert our_subject(ours) == their_subject(ours) == AT.claims()["sub"]
    assert our_subject(theirs) == their_subject(theirs) == AT.claims()["sub"]


seconds = st.integers(NOW - 40, NOW + 40)
audience = st.sampled_from([ISSUER, "other", "", ISSUER + "/"])


@given(
    issuer=st.sampled_from(ISSUERS),
    claims=st.fixed_dictionaries(
        {},
        optional={
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds,
            "iss": audience,
            "aud": audience | st.lists(audience, min_size=1, max_size=3),
            "sub": st.text("abc-é", min_size=1),
        },
    ),
    gone=st.sampled_from(["", "iat", "exp", "iss", "aud", "sub"]),
)
def test_both_say_the_same_about_sound_tokens(
    issuer: Issuer, claims: dict[str, object], gone: str
) -> None:
    token = issuer.sign(AT.claims(**{**claims, gone: ...}))
    assert our_subject(token) == their_subject(token)


@given(issuer=st.sampled_from(ISSUERS), data=st.data())
def test_both_refuse_a_signature_with_other_bits(issuer: Issuer, data: st.DataObject) -> None:
    signed, _, signature = issuer.sign(AT.claims()).rpartition(".")
    at = data.draw(st.integers(0, len(signature) - 2))
    other = data.draw(st.sampled_from("AZaz09-_").filter(lambda c: c != signature[at]))
    token = f"{signed}.{signature[:at]}{other}{signature[at + 1 :]}"
    assert our_subject(token) is None
    assert their_subject(token) is None


@given(
    claims=st.dictionaries(
        st.sampled_from(["iat", "nbf", "exp", "iss", "aud", "sub"]), json_values | seconds
    ),
    header=st.dictionaries(st.sampled_from(["typ", "kid"]), json_values, max_size=1),
)
def test_duly_accepts_nothing_strange_that_joserfc_refuses(
    claims: dict[str, object], header: dict[str, object]
) -> None:
    changed = [json.dumps(part).encode() for part in (AT.header(**header), AT.claims(**claims))]
    token = AT.ed.sign_bytes(*changed)
    assert our_subject(token) in {None, their_subject(token)}
