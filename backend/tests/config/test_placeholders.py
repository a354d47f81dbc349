"""What nothing has filled in is refused; what only looks like it is a secret like any other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.config import Settings, UnusableSettings

Written = Callable[..., Settings]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Written:
    """The settings of these environment variables, and no others."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def read(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Settings()

    return read


SECRETS = [
    *("$kJ8sQ2mVx7RtY4wZb9NcLp5DfGh3XaE1uTo", "$" + "correcthorsebatterystaplecorrecthorse"),
    *("$9f8e7d6c5b4a39281706f5e4d3c2b1a0ff", "%kJ8sQ2mVx7RtY4wZb9NcLp5DfGh3XaE1uTo%"),
    *("<kJ8sQ2mVx7RtY4wZb9NcLp5DfGh3XaE1>", "${kJ8sQ2mVx7RtY4wZb9NcLp5DfGh3XaE1uTo}"),
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_may_begin_and_end_with_any_character(secret: str, written: Written) -> None:
    read = written(AUTH_SHARED_SECRET=secret, AUTH_ISSUER="a", AUTH_AUDIENCE="b")
    assert read.auth_shared_secret is not None
    assert read.auth_shared_secret.get_secret_value() == secret


@pytest.mark.parametrize(
    "left",
    [
        *("$AUTH_SHARED_SECRET", "${AUTH_SHARED_SECRET}", "${AUTH_SECRET:-}", "$authSecret"),
        *("${{ secrets.AUTH_SHARED_SECRET }}", "$(AUTH_SHARED_SECRET)", "<your secret>"),
        *("${PRODUCTION_FRONTEND_SHARED_AUTHENTICATION_SECRET}", "%AUTH_SHARED_SECRET%"),
    ],
)
def test_a_variable_that_was_not_replaced_is_no_secret(left: str, written: Written) -> None:
    with pytest.raises(UnusableSettings, match="AUTH_SHARED_SECRET is a secret in the form of a"):
        written(AUTH_SHARED_SECRET=left)


PARTS = [
    *(
        "postgresql://u:${DB_PASSWORD}@db/duly",
        "postgresql://<user>:<password>@db.example.com/duly",
    ),
    *("postgresql://postgres:[YOUR-PASSWORD]@db.x.supabase.co:5432/postgres",),
    *("postgresql://u:hush@$DB_HOST/duly", "postgresql://u:hush@db.$DOMAIN:5432/duly"),
    *("postgresql://u:{{ password }}@db/duly", "postgres://u:hush@db:${PORT:-5432}/d"),
    *("postgresql://db/duly?user=<user>", "postgresql://u:hush@${{ secrets.HOST }}/d"),
]


@pytest.mark.parametrize("url", PARTS)
def test_a_part_of_a_url_that_was_not_replaced_is_told_and_the_rest_not_shown(
    url: str, written: Written
) -> None:
    with pytest.raises(UnusableSettings) as refusal:
        written(DATABASE_URL=url)
    assert str(refusal.value).startswith("DATABASE_URL has a placeholder in it, which nothing")
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("BETTER_AUTH_URL", "https://${DOMAIN}"),
        ("BETTER_AUTH_URL", "https://app.$DOMAIN/api/auth"),
        ("AUTH_JWKS_URL", "https://app.example.com/${PATH}/jwks"),
        ("CORS_ORIGINS", "https://a.example.com,https://${DOMAIN}"),
        ("REDIS_URL", "redis://:${REDIS_PASSWORD}@cache:6379"),
    ],
)
def test_every_url_is_looked_at(name: str, url: str, written: Written) -> None:
    with pytest.raises(UnusableSettings, match=f"{name} has a placeholder in it"):
        written(**{name: url})


@pytest.mark.parametrize(
    "url",
    [
        *(
            "postgresql://u:$ecret@db/duly",
            "postgresql://u:pa$WORD@db/duly",
            "postgresql://u:<x1@db/d",
        ),
        *(
            "postgresql://u:$ECRET@db/duly",
            "postgresql://u:p%41%42@db/duly",
            "postgresql://[::1]/d",
        ),
        *("postgresql://u:a$B.c@db/duly", "postgresql://[fe80::abcd]:5432/d"),
    ],
)
def test_what_can_be_meant_in_a_url_is_taken(url: str, written: Written) -> None:
    assert written(DATABASE_URL=url).database_url is not None


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "<postgresql://u:hush@db/duly>"),
        ("BETTER_AUTH_URL", "<https://app.example.com>"),
        ("REDIS_URL", "<redis://:hush@cache:6379>"),
    ],
)
def test_a_url_in_angle_brackets_is_told_to_lose_them(
    name: str, url: str, written: Written
) -> None:
    with pytest.raises(UnusableSettings) as refusal:
        written(**{name: url})
    assert str(refusal.value) == f"{name} stands in `<` and `>`: take them away"
