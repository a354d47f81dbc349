"""Which route a request is for: looked up once, before any layer acts.

Every layer finds the answer on the scope: `found`, `route`, `path_params`, and `alias` when the
path names a user. FastAPI's router tries the regular expression of each route in turn; here a path
without parameters is one look into a dict, and the others are sorted by their number of segments.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple
from urllib.parse import unquote

from fastapi.telemetry._api import _route_selected
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.prefix import below, encoded
from backend.core.problems import MethodNotAllowed, NotFound
from backend.web.hints import Hints
from backend.web.paths import (
    OWNED_PREFIX,
    OWNER,
    Alias,
    decoded_aliases,
    exact_alias,
    sent_path,
)
from backend.web.route import StrictRoute
from backend.web.terms import Terms


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


_Methods = dict[str, Found]
_Templates = list[tuple[re.Pattern[str], _Methods]]
_Matched = tuple[Found, dict[str, str], Alias | None]


class RouteTable:
    """The routes by path.

    Args:
        routes: `StrictRoute`s, Starlette's routes without parameters, and mounts.
        elsewhere: The terms of everything that is no `StrictRoute`, mounts and unknown paths
            included, by prefix; the longest one counts. Must have `/`.

    Attributes:
        paths: The templates of all of them, those under a user's id too.

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
        self._collections: set[str] = set()  # the last segments of owned paths: `tasks`
        self._deepest = 0  # segments of an owned path, below `/api`
        self.paths: set[str] = set()
        for route in routes:
            self._add(route)

    def resolve(self, scope: Scope) -> None:
        """Put on the scope what the routes have for it."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if scope.get("root_path"):
            self._take_off_prefix(scope, method)
        matched = self._find(scope, method)
        if matched is None:
            path = scope["path"]
            matched = self._mounted(path) or self._nowhere(path), {}, None
        found, parameters, alias = matched
        scope["found"] = found
        scope["path_params"] = parameters
        if alias is not None:
            scope["alias"] = alias
        if found.route is not None:
            scope["route"] = found.route

    def _take_off_prefix(self, scope: Scope, method: str) -> None:
        """Take the prefix off a path that still has it: some proxies do so, and some do not.

        It stays where the path leads somewhere with it, and nowhere without.
        """
        scope["root_path"] = encoded(scope["root_path"])  # a server's own may not be
        inner = below(scope["root_path"], scope["path"], sent_path(scope))
        if inner is None:
            return
        path, sent = inner
        shorter = {**scope, "path": path, "raw_path": sent.encode("latin-1")}
        if self._leads_somewhere(shorter, method) or not self._leads_somewhere(scope, method):
            scope.update(path=path, raw_path=shorter["raw_path"])

    def _leads_somewhere(self, scope: Scope, method: str) -> bool:
        return (self._find(scope, method) or self._mounted(scope["path"])) is not None

    def _find(self, scope: Scope, method: str) -> _Matched | None:
        """What a path has; one of its own is never taken for one under a user's id."""
        own = scope["path"]
        if own.endswith("/") and own != "/" and not sent_path(scope).endswith(("%2F", "%2f")):
            own = own[:-1]
        matched = self._match(own, method)
        if matched is None and own.startswith(f"{OWNED_PREFIX}/"):
            sent = sent_path(scope)
            return self._match_sent(sent, method) or self._find_alias(own, sent, method)
        return matched

    def _match_sent(self, sent: str, method: str) -> _Matched | None:
        """What a path has whose names have encoded slashes within them."""
        if "%2f" not in sent.lower():
            return None
        matched = self._match(sent.removesuffix("/"), method)
        if matched is None:
            return None
        found, parameters, alias = matched
        return found, {name: unquote(value) for name, value in parameters.items()}, alias

    def _find_alias(self, own: str, sent: str, method: str) -> _Matched | None:
        exact = exact_alias(sent)
        aliases = chain([exact] if exact else [], decoded_aliases(own, self._deepest))
        return next(filter(None, (self._match_alias(each, method) for each in aliases)), None)

    def _match_alias(self, alias: Alias, method: str) -> _Matched | None:
        matched = self._match(alias.path, method) or self._match_sent(alias.sent, method)
        if matched is None or not matched[0].terms.owned:
            return None
        found, parameters, _ = matched
        return found._replace(label=_under_owner(found.label)), parameters, alias

    def _match(self, path: str, method: str) -> _Matched | None:
        methods = self._fixed.get(path)
        if methods is not None and method in methods:
            return methods[method], {}, None
        for template, others in self._templates.get(path.count("/"), ()):
            match = template.fullmatch(path)
            if match is None:
                continue
            parameters = match.groupdict()
            # `/api/tasks/tasks` are the tasks of a user called `tasks`: no id looks like that.
            if "name" in parameters or self._collections.isdisjoint(parameters.values()):
                if method in others:
                    return others[method], parameters, None
                methods = {**(methods or {}), **others}
        return (_not_allowed(methods), {}, None) if methods else None

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
        self.paths.add(route.path)
        if terms.owned:
            self.paths.add(_under_owner(route.path))
            self._deepest = max(self._deepest, route.path.count("/") - 1)
            if "{" not in route.path:
                self._collections.add(route.path.rpartition("/")[2])

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
    """The outermost layer: looks the route up. Raises nothing, so that nothing goes unlogged.

    Args:
        app: The layer below.
        table: The routes.
        prefix: What comes before their paths where the client of a request sees them; None: what
            the server says.
    """

    def __init__(
        self, app: ASGIApp, table: RouteTable, prefix: Callable[[Scope], str] | None
    ) -> None:
        self.app = app
        self._table = table
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "http":
            if self._prefix is not None:
                scope["root_path"] = self._prefix(scope)
            self._table.resolve(scope)
        await self.app(scope, receive, send)


class Dispatch:
    """The innermost layer: calls the route that was found.

    Args:
        router: What serves everything that is not HTTP: the lifespan.
        hints: What is said of paths that lead nowhere.
    """

    def __init__(self, router: ASGIApp, hints: Hints) -> None:
        self._router = router
        self._hints = hints

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
            meant = self._hints.find(scope["path"])
            raise NotFound(meant and f"Did you mean `{scope.get('root_path', '')}{meant}`?")
        if "fastapi.telemetry" in scope:
            mount = isinstance(route, Mount)
            _route_selected(scope=scope, path=found.label, mount=mount)
        if isinstance(route, Mount):
            if scope["path"] == found.label:
                scope["path"] += "/"
            if scope.get("root_path"):  # which the path has at its beginning, as ASGI has it
                scope["root_path"] = unquote(scope["root_path"])
                scope["path"] = scope["root_path"] + scope["path"]
            scope.update(route.matches(scope)[1])
            await route.handle(scope, receive, send)
        else:
            await route.app(scope, receive, send)  # type: ignore[attr-defined]  # see `_add`


def _not_allowed(methods: _Methods) -> Found:
    """What a path has for a method that it does not know."""
    found = next(iter(methods.values()))
    allowed = frozenset(methods) | ({"HEAD"} if "GET" in methods else frozenset())
    return Found(None, found.label, found.terms, allowed)


def _under_owner(path: str) -> str:
    return OWNED_PREFIX + OWNER + path.removeprefix(OWNED_PREFIX)
