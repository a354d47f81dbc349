"""What the OpenAPI document says of every route alike: errors and the bearer token."""

from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from backend.dependencies.auth import current_user
from backend.schemas.problem import ProblemDocument

_SCHEMAS = "#/components/schemas/{model}"
_PROBLEM = {
    "description": "A problem (RFC 9457); `/problems/{code}` explains each.",
    "content": {
        "application/problem+json": {"schema": {"$ref": _SCHEMAS.format(model="ProblemDocument")}}
    },
}
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token of Better Auth's `jwt` plugin, from `GET /api/auth/token`.",
}


def complete(document: dict[str, Any], routes: list[BaseRoute]) -> None:
    """Add to an OpenAPI document what FastAPI cannot know, in place."""
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = ProblemDocument.model_json_schema(ref_template=_SCHEMAS)
    schemas.update(problem.pop("$defs"))
    schemas["ProblemDocument"] = problem
    document["components"]["securitySchemes"] = {"bearer": _BEARER}
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                operation = document["paths"][route.path][method.lower()]
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = _PROBLEM
                if needs_user(route.dependant):
                    operation["security"] = [{"bearer": []}]


def needs_user(dependant: Dependant) -> bool:
    """Whether the endpoint or one of its dependencies asks for the caller."""
    return dependant.call is current_user or any(map(needs_user, dependant.dependencies))
