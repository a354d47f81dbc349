"""The routes of the application, as requests that can be sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute

# Whatever needs no user must be on this list: everything else is tried without a token.
PUBLIC = frozenset({"/livez", "/readyz", "/metrics", "/problems/{code}"})


@dataclass(frozen=True)
class Operation:
    """One route with one of its methods."""

    method: str
    path: str
    route: APIRoute

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
    def names_user(self) -> bool:
        return "{user_id}" in self.path

    @property
    def body(self) -> dict[str, Any] | None:
        """A body that the route accepts."""
        if not self.takes_body:
            return None
        return {"completed": True} if self.path.endswith("complete") else {"title": "A title"}

    def target(self, *, user: str = "", task: str = "") -> str:
        """The path with that user and that task in it; both are written as they should be."""
        names = {"user_id": quote(user, safe=""), "task_id": task, "code": "not_found"}
        return self.path.format(**names)


def operations(app: FastAPI) -> list[Operation]:
    """Every route and method of the application, HEAD included, the pages of the docs left out."""
    return [
        Operation(method, route.path, route)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in _methods(route)
    ]


def _methods(route: APIRoute) -> Iterator[str]:
    assert route.methods
    yield from sorted(route.methods)
    if "GET" in route.methods:
        yield "HEAD"
