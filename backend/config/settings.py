"""The one place where settings are read; it refuses to start on unsafe values."""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final, Self, get_args

from pydantic import (
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from backend.config.checks import complaints, doubts
from backend.config.environment import read_environment
from backend.config.fields import Fields
from backend.config.outgoing import is_loopback
from backend.config.refusals import UnusableSettings, further, sentences
from backend.config.urls import read_url
from backend.config.values import (
    LOOPBACK,
)
from backend.core.rates import Limit, parse_limits

_DEVELOPMENT_ISSUER: Final = "duly-development"
_NOTES: Final = "notes of the environment"  # no variable can be called so


class _Environment(PydanticBaseSettingsSource):
    """Environment variables and lines of `.env`, as `environment.py` reads them."""

    def __init__(self, settings: type[BaseSettings], env_file: Path | None) -> None:
        super().__init__(settings)
        self._env_file = env_file

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked for: `__call__` has them all."""
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        secrets = secret_names()
        found = read_environment(fields, secrets, os.environ, self._env_file)
        return {**found.values, _NOTES: found.notes}


class Settings(Fields):
    """Environment variables (or lines of `.env`), upper case; all have a default.

    Raises:
        ValidationError: when a value is unsafe, or can never work.
        UnusableSettings: when what is set cannot be read.
    """

    # pydantic-settings reads no file itself: `_Environment` does, unless `_env_file` is None.
    model_config = SettingsConfigDict(
        env_file=(), extra="ignore", frozen=True, hide_input_in_errors=True
    )

    _notes: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What code says, then what the environment says."""
        assert isinstance(dotenv_settings, DotEnvSettingsSource)  # noqa: S101 - of this library
        file = None if dotenv_settings.env_file is None else Path(".env")
        return init_settings, _Environment(settings_cls, file)

    @property
    def notes(self) -> list[str]:
        """Sentences about what is set and probably meant otherwise."""
        return [*self._notes, *doubts(self)]

    @property
    def development(self) -> bool:
        """Whether conveniences for development are on."""
        return self.environment == "development"

    @property
    def development_keys(self) -> bool:
        """Whether tokens come from `duly token` instead of a real Better Auth."""
        return self.development and not (
            self.better_auth_url or self.auth_jwks_url or self.auth_shared_secret
        )

    @property
    def prefixing_proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The proxies whose `X-Forwarded-Prefix` counts."""
        return self.trusted_proxies or (LOOPBACK if self.development else ())

    @property
    def rate_limits(self) -> tuple[Limit, ...]:
        """What each user may send; nothing: as much as they like."""
        return parse_limits(self.rate_limit)

    @property
    def issuer(self) -> str:
        """The `iss` that tokens must carry."""
        return self.auth_issuer or self._better_auth_origin or _DEVELOPMENT_ISSUER

    @property
    def audiences(self) -> frozenset[str]:
        """The `aud` values of which tokens must carry one."""
        return frozenset(self.auth_audience) or frozenset(
            {self._better_auth_origin or _DEVELOPMENT_ISSUER}
        )

    @property
    def jwks_url(self) -> str | None:
        """Where the issuer publishes its keys."""
        if self.auth_jwks_url or not self.better_auth_url:
            return self.auth_jwks_url
        # A path takes the place of Better Auth's own (its `getBaseURL`).
        path = read_url(self.better_auth_url).path or "/api/auth"
        return f"{self._better_auth_origin}{path}/jwks"

    @property
    def key_urls(self) -> list[str]:
        """Where the keys of all issuers are."""
        urls = [self.jwks_url, *(each.jwks_url for each in self.auth_issuers)]
        return [url for url in urls if url]

    def allows_plain_http(self, host: str) -> bool:
        """Whether keys may be read from that host without TLS."""
        return self.development or is_loopback(host) or host in self.auth_jwks_trusted_hosts

    @property
    def migration_url(self) -> SecretStr | None:
        """The database as migrations reach it."""
        return self.database_url_direct or self.database_url

    @property
    def migration_variable(self) -> str:
        """What names that."""
        return "DATABASE_URL_DIRECT" if self.database_url_direct else "DATABASE_URL"

    @property
    def _better_auth_origin(self) -> str | None:
        return read_url(self.better_auth_url).origin if self.better_auth_url else None

    @model_validator(mode="after")
    def _refuse_unsafe_values(self) -> Self:
        if found := complaints(self):
            raise UnusableSettings(*found)
        return self

    # The last one: what stands above it has been done when `read` returns.
    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, values: dict[str, Any], read: ModelWrapValidatorHandler[Self]) -> Self:
        notes = values.pop(_NOTES, ())
        try:
            settings = read(values)
        except ValidationError as error:
            raise UnusableSettings(*sentences(error), *further(error, values, read)) from None
        settings._notes = tuple(notes)  # noqa: SLF001 - its own
        return settings


def secret_names() -> frozenset[str]:
    """The settings that a file may hold which `NAME_FILE` names, in lower case."""
    fields = Settings.model_fields.items()
    return frozenset(name for name, each in fields if SecretStr in get_args(each.annotation))
