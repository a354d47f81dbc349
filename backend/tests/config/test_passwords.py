"""A password in a setting that takes none is refused, and shown nowhere."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from backend.config import Settings
from backend.config.outgoing import way_to

PREVIEW = {"name": "preview", "issuer": "p", "audience": "p"}
USER = "https://user:hush@app.example.com"
# What is no valid URL, whose passwords nobody has encoded.
ODD = [
    *("https://user:hu/sh@app.example.com", "https://user:hush@hush@app.example.com"),
    *("https:\\\\user:hush@app.example.com:x", "user:hush@app.example.com", "ftp://u:hush@h"),
    *("https://user:hush?@app.example.com", "https://user:hush#hush@app example.com"),
]


def refused(**values: Any) -> str:
    with pytest.raises(ValidationError) as refusal:
        Settings(_env_file=None, **values)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("auth_jwks_url", f"{USER}/jwks", "and write https://app.example.com/jwks"),
        ("auth_jwks_url", "https://hush@app.example.com/jwks", "keys are public: let their path"),
        (
            "auth_issuers",
            json.dumps([{**PREVIEW, "jwks_url": f"{USER}/jwks"}]),
            "AUTH_ISSUERS[0].jwks_url takes no user and password",
        ),
        (
            "auth_issuers",
            json.dumps([{**PREVIEW, "issuer": USER, "jwks_url": "https://a/jwks"}]),
            "AUTH_ISSUERS[0].issuer takes no user",
        ),
        ("better_auth_url", USER, "takes no user, query and fragment: https://app.example.com"),
        ("auth_issuer", USER, "AUTH_ISSUER takes no user and password"),
        ("auth_audience", f"x,{USER}", "AUTH_AUDIENCE takes no user and password"),
        ("cors_origins", USER, "without user, path and query: https://app.example.com"),
    ],
)
def test_it_is_refused_with_what_to_do(name: str, value: str, words: str) -> None:
    told = refused(**{name: value})
    assert words in told
    assert "hush" not in told


@pytest.mark.parametrize("name", ["better_auth_url", "auth_jwks_url", "cors_origins"])
@pytest.mark.parametrize("url", ODD)
def test_no_refusal_of_a_url_shows_it(name: str, url: str) -> None:
    assert "hush" not in refused(**{name: url})


@pytest.mark.parametrize("password", ["hush", "hu/sh", "hush@hush"])
def test_that_of_a_proxy_is_not_shown_whatever_is_in_it(password: str) -> None:
    variables = {"HTTPS_PROXY": f"socks5://me:{password}@proxy.example.com"}
    told = way_to("https://app.example.com", variables).ignored
    assert "HTTPS_PROXY=socks5://proxy.example.com is no HTTP proxy" in told
