"""Proxies and certificates of the environment: what counts for which host."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.config.outgoing import find_bad_certificates, way_to
from backend.security.keys.fetch import FetchFailed, HttpFetch

URL = "https://app.example.com/api/auth/jwks"
PROXY = "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    "environment",
    [
        {"HTTPS_PROXY": PROXY},
        {"https_proxy": PROXY, "HTTPS_PROXY": "http://other.example.com"},
        {"ALL_PROXY": PROXY},
        {"all_proxy": PROXY, "HTTP_PROXY": "http://other.example.com"},
        {"HTTPS_PROXY": "proxy.example.com:3128"},
        {"HTTPS_PROXY": f"{PROXY}/", "ALL_PROXY": "socks5://127.0.0.1:1080"},
        {"https_proxy": "", "HTTPS_PROXY": f" {PROXY}"},
    ],
    ids=str,
)
def test_a_proxy_is_found_as_curl_finds_it(environment: dict[str, str]) -> None:
    assert way_to(URL, environment).proxy == PROXY


@pytest.mark.parametrize("url", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:3000/"])
def test_this_machine_is_asked_without_a_proxy(url: str) -> None:
    assert way_to(url, {"ALL_PROXY": PROXY, "HTTP_PROXY": "socks5://x"}) == way_to(url, {})


EXEMPT = [
    ("app.example.com", "*"),
    ("app.example.com", "app.example.com"),
    ("app.example.com", "localhost, example.com"),
    ("app.example.com", ".example.com"),
    ("app.example.com", "*.example.com"),
    ("app.example.com", "APP.example.com:443"),
    ("app.example.com", "a b example.com"),
    ("10.1.2.3", "10.0.0.0/8"),
    ("10.1.2.3", "10.1.2.3"),
    ("[2001:db8::1]", "2001:db8::/32"),
    ("[2001:db8::1]", "2001:db8:0::1"),
    ("[2001:db8::1]", "[2001:db8::1]:443"),
]
NOT_EXEMPT = [
    ("app.example.com", "ample.com"),
    ("app.example.com", "app.example.com:8443"),
    ("app.example.com", "other.example.com,10.0.0.0/8,,.,:"),
    ("10.1.2.3", "11.0.0.0/8,1.2.3,2001:db8::/32"),
    ("[2001:db8::1]", "2001:db8::2,10.0.0.0/8"),
]


@pytest.mark.parametrize(("host", "listed"), EXEMPT)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_who_needs_no_proxy_is_listed_in_every_form(host: str, listed: str, variable: str) -> None:
    assert way_to(f"https://{host}/jwks", {"HTTPS_PROXY": PROXY, variable: listed}).proxy is None


@pytest.mark.parametrize(("host", "listed"), NOT_EXEMPT)
def test_who_is_not_listed_needs_the_proxy(host: str, listed: str) -> None:
    assert way_to(f"https://{host}/jwks", {"HTTPS_PROXY": PROXY, "NO_PROXY": listed}).proxy == PROXY


@pytest.mark.parametrize(
    "value",
    [
        *(
            "socks5://me:hidden@127.0.0.1:1080",
            "socks5h://127.0.0.1:1080",
            "socks://127.0.0.1:1080/",
        ),
        *(
            "socks4a://x:1",
            "ftp://x",
            "http://",
            "http://x:99999",
            "http://x:y",
            "direct://",
            "::1",
        ),
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_and_gone_round(value: str) -> None:
    way = way_to(URL, {"ALL_PROXY": value})
    assert way.proxy is None
    assert way.ignored.startswith("ALL_PROXY=")
    assert "so app.example.com is asked without one" in way.ignored
    assert "hidden" not in way.ignored


def test_the_password_of_a_proxy_is_used_and_not_shown() -> None:
    way = way_to(URL, {"HTTPS_PROXY": "http://me:hidden@proxy.example.com:3128"})
    assert way.proxy == "http://me:hidden@proxy.example.com:3128"
    assert way.shown == f"HTTPS_PROXY={PROXY}"


@pytest.mark.parametrize(
    ("listed", "asked"), [("", b"CONNECT app.example.com:443 HTTP/1.1"), ("localhost", None)]
)
def test_keys_are_fetched_through_the_proxy(
    listed: str, asked: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one of the environment, unless the host needs none."""
    with socket.create_server(("127.0.0.1", 0)) as proxy, ThreadPoolExecutor() as pool:
        proxy.settimeout(30)
        for name in ("https_proxy", "no_proxy", "NO_PROXY", "SSL_CERT_FILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", listed)
        seen = pool.submit(_first_line, proxy) if asked else None
        url = URL if asked else "https://localhost:1/jwks"
        with pytest.raises(FetchFailed, match="unreachable"):
            asyncio.run(HttpFetch(url)())
        assert (seen.result() if seen else None) == asked


def _first_line(proxy: socket.socket) -> bytes:
    client, _ = proxy.accept()
    with client:
        return client.recv(65_536).partition(b"\r\n")[0]


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_certificates_that_are_none_are_told_when_they_are_needed(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert find_bad_certificates(["http://127.0.0.1:3000/jwks"]) is None
    problem = find_bad_certificates([URL])
    assert problem
    assert problem.startswith(f"SSL_CERT_FILE={path} cannot be used (")
