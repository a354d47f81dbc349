"""Which route a request is for: looked up once, before any layer acts.

Every layer finds the answer on the scope: `found`, `route`, `path_params`, and `alias` when the
path names a user. FastAPI's router tries the regular expression of each route in turn; here a path
without parameters is one look into a dict, and the others are sorted by their number of segments.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from fastapi.telemetry._api import _route_selected
from starlette._utils import get_route_path
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import MethodNotAllowed, NotFound
from backend.web.route import StrictRoute
from backend.web.terms import Terms

OWNED_PREFIX = "/api"
OWNER = "/{user_id}"


class Found(NamedTuple):
    """What the routes have for a path and a method.

    Attributes:
        route: None when no route has both.
        label: The template of the path for logs and metrics; `unknown` when no route has it.
        terms: On which the request is served, or refused.
        allowed: The methods of the path, when the route is missing.
    """

    route: BaseRoute | None
    label: str
    terms: Terms
    allowed: frozenset[str] = frozenset()


class Alias(NamedTuple):
    """A path under a user's id: `/api/{user_id}/tasks` for `/api/tasks`.

    Attributes:
        owner: The user id, decoded.
        path: The path without it, decoded.
    """

    owner: str
    path: str

    @property
    def shown(self) -> str:
        """The path with the user in it, fit for a URL."""
        own = self.path.removeprefix(OWNED_PREFIX)
        return f"{OWNED_PREFIX}/{quote(self.owner, safe='')}{quote(own)}"


_Methods = dict[str, Found]
_Templates = list[tuple[re.Pattern[str], _Methods]]
_Matched = tuple[Found, dict[str, str]]


class RouteTable:
    """The routes by path.

    Args:
        routes: `StrictRoute`s, Starlette's routes without parameters, and mounts.
        elsewhere: The terms of everything that is no `StrictRoute`, mounts and unknown paths
            included, by prefix; the longest one counts. Must have `/`.

    Raises:
        TypeError: for a route that would not be served as declared.
    """

    def __init__(self, routes: Sequence[BaseRoute], elsewhere: Mapping[str, Terms]) -> None:
        self._elsewhere = [
            (prefix, Found(None, "unknown", elsewhere[prefix]))
            for prefix in sorted(elsewhere, key=len, reverse=True)
        ]
        self._fixed: dict[str, _Methods] = {}
        self._templates: dict[int, _Templates] = {}
        self._mounts: list[tuple[str, Found]] = []
        for route in routes:
            self._add(route)

    def resolve(self, scope: Scope) -> None:
        """Put on the scope what the routes have for it.

        What has a route of its own is never taken for the alias of something else.
        """
        path = get_route_path(scope) if scope.get("root_path") else scope["path"]
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        own = path[:-1] if path.endswith("/") and path != "/" else path
        matched = self._match(own, method) or self._match_alias(scope, own, method)
        if matched is None:
            matched = self._mounted(path) or self._nowhere(path), {}
        found, parameters = matched
        scope["found"] = found
        scope["path_params"] = parameters
        if found.route is not None:
            scope["route"] = found.route

    def _match(self, path: str, method: str) -> _Matched | None:
        methods = self._fixed.get(path)
        if methods is not None and method in methods:
            return methods[method], {}
        for template, others in self._templates.get(path.count("/"), ()):
            match = template.fullmatch(path)
            if match:
                if method in others:
                    return others[method], match.groupdict()
                methods = {**(methods or {}), **others}
        return (_not_allowed(methods), {}) if methods else None

    def _match_alias(self, scope: Scope, path: str, method: str) -> _Matched | None:
        if not path.startswith(f"{OWNED_PREFIX}/"):
            return None
        alias = _read_alias(scope)
        matched = self._match(alias.path, method) if alias else None
        if matched is None or not matched[0].terms.owned:
            return None
        found, parameters = matched
        scope["alias"] = alias
        label = OWNED_PREFIX + OWNER + found.label.removeprefix(OWNED_PREFIX)
        return found._replace(label=label), parameters

    def _mounted(self, path: str) -> Found | None:
        for prefix, found in self._mounts:
            if path == prefix or path.startswith(f"{prefix}/"):
                return found
        return None

    def _nowhere(self, path: str) -> Found:
        rest = self._elsewhere[-1][1]  # of `/`, and of `OPTIONS *`, which is no path
        return next((found for prefix, found in self._elsewhere if path.startswith(prefix)), rest)

    def _add(self, route: BaseRoute) -> None:
        if isinstance(route, Mount):
            terms = self._nowhere(f"{route.path}/").terms
            self._mounts.append((route.path, Found(route, route.path, terms)))
            return
        strict = isinstance(route, StrictRoute)
        if not isinstance(route, Route) or not (strict or type(route) is Route):
            raise TypeError(f"{route!r}: add a StrictRoute or a mount; its layers are not served.")
        terms = route.terms if isinstance(route, StrictRoute) else self._nowhere(route.path).terms
        methods = self._methods_of(route)
        for method in route.methods or ():
            if method in methods:
                raise TypeError(f"{method} {route.path} is declared twice.")
            methods[method] = Found(route, route.path, terms)
        if len({found.terms.owned for found in methods.values()}) > 1:
            raise TypeError(f"{route.path}: all of its methods are owned, or none is.")

    def _methods_of(self, route: Route) -> _Methods:
        if "{" not in route.path:
            return self._fixed.setdefault(route.path, {})
        templates = self._templates.setdefault(route.path.count("/"), [])
        for template, methods in templates:
            if template == route.path_regex:
                return methods
        templates.append((route.path_regex, {}))
        return templates[-1][1]


class Routed:
    """The outermost layer: looks the route up. Raises nothing, so that nothing goes unlogged."""

    def __init__(self, app: ASGIApp, table: RouteTable) -> None:
        self.app = app
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "http":
            self._table.resolve(scope)
        await self.app(scope, receive, send)


class Dispatch:
    """The innermost layer: calls the route that was found.

    Args:
        router: What serves everything that is not HTTP: the lifespan.
    """

    def __init__(self, router: ASGIApp) -> None:
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan.

        Raises:
            NotFound: when no route has the path.
            MethodNotAllowed: when some have it, but with other methods.
        """
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        found: Found = scope["found"]
        route = found.route
        if route is None:
            if found.allowed:
                raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(found.allowed))})
            raise NotFound
        if "fastapi.telemetry" in scope:
            mount = isinstance(route, Mount)
            _route_selected(scope=scope, path=found.label, mount=mount)
        if isinstance(route, Mount):
            if scope["path"] == found.label:
                scope["path"] += "/"
            scope.update(route.matches(scope)[1])
            await route.handle(scope, receive, send)
        else:
            await route.app(scope, receive, send)  # type: ignore[attr-defined]  # see `_add`


def _not_allowed(methods: _Methods) -> Found:
    """What a path has for a method that it does not know."""
    found = next(iter(methods.values()))
    allowed = frozenset(methods) | ({"HEAD"} if "GET" in methods else frozenset())
    return Found(None, found.label, found.terms, allowed)


def _read_alias(scope: Scope) -> Alias | None:
    """The user and the path that a path under `/api/` may consist of.

    As it was sent, because a user id may have a slash, which is `%2F` there.
    """
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    sent = raw.decode("latin-1").removeprefix(scope.get("root_path", ""))
    owner, _, rest = sent.removeprefix(f"{OWNED_PREFIX}/").partition("/")
    if not owner or not rest:
        return None
    return Alias(unquote(owner), f"{OWNED_PREFIX}/{unquote(rest)}".removesuffix("/"))
