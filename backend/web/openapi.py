"""What the OpenAPI document says of every route alike: errors and the bearer token."""

from collections.abc import Callable
from typing import Any

from fastapi.dependencies.models import Dependant
from starlette.routing import BaseRoute

from backend.schemas.problem import ProblemDocument
from backend.web.route import StrictRoute

_SCHEMAS = "#/components/schemas/{model}"
_PROBLEM: dict[str, Any] = {
    "description": "A problem (RFC 9457); `/problems/{code}` explains each.",
    "content": {
        "application/problem+json": {"schema": {"$ref": _SCHEMAS.format(model="ProblemDocument")}}
    },
}
_HEADERS = {
    "ETag": "The version in quotes, for `If-Match` and `If-None-Match`.",
    "Link": 'The next page, as `<…>; rel="next"`; absent on the last one.',
    "Location": "The path of what was created.",
    "Retry-After": "With 202, 429, 503 and some 409: seconds to wait.",
    "Total-Count": "With `count=exact`: how many there are on all pages.",
    "WWW-Authenticate": "With 401: RFC 6750.",
    "X-Request-Id": "Finds the request in the server's log.",
}
_HEADERS_OF_STATUS = {
    "201": ("Location",),
    "202": ("Retry-After",),
    "304": ("ETag",),
    "default": ("Retry-After", "WWW-Authenticate"),
}
_CREDENTIALS = "A token of Better Auth's `jwt` plugin, from `GET /api/auth/token`"
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"{_CREDENTIALS}.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": f"{_CREDENTIALS}, is the password.",
    },
}


def complete(
    document: dict[str, Any], routes: list[BaseRoute], user: Callable[..., object]
) -> None:
    """Add to an OpenAPI document what FastAPI cannot know, in place.

    Args:
        document: What FastAPI made of the routes.
        routes: All routes of the application.
        user: The dependency that requires a token.
    """
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = ProblemDocument.model_json_schema(ref_template=_SCHEMAS)
    schemas.update(problem.pop("$defs"))
    schemas["ProblemDocument"] = problem
    schemes: dict[str, Any] = {}
    document["components"]["securitySchemes"] = schemes
    for route in routes:
        if isinstance(route, StrictRoute) and route.include_in_schema:
            for method in route.methods or ():
                operation = document["paths"][route.path][method.lower()]
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = dict(_PROBLEM)
                operation["operationId"] = route.name
                _add_headers(operation["responses"])
                if _asks_for(user, route.dependant):
                    scheme = route.terms.credentials.scheme
                    schemes[scheme] = _SCHEMES[scheme]
                    operation["security"] = [{scheme: []}]


def _add_headers(responses: dict[str, Any]) -> None:
    """Document the header fields of each answer."""
    for status, response in responses.items():
        names = ["X-Request-Id", *_HEADERS_OF_STATUS.get(status, ())]
        media_types = response.get("content", {}).values()
        for schema in (media_type.get("schema", {}) for media_type in media_types):
            if schema.get("$ref") == _SCHEMAS.format(model="TaskRead"):
                names.append("ETag")
            if schema.get("type") == "array":
                names += ["Link", "Total-Count"]
        response["headers"] = {
            name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in names
        }


def _asks_for(dependency: Callable[..., object], dependant: Dependant) -> bool:
    """Whether an endpoint, or one of its dependencies, has this dependency."""
    return dependant.call is dependency or any(
        _asks_for(dependency, each) for each in dependant.dependencies
    )
