"""The settings: what follows from them, and what they refuse to start with."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from backend.config import Settings

SECRET = "a secret of 32 bytes, no more..."
DATABASE = SecretStr("postgresql://duly:letmein@db.example.com/duly")
SAFE: dict[str, Any] = {
    "environment": "production",
    "database_url": DATABASE,
    "better_auth_url": "https://app.example.com",
}


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_nothing_need_be_set_for_development() -> None:
    development = settings()
    assert development.development
    assert development.development_keys
    assert development.issuer == "duly-development"
    assert development.audiences == {"duly-development"}


@pytest.mark.parametrize(
    "url",
    [
        *("https://app.example.com", "https://app.example.com/", "HTTPS://APP.example.com"),
        "https://app.example.com/api/auth",
    ],
)
def test_the_url_of_better_auth_gives_the_rest(url: str) -> None:
    derived = settings(better_auth_url=url)
    assert derived.issuer == "https://app.example.com"
    assert derived.audiences == {"https://app.example.com"}
    assert derived.jwks_url == "https://app.example.com/api/auth/jwks"
    assert not derived.development_keys


def test_each_of_them_can_be_said_otherwise() -> None:
    other = settings(
        better_auth_url="https://app.example.com",
        auth_issuer="other",
        auth_audience="a, b,",
        auth_jwks_url="https://keys.example.com/set",
    )
    assert other.issuer == "other"
    assert other.audiences == {"a", "b"}
    assert other.jwks_url == "https://keys.example.com/set"


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example.com, https://b.example.com")
    monkeypatch.setenv("AUTH_ALGORITHMS", "EdDSA,ES256")
    read = settings()
    assert read.cors_origins == ("https://a.example.com", "https://b.example.com")
    assert read.auth_algorithms == ("EdDSA", "ES256")


def test_migrations_go_round_the_pooler() -> None:
    alone = settings(database_url=DATABASE)
    assert alone.migration_url == alone.database_url
    direct = SecretStr("postgresql://direct")
    both = settings(database_url=DATABASE, database_url_direct=direct)
    assert both.migration_url == both.database_url_direct != both.database_url


def test_safe_production_values_are_accepted() -> None:
    assert not settings(**SAFE).development
    by_secret = {"better_auth_url": None, "auth_shared_secret": SECRET}
    named = {"auth_issuer": "a", "auth_audience": "b"}
    assert not settings(**{**SAFE, **by_secret, **named}).development_keys


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("no database", {"database_url": None}, "set DATABASE_URL"),
    ("an empty database", {"database_url": ""}, "set DATABASE_URL"),
    ("no issuer", {"better_auth_url": None}, "set BETTER_AUTH_URL"),
    (
        "keys without an issuer",
        {"better_auth_url": None, "auth_jwks_url": "https://keys.example.com"},
        "set AUTH_ISSUER and AUTH_AUDIENCE",
    ),
    (
        "a secret without an issuer",
        {"better_auth_url": None, "auth_shared_secret": SECRET},
        "set AUTH_ISSUER and AUTH_AUDIENCE",
    ),
    (
        "a short secret",
        {"better_auth_url": None, "auth_shared_secret": SECRET[:-1], "auth_issuer": "a"},
        "AUTH_SHARED_SECRET needs at least 32 bytes",
    ),
    (
        "a secret that is one letter",
        {"better_auth_url": None, "auth_shared_secret": "s" * 32, "auth_issuer": "a"},
        "AUTH_SHARED_SECRET can be guessed",
    ),
    ("a secret beside keys", {"auth_shared_secret": SECRET}, "AUTH_SHARED_SECRET excludes"),
    ("any origin", {"cors_origins": "*"}, "CORS_ORIGINS takes exact origins"),
    ("any origin among others", {"cors_origins": "https://a.example.com,*"}, "exact origins"),
    ("plain http", {"better_auth_url": "http://app.example.com"}, "must use https"),
    ("keys by plain http", {"auth_jwks_url": "http://keys.example.com"}, "must use https"),
    ("no url", {"better_auth_url": "app.example.com"}, "BETTER_AUTH_URL must be a URL"),
    ("another scheme", {"auth_jwks_url": "file:///etc/passwd"}, "AUTH_JWKS_URL must be a URL"),
    ("no algorithm", {"auth_algorithms": ""}, "AUTH_ALGORITHMS"),
    ("algorithm none", {"auth_algorithms": "none"}, "AUTH_ALGORITHMS"),
    ("HS256 beside keys", {"auth_algorithms": "EdDSA,HS256"}, "AUTH_ALGORITHMS"),
    ("a negative leeway", {"auth_leeway": -1}, "AUTH_LEEWAY"),
    ("an hour of leeway", {"auth_leeway": 3_600}, "AUTH_LEEWAY"),
    ("another kind of limit", {"rate_limit": "many"}, "or limits such as"),
    ("no limit at all", {"rate_limit": "0/minute"}, "or limits such as"),
    ("two limits of a minute", {"rate_limit": "1/minute;2/minute"}, "each for another time"),
    ("no Redis", {"redis_url": "http://cache.example.com"}, "REDIS_URL must be a URL"),
    ("no host of Redis", {"redis_url": "redis:///0"}, "REDIS_URL must be a URL"),
    ("no port of Redis", {"redis_url": "redis://cache:99999"}, "REDIS_URL must be a URL"),
    ("no database of Redis", {"redis_url": "redis://cache/tasks"}, "REDIS_URL must be a URL"),
    ("no address", {"trusted_proxies": "10.0.0.0/8,proxy"}, "takes addresses or networks"),
    ("half a network", {"trusted_proxies": "10.0.0.1/8"}, "takes addresses or networks"),
    ("no tasks", {"max_tasks_per_user": "0"}, "MAX_TASKS_PER_USER"),
    ("no connections", {"database_pool_size": 0}, "DATABASE_POOL_SIZE"),
    ("no workers", {"workers": 0}, "WORKERS"),
    ("a port too high", {"port": 65_536}, "PORT"),
    ("an environment of its own", {"environment": "staging"}, "ENVIRONMENT"),
]


@pytest.mark.parametrize(
    ("values", "words"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_unsafe_values_are_refused_with_what_to_do(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**{**SAFE, **values})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_on_loopback_plain_http_will_do(host: str) -> None:
    assert settings(better_auth_url=f"http://{host}:3000").issuer == f"http://{host}:3000"


def test_any_origin_is_refused_in_development_too() -> None:
    with pytest.raises(ValidationError, match="exact origins"):
        settings(cors_origins="*")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(environment="production", cors_origins="*")
    for words in ("DATABASE_URL", "BETTER_AUTH_URL", "CORS_ORIGINS"):
        assert words in str(refusal.value)


@pytest.mark.parametrize("text", ["off", "OFF"])
def test_the_number_of_tasks_may_be_without_a_limit(text: str) -> None:
    assert settings(max_tasks_per_user=text).max_tasks_per_user is None
    assert settings(max_tasks_per_user="7").max_tasks_per_user == 7


@pytest.mark.parametrize(
    "url", ["redis://cache", "rediss://u:p%2F@cache.example.com:6380/1", "redis://[::1]:6379/"]
)
def test_redis_is_named_by_a_url(url: str) -> None:
    shown = settings(redis_url=url)
    assert shown.redis_url is not None
    assert url not in repr(shown)


def test_secrets_are_not_shown() -> None:
    shown = settings(
        database_url=DATABASE, auth_shared_secret=SECRET, auth_issuer="a", auth_audience="b"
    )
    assert "letmein" not in repr(shown)
    assert SECRET not in repr(shown)
