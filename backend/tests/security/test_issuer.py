"""The development issuer: one key for all processes, tokens as Better Auth makes them."""

import asyncio
import json
import multiprocessing
import stat
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.security.keys.remote import RemoteKeySet, key_source
from backend.security.keys.sources import SharedSecretKey, StaticKeySet
from backend.security.signing import Issuer, development_issuer
from backend.security.tokens.verifier import TokenVerifier


def parts(token: str) -> list[dict[str, object]]:
    return [json.loads(urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def test_tokens_and_keys_have_better_auths_shape() -> None:
    issuer = Issuer.generate()
    header, claims = parts(issuer.token("u", issuer="i", audience="a", now=1000))
    assert header == {"alg": "EdDSA", "kid": issuer.kid}
    assert str(header["kid"]).isalnum()
    assert len(str(header["kid"])) == 32
    assert set(claims) == {
        *("iat", "exp", "iss", "aud", "sub", "id", "name", "email", "emailVerified", "image"),
        *("createdAt", "updatedAt"),
    }
    assert (claims["iat"], claims["exp"]) == (1000, 1900)
    assert set(issuer.jwk) == {"alg", "crv", "x", "kty", "kid"}


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "ES512", "RS256"])
def test_no_private_part_is_published(algorithm: str) -> None:
    issuer = Issuer.generate(algorithm)
    assert not {"d", "p", "q", "dp", "dq", "qi"} & set(issuer.jwk)


def test_the_key_is_kept_in_a_file_of_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "new" / "signing-key.json"
    first, second = Issuer.load_or_create(path), Issuer.load_or_create(path)
    assert first.private_jwk == second.private_jwk
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name], "no drafts are left"


def _kid(path: Path) -> str | None:
    return Issuer.load_or_create(path).kid


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        kids = pool.map(_kid, [tmp_path / "signing-key.json"] * 16, chunksize=1)
    assert len(set(kids)) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"alg":"EdDSA","kid":"1"}', "\0"])
def test_a_broken_file_is_named_and_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "signing-key.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"signing-key\.json is not a signing key"):
        Issuer.load_or_create(path)
    assert path.read_text() == text


def test_development_verifies_its_own_tokens(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    token = development_issuer(settings).token(
        "alice", issuer=settings.issuer, audience=next(iter(settings.audiences))
    )
    verifier = TokenVerifier(settings, key_source(settings))
    assert asyncio.run(verifier.verify(token)).subject == "alice"


@pytest.mark.parametrize(
    "settings",
    [
        Settings(better_auth_url="https://app.example.com"),
        Settings(auth_shared_secret=SecretStr("a secret of thirty-two bytes or more")),
    ],
    ids=["better-auth", "secret"],
)
def test_there_is_no_development_issuer_beside_a_real_one(settings: Settings) -> None:
    with pytest.raises(ValueError, match="no real issuer"):
        development_issuer(settings)


def test_the_settings_choose_the_source(tmp_path: Path) -> None:
    async def kinds() -> list[type]:
        sources = [
            key_source(Settings(data_dir=tmp_path)),
            key_source(
                Settings(auth_shared_secret=SecretStr("a secret of thirty-two bytes or more"))
            ),
            key_source(Settings(better_auth_url="https://app.example.com")),
        ]
        for source in sources:
            await source.aclose()
        return [type(source) for source in sources]

    assert asyncio.run(kinds()) == [StaticKeySet, SharedSecretKey, RemoteKeySet]
