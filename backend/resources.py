"""What one process holds open: made with the application, opened and closed with it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self

from pydantic import SecretStr

from backend.config import Settings
from backend.core.tracing import is_traced
from backend.database.connection.pool import PoolOptions
from backend.database.connection.pools import Pools
from backend.database.replica import Replica
from backend.database.tracing import TracedPools
from backend.observability import states
from backend.observability.readiness import Readiness
from backend.observability.requests import RequestLog
from backend.observability.sampling import Sampler
from backend.observability.security_events import SecurityEvents
from backend.rates.limiter import Limiter
from backend.security.keys.remote import key_sources
from backend.security.keys.sources import KeySources
from backend.security.tokens.verifier import TokenVerifier
from backend.services.eraser import Eraser
from backend.services.hub import Hub, HubOptions
from backend.services.tidier import Keeping, Tidier
from backend.services.users import KnownUsers

_PREPARE: Final = {"auto": None, "on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Resources:
    """All of it; `app.state.resources`, which `dependencies/resources.py` gives to routes.

    Attributes:
        pools: The connections to the database.
        replica: A replica beside it; None: there is none.
        keys: The keys of all issuers.
        verifier: From a token to the caller.
        known_users: Whom the database knows already.
        eraser: Erases what is too large for one request.
        tidier: Purges what has been in the trash for long.
        hub: Tells the streams of events what has changed.
        readiness: Whether requests can be served.
        sampler: The states of all this as metrics.
        request_log: The log of requests.
        security_events: What looks like an attack.
        limiter: The limits of users; None: there are none.
        refusal_limiter: The limit of refused tokens by address; None: there is none.
        most_tasks: How many each user may have; None: any number.
    """

    pools: Pools
    replica: Replica | None
    keys: KeySources
    verifier: TokenVerifier
    known_users: KnownUsers
    eraser: Eraser
    tidier: Tidier
    hub: Hub
    readiness: Readiness
    sampler: Sampler
    request_log: RequestLog
    security_events: SecurityEvents
    limiter: Limiter | None
    refusal_limiter: Limiter | None
    most_tasks: int | None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those that the settings describe, not open yet.

        Raises:
            ValueError: without a database.
        """
        pools = _pools(settings, settings.database_url)
        url = settings.database_url_replica
        replica = Replica(_pools(settings, url), pools) if url else None
        keys = key_sources(settings)
        verifier = TokenVerifier(settings, keys.main, keys.others)
        hub = Hub(pools, HubOptions.of(settings))
        return cls(
            pools=pools,
            replica=replica,
            keys=keys,
            verifier=verifier,
            known_users=KnownUsers(),
            eraser=Eraser(pools),
            tidier=Tidier(pools, Keeping(settings.trash_days, settings.history_days)),
            hub=hub,
            readiness=Readiness(pools, keys, replica),
            sampler=Sampler(
                *(states.build(), states.key_sets(keys)),
                *(states.tokens(verifier), states.database(pools, replica)),
                states.streams(hub),
            ),
            request_log=RequestLog(),
            security_events=SecurityEvents(),
            limiter=Limiter.of_users(settings),
            refusal_limiter=Limiter.of_addresses(settings),
            most_tasks=settings.max_tasks_per_user,
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open for as long as the context lasts.

        What came up is closed again even when the rest does not come up.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self.request_log.flush)
            for limiter in (self.limiter, self.refusal_limiter):
                if limiter is not None:
                    stack.push_async_callback(limiter.close)
            stack.push_async_callback(self.keys.aclose)
            await self.keys.start()
            stack.push_async_callback(self.pools.close)
            await self.pools.start()
            if self.replica is not None:
                stack.push_async_callback(self.replica.close)
                self.replica.stand_by()
            await stack.enter_async_context(self.sampler.kept())
            await stack.enter_async_context(self.eraser.kept())
            await stack.enter_async_context(self.tidier.kept())
            await stack.enter_async_context(self.hub.kept())
            yield


def _pools(settings: Settings, url: SecretStr | None) -> Pools:
    if url is None:
        raise ValueError("DATABASE_URL is not set: start with `duly serve`, or set it")
    options = PoolOptions(
        size=settings.database_pool_size,
        prepare=_PREPARE[settings.database_prepared_statements],
    )
    kind = TracedPools if is_traced() else Pools
    return kind(url.get_secret_value(), options)
