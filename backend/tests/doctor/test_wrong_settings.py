"""Settings that work in no deployment, or in none that was meant: each is told with its mend."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.cli import app
from backend.config import Settings

PAGE = "https://app.example.com"
PRODUCTION = {"ENVIRONMENT": "production", "DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
SECRET = "a secret of thirty-two bytes or more"

# Where they stop everything, and where they only are told.
REFUSED = [
    ({"CORS_ORIGINS": f"{PAGE}/dashboard"}, f"CORS_ORIGINS takes origins, without {{}}: {PAGE}"),
    ({"CORS_ORIGINS": "app.example.com"}, f"CORS_ORIGINS must be a URL with its scheme: {PAGE}"),
    ({"CORS_ORIGINS": "https://*.example.com"}, "CORS_ORIGINS takes exact origins: list each"),
    ({"CORS_ORIGINS": "null"}, "CORS_ORIGINS takes no null"),
    (
        {"BETTER_AUTH_URL": "app.example.com"},
        f"BETTER_AUTH_URL must be a URL with its scheme: {PAGE}",
    ),
    ({"BETTER_AUTH_URL": "${FRONTEND_URL}"}, "BETTER_AUTH_URL is ${FRONTEND_URL}, which nothing"),
    ({"AUTH_ISSUER": f"{PAGE},https://b"}, "AUTH_ISSUER takes one issuer"),
    ({"AUTH_ISSUERS": "[{name: x}]"}, "AUTH_ISSUERS must be a JSON list"),
    ({"AUTH_ISSUERS": '[{"name": "x", "issuer": "i"}]'}, "AUTH_ISSUERS[0].jwks_url Field required"),
    ({"AUTH_ALGORITHMS": "HS256"}, "AUTH_ALGORITHMS are those of public keys"),
    ({"AUTH_SHARED_SECRET": f'"{SECRET}"'}, "AUTH_SHARED_SECRET begins and ends with a quote"),
    ({"AUTH_SHARED_SECRET_FILE": "/nowhere"}, "AUTH_SHARED_SECRET_FILE=/nowhere cannot be read"),
    ({"REDIS_URL": "cache:6379"}, "REDIS_URL must be a URL such as redis://"),
    (
        {"TRUSTED_PROXIES": "10.0.0.1/8"},
        "TRUSTED_PROXIES takes addresses or networks such as 10.0.0.0/8",
    ),
    ({"HOST": "0.0.0.0:80"}, "HOST takes an address alone: set HOST=0.0.0.0 and PORT=80"),
    ({"PORT": "8.000"}, "PORT must be a whole number"),
    ({"METRICS_PORT": "8000"}, "METRICS_PORT and PORT are both 8000"),
    ({"IDLE_TIMEOUT": "1,5"}, "IDLE_TIMEOUT must be a number of seconds"),
    ({"DOCS_ENABLED": "maybe"}, "DOCS_ENABLED must be true or false"),
    ({"ENVIRONMENT": "staging"}, "ENVIRONMENT must be 'development' or 'production'"),
    ({"MAX_TASKS_PER_USER": "100.000"}, "MAX_TASKS_PER_USER must be a whole number"),
    ({"DATABASE_URL": "", "DATABASE_URL_DIRECT": "postgresql://x"}, "set DATABASE_URL as well"),
    (
        {"DATABASE_URL_FILE": "/nowhere"},
        "DATABASE_URL and DATABASE_URL_FILE are both set: unset one",
    ),
]
TOLD = [
    ({"CORS_ORIGIN": PAGE}, "CORS_ORIGIN is no setting: did you mean CORS_ORIGINS?"),
    ({"CORS_ORIGINS": "http://app.example.com"}, "browsers mind the scheme and `www.`"),
    ({"CORS_ORIGINS": "https://www.app.example.com"}, "browsers mind the scheme and `www.`"),
    ({"AUTH_ISSUER": f"{PAGE}/"}, f"AUTH_ISSUER={PAGE}/ is compared to the letter"),
    (
        {"AUTH_AUDIENCE": "app.example.com"},
        "AUTH_AUDIENCE=app.example.com is compared to the letter",
    ),
    ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES=0.0.0.0/0 lets every client say"),
    ({"METRICS_PORT": "tcp://10.96.0.5:9090"}, "is a link that Kubernetes or Docker makes"),
    ({"ALL_PROXY": "socks5://127.0.0.1:1"}, "ALL_PROXY=socks5://127.0.0.1:1 is no HTTP proxy"),
    (
        {"ENVIRONMENT": "dev", "BETTER_AUTH_URL": "", "AUTH_JWKS_URL": "http://127.0.0.1:1/jwks"},
        "AUTH_JWKS_URL alone accepts nobody's tokens: set AUTH_ISSUER and AUTH_AUDIENCE",
    ),
]


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def doctor(variables: dict[str, str]) -> tuple[int, str]:
    sound = {**PRODUCTION, "BETTER_AUTH_URL": "http://127.0.0.1:1"}
    if "app.example.com" in str(variables) or "ALL_PROXY" in variables:
        sound["BETTER_AUTH_URL"] = PAGE
    told = CliRunner().invoke(app, ["doctor"], env={**sound, **variables})
    return told.exit_code, told.output


@pytest.mark.parametrize(("variables", "words"), REFUSED, ids=str)
def test_what_works_nowhere_is_refused(variables: dict[str, str], words: str) -> None:
    status, output = doctor(variables)
    assert status == 1
    assert output.startswith("The settings are not usable")
    assert words.replace("{}", "user, path and query") in output


@pytest.mark.parametrize(("variables", "words"), TOLD, ids=str)
def test_what_is_probably_meant_otherwise_is_told(variables: dict[str, str], words: str) -> None:
    _, output = doctor(variables)
    assert "Traceback" not in output
    [line] = [line for line in output.splitlines() if words in line]
    assert line.startswith("WARN settings: ")
    sound = Settings(_env_file=None, better_auth_url=PAGE, cors_origins=(PAGE,))
    assert sound.notes == []


def test_the_proxy_that_the_keys_come_through_is_said_without_its_password() -> None:
    _, output = doctor({"HTTPS_PROXY": "http://me:hidden@127.0.0.1:1", "BETTER_AUTH_URL": PAGE})
    asked = f"{PAGE}/api/auth/jwks is asked through HTTPS_PROXY=http://127.0.0.1:1"
    assert f"ok   proxy: {asked}" in output
    assert "hidden" not in output


def test_who_may_call_is_said() -> None:
    _, output = doctor({"CORS_ORIGINS": f"HTTPS://App.example.com:443/, {PAGE}:8443"})
    assert f"ok   settings: production, tokens of {PAGE}" in output
    assert f"ok   pages: those of {PAGE}, {PAGE}:8443 may call" in output
