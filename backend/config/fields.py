"""All settings, each with its default; `settings.py` says what they mean together."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
)
from pydantic_settings import BaseSettings, NoDecode

from backend.config.database_urls import read_database
from backend.config.scalars import (
    ENVIRONMENT,
    ON_OFF,
    SECONDS,
    SWITCH,
    WHOLE,
    read_folder,
    read_most,
)
from backend.config.values import (
    AdditionalIssuer,
    Algorithm,
    Audiences,
    CommaSeparated,
    Origins,
    TrustedHosts,
    check_field_names,
    check_limits,
    check_prefix,
    read_algorithms,
    read_base_url,
    read_host,
    read_issuer,
    read_json,
    read_key_url,
    read_networks,
)

_Database = Annotated[SecretStr | None, AfterValidator(read_database)]


class Fields(BaseSettings):
    """Environment variables (or lines of `.env`), upper case; all have a default."""

    environment: Annotated[Literal["development", "production"], ENVIRONMENT] = Field(
        default="development",
        description="`production` switches off everything made for development and insists on "
        "safe values.",
    )
    database_url: _Database = Field(
        default=None,
        description="PostgreSQL, as Neon gives it (a pooled URL is fine), or anything else that "
        "libpq reads: several hosts, sockets, `service=…`, `host=… dbname=…`. Parameters of other "
        "programs, such as Prisma's `pgbouncer`, are left out with a warning. "
        "Unset in development: an embedded PostgreSQL under `DATA_DIR`.",
    )
    database_url_direct: _Database = Field(
        default=None,
        description="The same database without a transaction pooler, for migrations. "
        "Default: `DATABASE_URL`.",
    )
    database_url_replica: _Database = Field(
        default=None,
        description="A streaming replica of it, which is asked for lists when it has all that the "
        "caller must see. Default: none.",
    )
    database_prepared_statements: Annotated[Literal["auto", "on", "off"], ON_OFF] = Field(
        default="auto",
        description="`off` for a transaction pooler that does not track prepared statements "
        "(PgBouncer before 1.21). `auto` finds out.",
    )
    database_pool_size: Annotated[PositiveInt, WHOLE] = Field(
        default=4,
        le=64,
        description="Connections per worker for writes; reads have half as many, and so have slow "
        "reads and slow writes, when there are any. Each carries many requests at once, so few are "
        "enough; behind a transaction pooler only one at a time: set 16 or more there.",
    )
    better_auth_url: Annotated[str, AfterValidator(read_base_url)] | None = Field(
        default=None,
        description="The frontend's `BETTER_AUTH_URL`, with its path if it has one. Gives issuer, "
        "audience and key source unless the three settings below say otherwise.",
    )
    auth_issuer: Annotated[str, AfterValidator(read_issuer)] | None = Field(
        default=None,
        description="The `iss` of accepted tokens, to the letter. "
        "Default: the origin of `BETTER_AUTH_URL`.",
    )
    auth_audience: Audiences = Field(
        default=(),
        description="Accepted `aud` values, separated by commas. "
        "Default: the origin of `BETTER_AUTH_URL`.",
    )
    auth_jwks_url: Annotated[str, AfterValidator(read_key_url)] | None = Field(
        default=None,
        description="Where the public keys are. Default: `/api/auth/jwks` at `BETTER_AUTH_URL`, or "
        "`/jwks` below its path, which moves Better Auth's `/api/auth`.",
    )
    auth_jwks_trusted_hosts: TrustedHosts = Field(
        default=(),
        description="Hosts in your own network, separated by commas (`frontend` of Compose), whose "
        "keys production may read by plain http, as development does from any: whoever can answer "
        "in their place can sign for everybody.",
    )
    auth_algorithms: Annotated[
        tuple[Algorithm, ...], NoDecode, BeforeValidator(read_algorithms)
    ] = Field(
        default=("EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "PS256"),
        min_length=1,
        description="Accepted signature algorithms, separated by commas.",
    )
    auth_leeway: Annotated[int, SECONDS] = Field(
        default=30,
        ge=0,
        le=300,
        description="Seconds by which the clocks of issuer and service may differ.",
    )
    auth_max_token_lifetime: Annotated[PositiveInt, SECONDS] = Field(
        default=86_400,
        description="Longest accepted time between `iat` and `exp`, in seconds; 604800: a week.",
    )
    auth_shared_secret: SecretStr | None = Field(
        default=None,
        description="Verifies HS256 tokens with this secret (32 bytes or more) instead of a key "
        "source. Only for frontends that sign tokens themselves.",
    )
    auth_lenient_claims: bool = Field(
        default=False,
        description="With `AUTH_SHARED_SECRET` only, for frontends that cannot change: `iss`, "
        "`aud` may be absent, and the subject stand in `sub`, `user_id`, `userId` or `id`, also as "
        "a number. Then every token that this secret signs, whatever for, opens somebody's tasks.",
    )
    auth_issuers: Annotated[tuple[AdditionalIssuer, ...], NoDecode, BeforeValidator(read_json)] = (
        Field(
            default=(),
            description="More issuers (preview deployments, a mobile app): a JSON list of objects "
            '`{"name", "issuer", "audience", "jwks_url"}`. Their users have the user id '
            "`name:subject`: never give a name to another issuer.",
        )
    )
    cors_origins: Origins = Field(
        default=(),
        description="Exact origins whose pages may call the API, separated by commas; `duly "
        "doctor` says which.",
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
    trash_days: Annotated[PositiveInt | None, BeforeValidator(read_most)] = Field(
        default=30,
        le=36_500,
        description="Days after which what is in the trash is deleted for good, by the service "
        "itself or `duly tidy`; `off`: it stays.",
    )
    history_days: Annotated[PositiveInt | None, BeforeValidator(read_most)] = Field(
        default=90,
        le=36_500,
        description="Days for which it is known what became of tasks, lists and settings: how far "
        "back one can look, undo and synchronise from; `off`: for ever.",
    )
    docs_enabled: Annotated[bool, SWITCH] = Field(
        default=True, description="Whether `/docs` and `/openapi.json` are served."
    )
    metrics_port: Annotated[int | None, WHOLE] = Field(
        default=None,
        ge=1,
        le=65_535,
        description="Serve `/metrics` on this port of `HOST` instead of `PORT`.",
    )
    host: Annotated[str, AfterValidator(read_host)] = Field(
        default="127.0.0.1",
        description="Address to listen on, or a name: then on all of its addresses here. `0.0.0.0` "
        "is every address of IPv4, `::` of both.",
    )
    port: Annotated[int, WHOLE] = Field(
        default=8000, ge=1, le=65_535, description="Port to listen on."
    )
    workers: Annotated[PositiveInt, WHOLE] = Field(
        default=2,
        le=256,
        description="Worker processes, 256 at most; about one for each processor core.",
    )
    drain_seconds: Annotated[NonNegativeInt, SECONDS] = Field(
        default=0,
        le=300,
        description="How long a worker that was told to stop goes on serving while `/readyz` says "
        "503, in seconds: what the load balancer takes to notice.",
    )
    max_connections: Annotated[PositiveInt, WHOLE] = Field(
        default=8_192,
        description="Connections of clients per worker, as far as the limit of open files allows. "
        "Over it the one that has been idle longest is closed, and a new one is answered 503 when "
        "none is idle.",
    )
    head_timeout: Annotated[PositiveFloat, SECONDS] = Field(
        default=5.0,
        le=60,
        description="Seconds that the request line and header fields may take to come.",
    )
    body_idle_timeout: Annotated[PositiveFloat, SECONDS] = Field(
        default=10.0, le=300, description="Seconds without a byte of a body that is coming."
    )
    body_timeout: Annotated[PositiveFloat, SECONDS] = Field(
        default=30.0, le=3_600, description="Seconds that a body may take to come in all."
    )
    max_event_streams: Annotated[PositiveInt, WHOLE] = Field(
        default=2_000,
        description="Streams of `GET /api/events` per worker; more are answered 503. Each is a "
        "connection, and counts for `MAX_CONNECTIONS` as well.",
    )
    event_heartbeat: Annotated[PositiveFloat, SECONDS] = Field(
        default=15.0,
        le=300,
        description="Seconds after which a stream that has nothing to tell sends a comment: less "
        "than what proxies wait.",
    )
    idle_timeout: Annotated[PositiveFloat, SECONDS] = Field(
        default=75.0,
        le=3_600,
        description="Seconds that a connection is kept between two requests: longer than the "
        "proxy before it keeps its own (60 by default at most of them).",
    )
    write_timeout: Annotated[PositiveFloat, SECONDS] = Field(
        default=15.0,
        le=300,
        description="Seconds that a client may take no byte of its answer.",
    )
    data_dir: Annotated[Path, AfterValidator(read_folder)] = Field(
        default=Path(".duly"),
        description="Where development keeps its database and signing key.",
    )
