"""What the doctor says about key sources."""

import json

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.doctor.finding import Finding
from backend.doctor.keys import examine_keys
from backend.security.jose import encode_segment
from backend.security.signing import Issuer
from backend.tests.doctor.conftest import Changed, complaint
from backend.tests.support.key_server import KeyServer


def find(settings: Settings) -> list[Finding]:
    return list(examine_keys(settings))


def test_a_sound_source_is_told_with_its_algorithms(changed: Changed, source: KeyServer) -> None:
    keys, clock = find(changed())
    assert (keys.verdict, clock.verdict) == ("ok", "ok")
    assert keys.detail == f"1 usable at {source.url} (Ed25519, EdDSA)"


@pytest.mark.parametrize(
    ("mode", "cause", "remedy"),
    [
        ("missing", "answers 404", "`basePath` or `jwksPath` move the URL, then set AUTH_JWKS_URL"),
        ("garbage", "answers a web page", "`basePath` or `jwksPath`"),
        ("array", "answers not a key set", "Better Auth needs the `jwt()` plugin in auth.ts"),
        ("empty", "answers not a key set", "Better Auth needs the `jwt()` plugin in auth.ts"),
        ("redirect", "redirects (302) to", "Set AUTH_JWKS_URL to where the keys are"),
        ("down", "answers 503", "Open the URL in a browser"),
        ("limited", "answers 429: too many requests", "`rateLimit`"),
        ("drop", "cannot be reached", "Is the frontend up"),
        ("huge", "answers more than 65536 bytes", "Open the URL in a browser"),
        ("compressed", "answers compressed", "Accept-Encoding"),
    ],
)
def test_a_sick_source_is_named_with_its_cure(
    changed: Changed, source: KeyServer, mode: str, cause: str, remedy: str
) -> None:
    source.mode = mode
    found = complaint(find(changed()))
    assert (found.check, found.verdict) == ("keys", "fail")
    assert found.detail.startswith(f"{source.url} {cause}")
    assert remedy in found.remedy


def test_a_source_without_keys_only_waits_for_the_first_sign_in(
    changed: Changed, source: KeyServer
) -> None:
    source.mode = "keyless"
    found = complaint(find(changed()))
    assert found.verdict == "warn"
    assert "publishes no key yet" in found.detail
    assert "sign in once" in found.remedy


def test_a_source_where_nobody_listens_is_named_with_the_reason(changed: Changed) -> None:
    found = complaint(find(changed(auth_jwks_url="http://127.0.0.1:1/api/auth/jwks")))
    assert found.verdict == "fail"
    assert "http://127.0.0.1:1/api/auth/jwks cannot be reached: nobody listens" in found.detail
    assert "AUTH_JWKS_TRUSTED_HOSTS=frontend" in found.remedy


def test_a_key_set_that_shows_its_private_parts_is_of_no_use(
    changed: Changed, source: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = json.dumps({"keys": [Issuer.generate().private_jwk]}).encode()
    monkeypatch.setattr(KeyServer, "document", published)
    found = complaint(find(changed()))
    assert found.verdict == "fail"
    assert f"no key at {source.url} can be used" in found.detail
    assert "without private parts" in found.detail


def test_a_weak_key_among_sound_ones_is_named(
    changed: Changed, source: KeyServer, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = {**issuer.jwk, "kid": "everybodys", "x": encode_segment(bytes(32))}
    published = json.dumps({"keys": [weak, issuer.jwk]}).encode()
    monkeypatch.setattr(KeyServer, "document", published)
    warning, usable, _ = find(changed())
    assert (warning.check, warning.verdict) == ("keys", "warn")
    assert f"1 weak at {source.url}, not used: everybodys (weak_small_order)" in warning.detail
    assert "Anybody could sign" in warning.remedy
    assert usable.detail.startswith("1 usable")


def test_keys_of_an_algorithm_that_the_settings_refuse_are_named(changed: Changed) -> None:
    found = complaint(find(changed(auth_algorithms=("ES256",))))
    assert "are for Ed25519, EdDSA; AUTH_ALGORITHMS accepts ES256" in found.detail
    assert "AUTH_ALGORITHMS" in found.remedy


@pytest.mark.parametrize(("ahead", "says"), [(120, "behind"), (-120, "ahead of")])
def test_a_clock_that_differs_from_the_sources_is_told(
    changed: Changed, source: KeyServer, ahead: float, says: str
) -> None:
    source.ahead = ahead
    found = complaint(find(changed()))
    assert (found.check, found.verdict) == ("clock", "fail")
    assert f"s {says} the key source" in found.detail
    assert "NTP" in found.remedy


def test_a_difference_within_the_leeway_is_fine(changed: Changed, source: KeyServer) -> None:
    source.ahead = 20
    assert [finding.verdict for finding in find(changed(auth_leeway=30))] == ["ok", "ok"]


def test_every_issuer_is_checked_on_its_own(
    changed: Changed, source: KeyServer, issuer: Issuer
) -> None:
    with KeyServer(issuer) as preview:
        preview.mode = "missing"
        more = {
            "name": "preview",
            "issuer": "https://preview.example.com",
            "audience": "duly",
            "jwks_url": preview.url,
        }
        keys, clock, found, its_clock = find(changed(auth_issuers=[more]))
    assert (keys.detail, clock.check) == (f"1 usable at {source.url} (Ed25519, EdDSA)", "clock")
    assert (found.check, found.verdict) == ("keys of preview", "fail")
    assert found.detail == f"{preview.url} answers 404"
    assert 'set "jwks_url" of "preview" in AUTH_ISSUERS' in found.remedy
    assert its_clock.check == "clock of preview"


def test_a_shared_secret_and_the_development_key_need_no_source() -> None:
    shared = Settings(
        _env_file=None, auth_shared_secret=SecretStr("a secret of thirty-two bytes or more")
    )
    assert [finding.verdict for finding in find(shared)] == ["ok"]
    assert [finding.verdict for finding in find(Settings(_env_file=None))] == ["ok"]
