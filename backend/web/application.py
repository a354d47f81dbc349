"""FastAPI with layers and routing of our own."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Never

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan, Scope

from backend.core.tracing import is_traced
from backend.web import openapi
from backend.web.hints import Hints
from backend.web.route import StrictRouter
from backend.web.routing import Dispatch, Routed, RouteTable
from backend.web.terms import Terms


class Duly(FastAPI):
    """FastAPI with Duly's own layers and routing in place of the framework's.

    `ProblemsMiddleware` answers every exception, and `StrictRoute` opens nothing that would need
    closing, so the framework's error and exit-stack layers would only cost time.

    Args:
        routers: Whose routes are served.
        layers: Round every route, outermost first.
        elsewhere: The terms of what is no `StrictRoute`, by prefix; see `RouteTable`.
        caller: The dependency by which a route requires a user.
        prefix: What comes before the paths where the client of a request sees them.
        lifespan: As FastAPI has it.
        documented: Whether to serve the OpenAPI document.
        pages: For people; they are no part of the document.
        about: What the document says of itself: title, version, summary, description.
    """

    def __init__(  # noqa: PLR0913 - each is a keyword, and given once
        self,
        *,
        routers: Sequence[StrictRouter],
        layers: Sequence[Middleware],
        elsewhere: Mapping[str, Terms],
        caller: Callable[..., object],
        prefix: Callable[[Scope], str] | None,
        lifespan: Lifespan[Any],
        documented: bool,
        pages: Sequence[Route] = (),
        **about: str,
    ) -> None:
        # FastAPI asks for every request whether OpenTelemetry is configured; once will do. Its logs
        # have the messages of exceptions, and so content.
        traced = is_traced()
        super().__init__(
            middleware=layers,
            lifespan=lifespan,
            redirect_slashes=False,
            telemetry={
                "tracing": traced,
                "metrics": traced,
                "logs": False,
                "auto_configure": False,  # `observability/tracing.py` does
            },
            docs_url=None,  # its page loads programs from elsewhere
            redoc_url=None,
            openapi_url="/openapi.json" if documented else None,
            title=about["title"],
            version=about["version"],
            summary=about["summary"],
            description=about["description"],
        )
        self._elsewhere = dict(elsewhere)
        self._caller = caller
        self._prefix = prefix
        # Set, they would be ignored: so they cannot be set.
        self.dependency_overrides = MappingProxyType({})  # type: ignore[assignment]
        self.exception_handlers = MappingProxyType({})  # type: ignore[assignment]
        # Not `include_router`, which wraps every route anew.
        self.router.routes += [route for router in routers for route in router.routes]
        self.router.routes += pages

    def mount(  # type: ignore[override]  # without terms it would have those of nowhere
        self, path: str, app: ASGIApp, name: str | None = None, *, terms: Terms
    ) -> None:
        """Serve another protocol under a prefix, on terms of its own.

        It gets paths and methods as the client sent them, and finds the caller on the scope.

        Args:
            path: The prefix, without a slash at its end.
            app: The protocol.
            name: For `url_path_for`.
            terms: Those of every path below the prefix.
        """
        self._elsewhere[f"{path}/"] = terms
        super().mount(path, app, name)

    def frontend(self, path: str, **_: Any) -> Never:
        """Not served here.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{path}: mount files, with terms.")

    def on_event(self, event_type: str) -> Never:
        """Not called here.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{event_type}: what lives as long as the process is in `resources.py`.")

    def include_router(self, router: APIRouter, **_: Any) -> Never:
        """Not served here.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{router.prefix or router}: give the router to `Duly(routers=…)`.")

    def build_middleware_stack(self) -> ASGIApp:
        """The routes inside `user_middleware`, and nothing else.

        Raises:
            TypeError: for routes that would not be served as they are declared.
        """
        table = RouteTable(self.router.routes, self._elsewhere)
        app: ASGIApp = Dispatch(self.router, Hints(table.paths))
        for layer in reversed(self.user_middleware):
            app = layer.cls(app, *layer.args, **layer.kwargs)
        return Routed(app, table, self._prefix)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            openapi.complete(super().openapi(), self.routes, self._caller)
        return super().openapi()
