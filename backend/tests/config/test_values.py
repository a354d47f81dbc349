"""Numbers, words and lists, as people write them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backend.config import Settings


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


READ: list[tuple[str, str, object]] = [
    ("port", "08001", 8001),
    ("max_connections", "8_000", 8000),
    ("max_connections", "+8000", 8000),
    ("max_tasks_per_user", "1_000_000", 1_000_000),
    *(("max_tasks_per_user", each, None) for each in ("off", "OFF", "none", "unlimited", "No")),
    *(("idle_timeout", each, 90) for each in ("90", "90s", "90 s", "90.0", "1.5min", "90 seconds")),
    *(("idle_timeout", each, 3_600) for each in ("1h", "60m", "60 Minutes")),
    ("head_timeout", "500ms", 0.5),
    ("drain_seconds", "15s", 15),
    ("auth_leeway", "1min", 60),
    ("auth_max_token_lifetime", "7d", 604_800),
    *(("docs_enabled", each, True) for each in ("true", "YES", "on", "1", "y", "Enabled")),
    *(("docs_enabled", each, False) for each in ("False", "no", "OFF", "0", "n", "disabled")),
    *(("environment", each, "development") for each in ("dev", "Development")),
    *(("database_prepared_statements", each, "off") for each in ("OFF", "false", "no", "0")),
    *(("database_prepared_statements", each, "on") for each in ("True", "yes", "1")),
    *(("auth_algorithms", each, ("EdDSA", "ES256")) for each in ("eddsa,es256", "EdDSA ES256")),
    ("auth_algorithms", '["EdDSA", "ES256"]', ("EdDSA", "ES256")),
    *(("auth_audience", each, ("a", "b")) for each in ("a,b", '["a", "b"]', "'a','b'", "[a, b]")),
    ("auth_audience", '["a, b"]', ("a, b")),
    *(("auth_audience", f"https://a{each}https://b", ("https://a", "https://b")) for each in " ;"),
    ("host", "[::]", "::"),
    ("host", "localhost", "localhost"),
    ("host", "fe80::1%eth0", "fe80::1%eth0"),
]


@pytest.mark.parametrize(("name", "written", "value"), READ, ids=str)
def test_what_can_mean_one_thing_only_is_read_so(name: str, written: str, value: object) -> None:
    expected = (value,) if name == "auth_audience" and isinstance(value, str) else value
    assert getattr(settings(**{name: written}), name) == expected


WHOLE = "must be a whole number such as 8000"
SECONDS = "must be a number of seconds, or one with a unit"
REFUSED: list[tuple[str, str, str]] = [
    *(("port", each, WHOLE) for each in ("8000.0", "8.000", "8,000", "0x1F40", "8000/tcp", "http")),
    *(("max_tasks_per_user", each, WHOLE) for each in ("100.000", "100,000", "100k", "1e5")),
    *(("workers", each, WHOLE) for each in ("auto", "2.5", "1__0", "٢")),
    *(("idle_timeout", each, SECONDS) for each in ("1,5", "1w", "forever", "inf", "nan", "1h30m")),
    ("auth_leeway", "0.5s", "integer"),
    ("drain_seconds", "1d", "less than or equal to 300"),
    ("docs_enabled", "perhaps", "must be true or false"),
    ("environment", "staging", "'development' or 'production'"),
    ("auth_algorithms", "HS256", "HS256 comes with AUTH_SHARED_SECRET"),
    ("auth_algorithms", "Ed448", "'EdDSA'"),
    ("rate_limit", "10/ms", "limits such as `600/minute`"),
    ("rate_limit", "600", "limits such as `600/minute`"),
    ("host", "*", "0.0.0.0 is all of IPv4"),
    ("host", "http://0.0.0.0:8001/", "set HOST=0.0.0.0 and PORT=8001"),
    ("host", "0.0.0.0:8001", "set HOST=0.0.0.0 and PORT=8001"),
    ("host", "[::1]:8001", "set HOST=::1 and PORT=8001"),
    ("host", "http://localhost", "set HOST=localhost"),
    ("trusted_proxies", "10.0.0.1/8", "such as 10.0.0.0/8, not 10.0.0.1/8"),
    ("trusted_proxies", "localhost", "such as 127.0.0.1, ::1, not localhost"),
    *(("trusted_proxies", each, "takes addresses") for each in ("*", "nginx", "10.0.0.*", "true")),
    ("redis_url", "cache:6379", "REDIS_URL must be a URL such as redis://"),
    ("redis_url", "cache", "REDIS_URL must be a URL such as redis://"),
    ("redis_url", "unix:///run/redis.sock", "REDIS_URL must be a URL such as redis://"),
    ("redis_url", "https://eu1-x.upstash.io", "not the one of its web interface"),
    ("redis_url", "redis://u:hidden@cache?family=0", "not known here: take out family"),
    ("redis_url", "redis-cli -u redis://u:hidden@cache", "REDIS_URL must be a URL"),
]


@pytest.mark.parametrize(("name", "written", "words"), REFUSED, ids=str)
def test_what_can_mean_several_things_or_none_is_refused(
    name: str, written: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(**{name: written})
    told = refusal.value.errors()[0]["msg"]
    assert words in told
    assert "hidden" not in told


@pytest.mark.parametrize(
    "written",
    [
        *("10.0.0.0/8,::1", "10.0.0.0/8 [::1]", '["10.0.0.0/8", "::1"]', "[10.0.0.0/8,::1]"),
        *("10.0.0.0/255.0.0.0;::1/128", "10.0.0.0/8,\n::1,"),
    ],
)
def test_proxies_are_listed_in_many_ways(written: str) -> None:
    assert list(map(str, settings(trusted_proxies=written).trusted_proxies)) == [
        "10.0.0.0/8",
        "::1/128",
    ]


@pytest.mark.parametrize(
    "written",
    ["20/s;600/min", "20 per second, 600/m", "20/SECOND;600 / 1 minute", "20/sec;36000/h"],
)
def test_the_units_of_a_rate_may_be_short(written: str) -> None:
    first, second = settings(rate_limit=written).rate_limits
    assert (first, second[0] * 60 / second[1]) == ((20, 1), 600)


@pytest.mark.parametrize("written", ["off", "None", "unlimited", "false", "no"])
def test_no_rate_has_many_words(written: str) -> None:
    assert settings(rate_limit=written).rate_limits == ()


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings(data_dir="~/duly").data_dir == tmp_path / "duly"
    with pytest.raises(ValidationError, match="this user has no home: write the whole path"):
        settings(data_dir="~nobody-of-that-name/duly")
