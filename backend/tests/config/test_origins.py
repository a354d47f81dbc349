"""Origins and URLs, as people write them and as browsers send them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backend.config import Settings

PAGE = "https://app.example.com"


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        *((each, PAGE) for each in (f"{PAGE}/", f"{PAGE}//", f"[{PAGE}]", f'["{PAGE}"]')),
        *((each, PAGE) for each in (f"['{PAGE}/']", f'"{PAGE}",', f"{PAGE};{PAGE}/")),
        *((each, PAGE) for each in ("HTTPS://App.Example.com", f"{PAGE}:443", f"{PAGE}:0443")),
        *(
            (each, PAGE)
            for each in (f"{PAGE}:", "https:/app.example.com", r"https:\\app.example.com")
        ),
        ("http://app.example.com:80", "http://app.example.com"),
        ("https://app.example.com:80", "https://app.example.com:80"),
        ("http://localhost:03000/", "http://localhost:3000"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://XN--BCHER-KVA.example", "https://xn--bcher-kva.example"),
        ("https://пример.испытание", "https://xn--e1afmkfd.xn--80akhbyknj4f"),
        ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
        ("http://[2001:DB8::0:1]", "http://[2001:db8::1]"),
        ("http://127.1:3000", "http://127.0.0.1:3000"),
        ("http://0x7f000001", "http://127.0.0.1"),
        ("https://my_app.example.com", "https://my_app.example.com"),
        ("https://app.example.com.", "https://app.example.com."),
        ("capacitor://localhost", "capacitor://localhost"),
        ("Tauri://localhost", "tauri://localhost"),
        ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ("app://-", "app://-"),
    ],
)
def test_an_origin_is_what_a_browser_sends(written: str, sent: str) -> None:
    assert settings(cors_origins=written).cors_origins == (sent,)


@pytest.mark.parametrize("between", [",", ", ", " ", "\n", ";", ",\r\n", " , "])
def test_origins_are_separated_in_many_ways(between: str) -> None:
    both = ("https://a.example.com", "https://b.example.com")
    assert settings(cors_origins=between.join(both)).cors_origins == both
    assert settings(cors_origins=between.join(f'"{each}"' for each in both)).cors_origins == both


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("*", "takes exact origins such as https://app.example.com, not *"),
        (f"{PAGE},*", "takes exact origins such as https://app.example.com, not *"),
        ("https://*.example.com", "takes exact origins: list each page's"),
        ("null", "takes no null"),
        ("app.example.com", "with its scheme: https://app.example.com, not app.example.com"),
        ("app.example.com:8443/x/", "with its scheme: https://app.example.com:8443/x, not"),
        ("//app.example.com", "with its scheme: https://app.example.com, not"),
        ("https//app.example.com", "with its scheme: https://app.example.com, not"),
        ("localhost:3000", "with its scheme: http://localhost:3000, not"),
        ("127.0.0.1", "with its scheme: http://127.0.0.1, not"),
        ("nonsense at all", "with its scheme"),
        *((each, f"such as {PAGE}, not {each}") for each in ("all", "true", "3000")),
        (f"{PAGE}/dashboard", f"takes origins, without user, path and query: {PAGE}"),
        (f"{PAGE}/?x=1", f"takes origins, without user, path and query: {PAGE}"),
        (f"{PAGE}#x", f"takes origins, without user, path and query: {PAGE}"),
        ("https://user:hidden@app.example.com", f"without user, path and query: {PAGE}"),
        ("htps://app.example.com", "takes origins of https or http, not htps://app.example.com"),
        ("file:///home/me/index.html", "must be a URL with a host"),
        ("file://x", "takes origins of https or http"),
        ("wss://app.example.com", "takes origins of https or http, not wss://app.example.com"),
        ("https://app.example.com:99999", "has a port over 65535"),
        ("https://app.example.com:x", "has no valid host and port"),
        ("https://::1:3000", "has no valid host and port (IPv6 addresses stand in brackets)"),
        ("https://[::g]", "must be a URL with a host"),
        ("https://", "must be a URL with a host"),
        ("https://app..example.com", "must be a URL with a host"),
        ("https://app example.com", "with its scheme"),
        ("https://app%2Eexample.com", "must be a URL with a host"),
        ("https://256.1.1.1", "must be a URL with a host"),
        ("https://${HOST}", "must be a URL with a host"),
    ],
)
def test_an_origin_that_no_page_has_is_refused_with_the_right_one(written: str, words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(cors_origins=written)
    told = refusal.value.errors()[0]["msg"]
    assert words in told
    assert "hidden" not in told


BASES = [
    (PAGE, f"{PAGE}/api/auth/jwks"),
    (f"{PAGE}/", f"{PAGE}/api/auth/jwks"),
    (f"{PAGE}/auth", f"{PAGE}/auth/jwks"),
    (f"{PAGE}/custom/auth/", f"{PAGE}/custom/auth/jwks"),
    (f"{PAGE}/api/auth", f"{PAGE}/api/auth/jwks"),
    ("HTTPS://APP.example.com:443/Auth", f"{PAGE}/Auth/jwks"),
    ("https:app.example.com", f"{PAGE}/api/auth/jwks"),
]


@pytest.mark.parametrize(("base", "keys"), BASES)
def test_a_path_moves_the_keys_and_neither_issuer_nor_audience(base: str, keys: str) -> None:
    derived = settings(better_auth_url=base)
    assert derived.jwks_url == keys
    assert derived.issuer == PAGE
    assert derived.audiences == {PAGE}


@pytest.mark.parametrize("name", ["better_auth_url", "auth_jwks_url"])
@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("app.example.com", "with its scheme: https://app.example.com"),
        ("localhost:3000", "with its scheme: http://localhost:3000"),
        ("ftp://app.example.com", "must be a URL of https or http"),
        ("https://<your-app>", "must be a URL with a host"),
        ("https://a.example.com, https://b.example.com", "must be a URL|takes one URL"),
    ],
)
def test_a_url_that_is_none_is_refused_with_the_right_one(
    name: str, written: str, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**{name: written})


@pytest.mark.parametrize("more", ["?x=1", "#x"])
def test_what_better_auth_would_not_understand_is_refused(more: str) -> None:
    with pytest.raises(ValidationError, match="takes no user, query and fragment"):
        settings(better_auth_url=f"{PAGE}/auth{more}")


def test_the_path_of_better_auth_is_not_in_its_issuer() -> None:
    [note] = settings(better_auth_url=f"{PAGE}/auth", auth_issuer=f"{PAGE}/auth").notes
    assert note.endswith(f"have {PAGE}")


@pytest.mark.parametrize("name", ["auth_issuer", "auth_audience"])
@pytest.mark.parametrize("written", ["*", "https://*.example.com"])
def test_what_is_compared_to_the_letter_has_no_wildcard(name: str, written: str) -> None:
    with pytest.raises(ValidationError, match=r"is compared to the letter, so .* fits no token"):
        settings(**{name: written})


def test_the_url_of_the_keys_is_not_the_frontends() -> None:
    url = f"{PAGE}/api/auth/jwks"
    with pytest.raises(ValidationError, match=f"that of its keys is AUTH_JWKS_URL={url}"):
        settings(better_auth_url=url)


@pytest.mark.parametrize(
    "written", [f"{PAGE},https://b.example.com", f"{PAGE} https://b", f'["{PAGE}"]']
)
def test_one_issuer_is_not_several(written: str) -> None:
    with pytest.raises(ValidationError, match="AUTH_ISSUERS takes more"):
        settings(auth_issuer=written)
    entry = {"name": "x", "issuer": written, "audience": "a", "jwks_url": f"{PAGE}/jwks"}
    with pytest.raises(ValidationError, match="AUTH_ISSUERS takes more"):
        settings(auth_issuers=[entry])


@pytest.mark.parametrize(
    "written",
    [
        *(f"{PAGE}/", "https://APP.example.com", f"{PAGE}:443", "app.example.com"),
        *(f"{PAGE}/api/auth", f"{PAGE}/api/auth/"),
    ],
)
def test_an_issuer_that_better_auth_writes_otherwise_is_told(written: str) -> None:
    for told in (
        settings(better_auth_url=PAGE, auth_issuer=written),
        settings(better_auth_url=PAGE, auth_audience=written),
        settings(
            auth_issuers=[
                {"name": "x", "issuer": written, "audience": "a", "jwks_url": f"{PAGE}/jwks"}
            ]
        ),
    ):
        [note] = told.notes
        assert f"={written} is compared to the letter" in note
        assert note.endswith(f"have {PAGE}")


@pytest.mark.parametrize("written", [PAGE, "duly", "urn:duly", f"{PAGE}/realms/x/", "my issuer's"])
def test_an_audience_of_its_own_is_nothing_to_tell(written: str) -> None:
    assert settings(better_auth_url=PAGE, auth_audience=(written,)).notes == []


def test_one_object_is_a_list_of_one_issuer() -> None:
    entry = '{"name": "x", "issuer": "i", "audience": "a", "jwks_url": "HTTPS://k.example.com/j"}'
    [read] = settings(auth_issuers=entry).auth_issuers
    assert (read.name, read.jwks_url) == ("x", "https://k.example.com/j")
