"""The routes of the application, as requests that can be sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI

from backend.web.route import StrictRoute

# Whatever needs no user must be on this list: everything else is tried without a token.
PUBLIC = frozenset({"/livez", "/readyz", "/metrics", "/problems/{code}"})

_BODIES: dict[str, dict[str, Any]] = {
    "complete": {"completed": True},
    "sync": {"commands": [{"uuid": "a", "type": "settings.update", "time_zone": "UTC"}]},
    "me": {"time_zone": "Europe/Berlin"},
    "undo": {"since": "2100-01-01T00:00:00Z"},
}


@dataclass(frozen=True)
class Operation:
    """One route with one of its methods, under its own path or under a user's id."""

    method: str
    path: str
    route: StrictRoute

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def public(self) -> bool:
        """Whether it may be used without a token."""
        return self.path in PUBLIC

    @property
    def takes_body(self) -> bool:
        return bool(self.route.dependant.body_params)

    @property
    def takes_query(self) -> bool:
        return bool(self.route.dependant.query_params)

    @property
    def names_task(self) -> bool:
        return "{task_id}" in self.path

    @property
    def names_list(self) -> bool:
        return "{list_id}" in self.path

    @property
    def wants_trash(self) -> bool:
        """Whether its task is one in the trash."""
        return self.path.endswith(("/restore", "/trash/{task_id}"))

    @property
    def names_user(self) -> bool:
        return "{user_id}" in self.path

    @property
    def body(self) -> dict[str, Any] | None:
        """A body that the route accepts."""
        if not self.takes_body:
            return None
        if self.path.endswith("/tags/{name}"):
            return {"name": "house"}
        if "/lists" in self.path:
            return {} if self.path.endswith("/move") else {"name": "A name"}
        if self.path.endswith("/move"):
            return {}
        if self.path.endswith("/batch"):
            create = {"op": "create", "task": {"title": "A title"}}
            return {"operations": [create], "atomic": True}
        return _BODIES.get(self.path.rpartition("/")[2], {"title": "A title"})

    def target(self, *, user: str = "", task: str = "") -> str:
        """The path with that user and that task or list in it, written as they should be."""
        names = {"user_id": quote(user, safe=""), "task_id": task, "list_id": task}
        names |= {"code": "not_found", "name": "home"}
        return self.path.format(**names)


def operations(app: FastAPI) -> list[Operation]:
    """Every route and method of the application, HEAD included, the pages of the docs left out.

    What holds a user's things is there twice: `/api/tasks` and `/api/{user_id}/tasks`.
    """
    return [
        Operation(method, path, route)
        for route in app.routes
        if isinstance(route, StrictRoute)
        for path in _paths(route)
        for method in _methods(route)
    ]


def _paths(route: StrictRoute) -> Iterator[str]:
    yield route.path
    if route.terms.owned:
        yield f"/api/{{user_id}}{route.path.removeprefix('/api')}"


def _methods(route: StrictRoute) -> Iterator[str]:
    assert route.methods
    yield from sorted(route.methods)
    if "GET" in route.methods:
        yield "HEAD"
