"""Puts the application together; no logic of its own."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from backend.config import Settings
from backend.core.tracing import is_traced
from backend.dependencies.auth import current_user
from backend.middleware.bearer import BearerMiddleware
from backend.middleware.canonical import CanonicalMiddleware
from backend.middleware.cors import Cors
from backend.middleware.deadline import DeadlineMiddleware
from backend.middleware.headers import HeadersMiddleware
from backend.middleware.limits import LimitsMiddleware
from backend.middleware.own_path import OwnPathMiddleware
from backend.middleware.prefix import Prefix
from backend.middleware.problems import ProblemsMiddleware
from backend.middleware.rates import RatesMiddleware
from backend.middleware.telemetry import TelemetryMiddleware
from backend.middleware.tracing import TracingMiddleware
from backend.observability.logs import configure_logs
from backend.observability.tracing import Tracing
from backend.pages import documentation, welcome
from backend.rates.addresses import Proxies
from backend.resources import Resources
from backend.routes import (
    auth,
    batch,
    changes,
    events,
    history,
    lists,
    me,
    operations,
    problems,
    stats,
    sync,
    tags,
    tasks,
)
from backend.web.application import Duly
from backend.web.route import StrictRouter
from backend.web.terms import PUBLIC, Terms

# What is no route of ours: the pages, and paths that nobody knows.
_ELSEWHERE = {"/": PUBLIC, "/api/": Terms()}
_ABOUT = {
    "title": "Duly",
    "version": "0.1.0",
    "summary": "The task backend for apps whose users sign in with Better Auth.",
    "description": """
Every path that holds a user's things, `/api/tasks`, `/api/lists`, `/api/tags`, `/api/stats`,
`/api/changes`, `/api/events`, `/api/history`, `/api/sync` and `/api/trash` with all below them,
also answers under the user's id: `/api/{user_id}/tasks` and so on. The `user_id` is the caller's
own, the `subject` of `GET /api/auth/me`, percent-encoded (twice, if it is `.` or `..`, which no URL
carries); any other is 403 `wrong_user`. `Location`
and `Link` keep the form that the client used. Both are the same resource; only the
shorter form is listed here.
""".strip(),
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application.

    Args:
        settings: Default: from the environment. `database_url` must be set; `duly serve` sets it
            to the embedded server's in development.
    """
    settings = settings or Settings()
    configure_logs()
    tracing = Tracing()
    tracing.begin()
    resources = Resources.of(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with resources.opened():
            settle_garbage_collector()
            yield
        tracing.end()

    app = Duly(
        **_ABOUT,
        lifespan=lifespan,
        routers=_routers(settings),
        layers=_layers(settings, resources),
        elsewhere=_ELSEWHERE,
        caller=current_user,
        prefix=_prefix(settings),
        documented=settings.docs_enabled,
        pages=[*documentation.routes(settings), *welcome.routes(settings)],
    )
    app.state.resources = resources
    return app


def settle_garbage_collector() -> None:
    """Keep collections short: leave out what start-up made and keeps, which is nearly all of it."""
    gc.freeze()


def _prefix(settings: Settings) -> Prefix | None:
    """What the service's own links begin with; None when nobody says so."""
    proxies = Proxies(settings.prefixing_proxies)
    return Prefix(settings.root_path, proxies) if settings.root_path or proxies else None


def _layers(settings: Settings, resources: Resources) -> list[Middleware]:
    """The layers, outermost first."""
    cors = Cors(settings.cors_origins, settings.cors_headers)
    proxies = Proxies(settings.trusted_proxies)
    rates = [Middleware(RatesMiddleware, limiter=resources.limiter)] if resources.limiter else []
    tracing = [Middleware(TracingMiddleware)] if is_traced() else []
    return [
        Middleware(TelemetryMiddleware, request_log=resources.request_log, proxies=proxies),
        *tracing,
        Middleware(ProblemsMiddleware, events=resources.security_events, proxies=proxies),
        Middleware(HeadersMiddleware, https_only=not settings.development, cors=cors),
        Middleware(CanonicalMiddleware),
        Middleware(LimitsMiddleware),
        Middleware(
            DeadlineMiddleware,
            body_idle=settings.body_idle_timeout,
            body_total=settings.body_timeout,
        ),
        Middleware(
            BearerMiddleware,
            verifier=resources.verifier,
            limiter=resources.refusal_limiter,
            proxies=proxies,
        ),
        *rates,
        Middleware(OwnPathMiddleware, issuers=[each.name for each in settings.auth_issuers]),
    ]


def _routers(settings: Settings) -> list[StrictRouter]:
    own_port = [] if settings.metrics_port else [operations.metrics_router]
    return [
        tasks.router,
        batch.router,
        history.router,
        lists.router,
        tags.router,
        stats.router,
        changes.router,
        sync.router,
        auth.router,
        me.router,
        events.router,
        problems.router,
        operations.router,
        *own_port,
    ]
