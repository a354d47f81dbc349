"""Whatever is done to a token, it is refused, or it still means what its issuer said.

With more than 20 000 examples instead of a few hundred, and how many of them there were:

    .venv/bin/pytest -n 0 backend/tests/security/test_token_mutations.py \
        --hypothesis-profile=thorough --hypothesis-show-statistics
"""

import asyncio
import json
from itertools import product
from typing import TypeGuard, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.config import Settings
from backend.core.principal import Principal
from backend.security.jose import encode_segment
from backend.security.keys.sources import StaticKeySet
from backend.security.refusals import RefusedToken
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.support.target import ALICE, ISSUER, Target

NOW = 1_800_000_000
AT = Target(now=lambda: NOW)
ISSUERS = (AT.ed, AT.ec, AT.rsa)
KEYS = StaticKeySet([issuer.verification_key for issuer in ISSUERS])
TOKENS = [issuer.sign(AT.claims()) for issuer in ISSUERS]
SETTINGS = Settings(better_auth_url=ISSUER)


def verify(token: str) -> Principal | None:
    """Whose it is, or None if refused; any other exception is a failure."""
    verifier = TokenVerifier(SETTINGS, KEYS, now=lambda: NOW)
    assert verifier.cached(token) is None
    try:
        principal = asyncio.run(verifier.verify(token))
    except RefusedToken:
        assert verifier.cached(token) is None
        return None
    assert verifier.cached(token) == principal
    return principal


alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="
characters = st.sampled_from(alphabet) | st.characters()
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([ISSUER, ALICE, NOW, NOW + 900, "EdDSA", AT.ed.kid]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def dumps(value: object) -> bytes:
    return json.dumps(value).encode()


@given(token=st.sampled_from(TOKENS), data=st.data())
def test_no_change_of_a_character_is_accepted(token: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(token)))
    gone = data.draw(st.integers(0, 3))
    mutant = token[:at] + data.draw(st.text(characters, max_size=3)) + token[at + gone :]
    assert (verify(mutant) is not None) == (mutant == token)


@given(token=st.sampled_from(TOKENS), data=st.data())
def test_no_change_of_a_byte_is_accepted(token: str, data: st.DataObject) -> None:
    raw = bytearray(token.encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    assert verify(raw.decode("latin-1")) is None


@given(token=st.sampled_from(TOKENS), member=st.text(), value=json_values, part=st.integers(0, 1))
def test_no_change_of_the_json_is_accepted_without_a_new_signature(
    token: str, member: str, value: object, part: int
) -> None:
    segments = token.split(".")
    before = (AT.header(), AT.claims())[part]
    segments[part] = encode_segment(dumps({**before, member: value}))
    mutant = ".".join(segments)
    assert mutant == token or verify(mutant) is None


@given(st.lists(st.sampled_from([s for token in TOKENS for s in token.split(".")] + [""])))
def test_segments_of_several_tokens_make_no_other_token(segments: list[str]) -> None:
    mutant = ".".join(segments)
    assert (verify(mutant) is not None) == (mutant in TOKENS)


def test_every_combination_of_three_segments_is_refused_but_the_true_ones() -> None:
    parts = zip(*(token.split(".") for token in TOKENS), strict=True)
    mutants = {".".join(mutant) for mutant in product(*parts)}
    assert {mutant for mutant in mutants if verify(mutant)} == set(TOKENS)


@given(st.text(characters))
def test_any_text_is_refused(text: str) -> None:
    assert verify(text) is None


@given(st.binary(), st.binary())
def test_any_bytes_are_refused_even_truly_signed(header: bytes, payload: bytes) -> None:
    assert verify(AT.ed.sign_bytes(header, payload)) is None
    assert verify(AT.ed.sign_bytes(dumps(AT.header()), payload)) is None


@given(json_values, json_values)
def test_any_json_is_refused_even_truly_signed(header: object, payload: object) -> None:
    assert verify(AT.ed.sign_bytes(dumps(header), dumps(payload))) is None
    assert verify(AT.ed.sign_bytes(dumps(AT.header()), dumps(payload))) is None


HEADER_MEMBERS = ("alg", "kid", "typ", "crit", "b64", "zip", "jku", "jwk", "x5u", "x5c")


@given(st.dictionaries(st.sampled_from(HEADER_MEMBERS), json_values, min_size=1, max_size=2))
def test_a_header_is_accepted_only_if_it_says_what_better_auth_says(
    changes: dict[str, object],
) -> None:
    principal = verify(AT.ed.sign_bytes(dumps({**AT.header(), **changes}), dumps(AT.claims())))
    harmless = all(
        (name, value) in {("alg", "EdDSA"), ("kid", AT.ed.kid)}
        for name, value in changes.items()
        if isinstance(value, str)
    ) and all(isinstance(value, str) for value in changes.values())
    assert (principal is not None) == harmless


@given(
    st.dictionaries(
        st.sampled_from(["iat", "exp", "nbf", "iss", "aud", "sub"]),
        json_values | st.integers(NOW - 2000, NOW + 2000) | st.floats(NOW - 2000, NOW + 2000),
        min_size=1,
        max_size=3,
    )
)
def test_claims_are_accepted_exactly_if_they_are_right(changes: dict[str, object]) -> None:
    claims = {**AT.claims(), **changes}
    principal = verify(AT.ed.sign_bytes(dumps(AT.header()), dumps(claims)))
    assert (principal is not None) == is_right(claims)
    if principal:
        assert principal.subject == claims["sub"]


def is_right(claims: dict[str, object]) -> bool:
    """The rules once more, as plainly as they can be said."""
    times = [claims[name] for name in ("exp", "iat", "nbf") if name in claims]
    text = json.dumps(claims)
    return (
        "NaN" not in text
        and "Infinity" not in text
        and claims["iss"] == ISSUER
        and (claims["aud"] == ISSUER or is_list_with(claims["aud"], ISSUER))
        and isinstance(claims["sub"], str)
        and 1 <= len(claims["sub"]) <= 255
        and not any(is_control(character) for character in claims["sub"])
        and are_in_order(*times)
    )


def is_list_with(value: object, one: str) -> bool:
    return isinstance(value, list) and {type(each) for each in value} == {str} and one in value


def is_control(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000


def is_time(value: object) -> TypeGuard[float]:
    return type(value) in {int, float} and 0 <= cast("float", value) <= 2**53


def are_in_order(exp: object, iat: object, nbf: object = 0) -> bool:
    return (
        is_time(exp)
        and is_time(iat)
        and is_time(nbf)
        and iat - 30 <= NOW < exp + 30
        and nbf - 30 <= NOW
        and exp - iat <= 86_400
    )


@pytest.mark.parametrize("token", TOKENS)
def test_what_was_mutated_is_accepted(token: str) -> None:
    assert verify(token) == Principal(ALICE, NOW + 900, NOW, None, "Alice")
