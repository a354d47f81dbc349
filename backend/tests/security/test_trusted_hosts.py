"""Keys by plain http: from anywhere in development, in production from hosts that are named."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from backend.config import Settings
from backend.security.keys.fetch import FetchFailed, HttpFetch
from backend.security.signing import Issuer
from backend.tests.support.key_server import KeyServer

INSIDE = "127.0.0.2"  # this machine, but nobody takes it for loopback
PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "database_url": SecretStr("postgresql://db/duly"),
    "better_auth_url": "https://app.example.com",
}
# How a host is called in a URL, and how people write that into a list.
WRITTEN = [
    ("frontend", "frontend"),
    ("frontend", " Frontend , other,"),
    ("FRONTEND", "frontend"),
    ("frontend", "frontend."),
    ("frontend", "frontend:3000"),
    ("frontend", "http://frontend:3000/api/auth/jwks"),
    ("my_app.web-1", "my_app.web-1"),
    ("frontend.shop.svc.cluster.local", "frontend.shop.svc.cluster.local"),
    ("host.docker.internal", "other,host.docker.internal"),
    ("app.localhost", "app.localhost"),
    ("10.0.0.5", "10.0.0.5"),
    ("[fd00::5]", "fd00::5"),
    ("[fd00::5]", "[FD00:0:0::5]"),
    ("[fd00::5]", "[fd00::5]:3000"),
]


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


async def get(url: str) -> bytes:
    source = HttpFetch(url, plain=True)
    try:
        return await source()
    finally:
        await source.aclose()


@pytest.mark.parametrize(("host", "listed"), WRITTEN)
def test_production_reads_keys_from_a_host_that_is_named(host: str, listed: str) -> None:
    url = f"http://{host}:3000/api/auth/jwks"
    trusting = settings(**PRODUCTION, auth_jwks_url=url, auth_jwks_trusted_hosts=listed)
    HttpFetch.of(trusting, url)
    with pytest.raises(ValidationError, match="set AUTH_JWKS_TRUSTED_HOSTS=") as refusal:
        settings(**PRODUCTION, auth_jwks_url=url)
    assert f"AUTH_JWKS_TRUSTED_HOSTS={host.strip('[]').lower()}" in str(refusal.value)


@pytest.mark.parametrize(("host", "listed"), WRITTEN)
def test_development_reads_keys_from_any_host(host: str, listed: str) -> None:
    url = f"http://{host}:3000"
    for values in ({"better_auth_url": url}, {"auth_jwks_url": f"{url}/jwks"}):
        assert settings(**values, auth_jwks_trusted_hosts=listed).jwks_url
        HttpFetch.of(settings(**values), f"{url}/jwks")


@pytest.mark.parametrize("other", ["frontend.evil.example", "xfrontend", "evil.example", "front"])
def test_a_host_that_is_nearly_named_is_not(other: str) -> None:
    with pytest.raises(ValidationError, match="must use https"):
        settings(
            **PRODUCTION,
            auth_jwks_url=f"http://{other}/jwks",
            auth_jwks_trusted_hosts="frontend",
        )


@pytest.mark.parametrize(
    "listed", ["*", "*.svc.cluster.local", ".internal", "10.0.0.0/8", "a b", "é", "-"]
)
def test_what_names_no_single_host_is_refused(listed: str) -> None:
    with pytest.raises(ValidationError, match="single hosts"):
        settings(auth_jwks_trusted_hosts=listed)


def test_every_issuer_may_be_inside() -> None:
    issuers = [
        {"name": "p", "issuer": "p", "audience": "p", "jwks_url": "http://preview:3000/jwks"}
    ]
    with pytest.raises(ValidationError, match="jwks_url of p in AUTH_ISSUERS must use https"):
        settings(**PRODUCTION, auth_issuers=issuers)
    assert settings(**PRODUCTION, auth_issuers=issuers, auth_jwks_trusted_hosts="preview")


def test_no_proxy_is_asked_for_keys_by_plain_http(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer would be its own word, and hosts inside are not known to it."""
    with KeyServer(issuer, host=INSIDE) as keys, KeyServer(Issuer.generate()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert asyncio.run(get(keys.url)) == keys.document
        assert proxy.requests == 0


def test_without_being_told_it_refuses() -> None:
    with pytest.raises(ValueError, match="https"):
        HttpFetch(f"http://{INSIDE}/jwks")


def test_the_word_of_the_network_is_kept_for_the_log() -> None:
    with pytest.raises(FetchFailed) as failure:
        asyncio.run(get("http://no-such-host.invalid/jwks"))
    assert failure.value.reason == "unreachable"
    assert failure.value.cause
