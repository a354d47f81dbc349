"""The one place where settings are read; it refuses to start on unsafe values."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.config.checks import complaints
from backend.config.values import (
    LOOPBACK,
    AdditionalIssuer,
    Algorithm,
    CommaSeparated,
    check_field_names,
    check_limits,
    check_prefix,
    read_json,
    read_most,
    read_networks,
    split,
)
from backend.core.rates import Limit, parse_limits

_DEVELOPMENT_ISSUER: Final = "duly-development"
_OWN_PORTS: Final = {"http": ":80", "https": ":443"}


class Settings(BaseSettings):
    """Environment variables (or lines of `.env`), upper case; all have a default."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    environment: Literal["development", "production"] = Field(
        default="development",
        description="`production` switches off everything made for development and insists on "
        "safe values.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL, as Neon gives it (a pooled URL is fine). "
        "Unset in development: an embedded PostgreSQL under `DATA_DIR`.",
    )
    database_url_direct: SecretStr | None = Field(
        default=None,
        description="The same database without a transaction pooler, for migrations. "
        "Default: `DATABASE_URL`.",
    )
    database_url_replica: SecretStr | None = Field(
        default=None,
        description="A streaming replica of it, which is asked for lists when it has all that the "
        "caller must see. Default: none.",
    )
    database_prepared_statements: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="`off` for a transaction pooler that does not track prepared statements "
        "(PgBouncer before 1.21). `auto` finds out.",
    )
    database_pool_size: PositiveInt = Field(
        default=4,
        le=64,
        description="Connections per worker for writes; reads have half as many, and so have slow "
        "reads and slow writes, when there are any. Each carries many requests at once, so few are "
        "enough; behind a transaction pooler only one at a time: set 16 or more there.",
    )
    better_auth_url: str | None = Field(
        default=None,
        description="The frontend's `BETTER_AUTH_URL`. Gives issuer, audience and key source "
        "unless the three settings below say otherwise.",
    )
    auth_issuer: str | None = Field(
        default=None,
        description="The `iss` of accepted tokens, to the letter. "
        "Default: the origin of `BETTER_AUTH_URL`.",
    )
    auth_audience: CommaSeparated = Field(
        default=(),
        description="Accepted `aud` values, separated by commas. "
        "Default: the origin of `BETTER_AUTH_URL`.",
    )
    auth_jwks_url: str | None = Field(
        default=None,
        description="Where the public keys are. Default: `/api/auth/jwks` at `BETTER_AUTH_URL`.",
    )
    auth_algorithms: Annotated[tuple[Algorithm, ...], NoDecode, BeforeValidator(split)] = Field(
        default=("EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "PS256"),
        min_length=1,
        description="Accepted signature algorithms, separated by commas.",
    )
    auth_leeway: int = Field(
        default=30,
        ge=0,
        le=300,
        description="Seconds by which the clocks of issuer and service may differ.",
    )
    auth_max_token_lifetime: PositiveInt = Field(
        default=86_400,
        description="Longest accepted time between `iat` and `exp`, in seconds.",
    )
    auth_shared_secret: SecretStr | None = Field(
        default=None,
        description="Verifies HS256 tokens with this secret (32 bytes or more) instead of a key "
        "source. Only for frontends that sign tokens themselves.",
    )
    auth_issuers: Annotated[tuple[AdditionalIssuer, ...], NoDecode, BeforeValidator(read_json)] = (
        Field(
            default=(),
            description="More issuers (preview deployments, a mobile app): a JSON list of objects "
            '`{"name", "issuer", "audience", "jwks_url"}`. Their users have the user id '
            "`name:subject`: never give a name to another issuer.",
        )
    )
    cors_origins: CommaSeparated = Field(
        default=(),
        description="Exact origins whose pages may call the API, separated by commas.",
    )
    cors_headers: Annotated[CommaSeparated, AfterValidator(check_field_names)] = Field(
        default=(),
        description="Names of further header fields that those pages may send, separated by "
        "commas; `*`: any. Those of the API, of monitoring in the browser (`traceparent`, "
        "`sentry-trace`, `x-datadog-…` and the like) and of HTTP clients may come anyway.",
    )
    rate_limit: Annotated[str, AfterValidator(check_limits)] = Field(
        default="600/minute",
        description="What each user may send; several limits are separated by `;`, as in "
        "`20/second;600/minute`, and `off` is none. A list with `count` counts as five requests. "
        "The workers of an instance count together, instances only with `REDIS_URL`.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="Count requests here (`redis://`, `rediss://`), so that instances share the "
        "limits. While it does not answer, each instance counts for itself.",
    )
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(read_networks)
    ] = Field(
        default=(),
        description="Addresses or networks of proxies, separated by commas, whose "
        "`X-Forwarded-For` (or `Forwarded`) says who the client is. Only then is there a limit of "
        "refused tokens for each address, 60 a minute: without it, all clients behind a proxy "
        "would share one. Only then does the log say where requests come from, and does "
        "`X-Forwarded-Prefix` count (in development, also if it comes from this machine).",
    )
    root_path: Annotated[str, AfterValidator(check_prefix)] = Field(
        default="",
        description="The path below which a proxy shows the service, such as `/duly` for "
        "`https://example.com/duly/api/tasks`: its links begin so. The proxy may take it off or "
        "leave it. `X-Forwarded-Prefix` of `TRUSTED_PROXIES` comes first.",
    )
    max_tasks_per_user: Annotated[PositiveInt | None, BeforeValidator(read_most)] = Field(
        default=100_000,
        description="How many tasks a user may have, those in the trash included; `off`: any "
        "number.",
    )
    docs_enabled: bool = Field(
        default=True, description="Whether `/docs` and `/openapi.json` are served."
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65_535,
        description="Serve `/metrics` on this port of `HOST` instead of `PORT`.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=1, le=65_535, description="Port to listen on.")
    workers: PositiveInt = Field(
        default=2, description="Worker processes; about one for each processor core."
    )
    drain_seconds: NonNegativeInt = Field(
        default=0,
        le=300,
        description="How long a worker that was told to stop goes on serving while `/readyz` says "
        "503, in seconds: what the load balancer takes to notice.",
    )
    max_connections: PositiveInt = Field(
        default=8_192,
        description="Connections of clients per worker, as far as the limit of open files allows. "
        "Over it the one that has been idle longest is closed, and a new one is answered 503 when "
        "none is idle.",
    )
    head_timeout: PositiveFloat = Field(
        default=5.0,
        le=60,
        description="Seconds that the request line and header fields may take to come.",
    )
    body_idle_timeout: PositiveFloat = Field(
        default=10.0, le=300, description="Seconds without a byte of a body that is coming."
    )
    body_timeout: PositiveFloat = Field(
        default=30.0, le=3_600, description="Seconds that a body may take to come in all."
    )
    idle_timeout: PositiveFloat = Field(
        default=75.0,
        le=3_600,
        description="Seconds that a connection is kept between two requests: longer than the "
        "proxy before it keeps its own (60 by default at most of them).",
    )
    write_timeout: PositiveFloat = Field(
        default=15.0,
        le=300,
        description="Seconds that a client may take no byte of its answer.",
    )
    data_dir: Path = Field(
        default=Path(".duly"),
        description="Where development keeps its database and signing key.",
    )

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
        return f"{self._better_auth_origin}/api/auth/jwks"

    @property
    def migration_url(self) -> SecretStr | None:
        """The database as migrations reach it."""
        return self.database_url_direct or self.database_url

    @property
    def _better_auth_origin(self) -> str | None:
        if not self.better_auth_url:
            return None
        parts = urlsplit(self.better_auth_url)
        # As `new URL(…).origin` has it: lower case, without the scheme's own port.
        host = parts.netloc.rpartition("@")[2].lower()
        return f"{parts.scheme}://{host.removesuffix(_OWN_PORTS.get(parts.scheme, ' '))}"

    @model_validator(mode="after")
    def _refuse_unsafe_values(self) -> Self:
        if found := complaints(self):
            raise ValueError("; ".join(found))
        return self
