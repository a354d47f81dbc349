"""What the OpenAPI document says of every route alike: errors and the bearer token."""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from fastapi.dependencies.models import Dependant
from starlette.routing import BaseRoute

from backend.core.problems import Problem
from backend.schemas.problem import ProblemDocument
from backend.web.fields import IF_MATCH, IF_NONE_MATCH
from backend.web.refusals import problems_of
from backend.web.route import StrictRoute
from backend.web.terms import Credentials

_SCHEMAS = "#/components/schemas/{model}"
_VERSIONED = {_SCHEMAS.format(model=name) for name in ("TaskRead", "ListRead", "Me")}
_PROBLEM_TYPE: Final = "application/problem+json"
_PROBLEM_SHAPE: Final = {"$ref": _SCHEMAS.format(model="ProblemDocument")}
_PROBLEM: Final = {"description": "A problem (RFC 9457); `/problems/{code}` explains each."}
_HEADERS = {
    "Idempotency-Replayed": "`true` when this is the answer of an earlier request with the key.",
    "ETag": "The version in quotes, for `If-Match` and `If-None-Match`.",
    "Link": 'The next page, as `<…>; rel="next"`; absent on the last one.',
    "Location": "The path of what was created.",
    "Retry-After": "With 202, 429, 503 and some 409: seconds to wait.",
    "Total-Count": "With `count=exact`: how many there are on all pages.",
    "WWW-Authenticate": "With 401: RFC 6750.",
    "X-Request-Id": "Finds the request in the server's log.",
}


class _RequestField(NamedTuple):
    """A header field of requests.

    Attributes:
        name: As it is written.
        description: What it says.
        is_taken: Whether a route takes it, and means this by it.
        answers: What a route that takes it may answer besides.
    """

    name: str
    description: str
    is_taken: Callable[[StrictRoute], bool]
    answers: dict[str, Any]


_STALE: Final = {"412": {"description": "The condition does not hold; nothing was written."}}
_REQUEST_FIELDS: Final = (
    _RequestField(
        IF_MATCH,
        "Write only if the ETag that a GET gives is one of these; `*`: any.",
        lambda route: "if-match" in route.takes_fields,
        _STALE,
    ),
    _RequestField(
        IF_NONE_MATCH,
        "`*`: create only if nothing has the `id` yet, not even in the trash.",
        lambda route: route.writes and "if-none-match" in route.takes_fields,
        _STALE,
    ),
    _RequestField(
        IF_NONE_MATCH,
        "Answer 304 if the ETag is one of these.",
        lambda route: not route.writes and "if-none-match" in route.takes_fields,
        {"304": {"description": "The client's copy is current."}},
    ),
    _RequestField(
        "Last-Event-ID",
        "The `id` of the latest message: the stream goes on behind it. It comes before `since`.",
        lambda route: "last-event-id" in route.takes_fields,
        {},
    ),
    _RequestField(
        "Idempotency-Key",
        "New for each write, 1 to 255 visible ASCII characters: the same request with the same key "
        "is done once, and has the first answer for 24 hours.",
        lambda route: route.writes and route.terms.credentials is not Credentials.NONE,
        {},
    ),
)
_HEADERS_OF_STATUS = {
    "201": ("Location",),
    "202": ("Retry-After",),
    "304": ("ETag",),
    "412": ("ETag",),
    "default": ("Retry-After", "WWW-Authenticate"),
}
_TAGS = {
    "tasks": "Tasks and the trash.",
    "lists": "Lists of tasks, the inbox among them.",
    "tags": "The tags of all tasks.",
    "history": "What became of things, and how to undo it.",
    "stats": "Numbers of tasks.",
    "changes": "What has changed: for copies, live, and for clients that were away.",
    "me": "The caller's account.",
    "auth": "What the caller's token says.",
    "problems": "What errors mean.",
    "operations": "What machines ask.",
}
_FIRST_SENTENCE = re.compile(r"(.*?)\.(?:\s|$)", re.DOTALL)
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
    _add_problems(schemas)
    for schema in schemas.values():
        _take_defaults_out(schema)
    schemes: dict[str, Any] = {}
    document["components"]["securitySchemes"] = schemes
    document["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    for route in routes:
        if isinstance(route, StrictRoute) and route.include_in_schema:
            for method in route.methods or ():
                operation = document["paths"][route.path][method.lower()]
                _complete_operation(operation, route)
                if _asks_for(user, route.dependant):
                    if route.writes:
                        _add_replayed(operation["responses"])
                    scheme = route.terms.credentials.scheme
                    schemes[scheme] = _SCHEMES[scheme]
                    operation["security"] = [{scheme: []}]
                else:
                    operation["security"] = []  # said, or a linter takes it for forgotten


def _complete_operation(operation: dict[str, Any], route: StrictRoute) -> None:
    """Its id, its title, its errors, and shapes under their own names alone."""
    operation["operationId"] = route.name
    first = _FIRST_SENTENCE.match(operation.get("description", ""))
    if first and not route.summary:
        operation["summary"] = first[1]
    operation["responses"].pop("422", None)
    _add_request_fields(operation, route)
    operation["responses"]["default"] = dict(_PROBLEM)
    _name_codes(operation["responses"], problems_of(route))
    for response in operation["responses"].values():
        for media_type in response.get("content", {}).values():
            media_type.get("schema", {}).pop("title", None)
    for media_type in operation.get("requestBody", {}).get("content", {}).values():
        # That a body may be left out is said beside it; as a shape it would have no name.
        kinds = media_type["schema"].get("anyOf", [media_type["schema"]])
        media_type["schema"] = kinds[0]
    for parameter in operation.get("parameters", []):
        _take_null_out(parameter["schema"])
    _add_headers(operation["responses"])


def _name_codes(responses: dict[str, Any], problems: dict[str, int]) -> None:
    """Which codes each problem of an operation may have.

    Beside the one shape of all, so that generators that make classes make one; those that make
    types take both together.

    Args:
        responses: By status, or `default` for what has none of its own here.
        problems: The status of each code.
    """
    for said, response in responses.items():
        codes = [
            code
            for code, status in problems.items()
            if str(status) == said or (said == "default" and str(status) not in responses)
        ]
        if codes:
            code = {"type": "string", "enum": codes}
            shape = {"allOf": [_PROBLEM_SHAPE], "type": "object", "properties": {"code": code}}
            problem = {_PROBLEM_TYPE: {"schema": shape | {"required": ["code"]}}}
            response["content"] = response.get("content", {}) | problem


def _take_null_out(schema: dict[str, Any]) -> None:
    """What is absent is the only null that a parameter can be."""
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    schema |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}


def _add_request_fields(operation: dict[str, Any], route: StrictRoute) -> None:
    """The header fields that it takes, as one list for all: FastAPI knows less of them."""
    parameters = [each for each in operation.pop("parameters", []) if each["in"] != "header"]
    for field in _REQUEST_FIELDS:
        if field.is_taken(route):
            said = {"name": field.name, "in": "header", "description": field.description}
            parameters.append({**said, "required": False, "schema": {"type": "string"}})
            answers = {status: dict(answer) for status, answer in field.answers.items()}
            operation["responses"] |= answers
    if parameters:
        operation["parameters"] = parameters


def _add_problems(schemas: dict[str, Any]) -> None:
    """The shape of errors, with all codes that there are."""
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = ProblemDocument.model_json_schema(ref_template=_SCHEMAS, mode="serialization")
    for name, schema in problem.pop("$defs").items():
        schemas.setdefault(name, schema)
    schemas["ProblemDocument"] = problem
    schemas["ProblemCode"] = {
        "type": "string",
        "title": "ProblemCode",
        "description": "Which error it is; a code never changes, and there may be more of them.",
        "enum": sorted(Problem.registry),
    }
    for name in ("ProblemDocument", "ProblemExplanation"):
        schemas[name]["properties"]["code"] = {"$ref": _SCHEMAS.format(model="ProblemCode")}


def _take_defaults_out(schema: dict[str, Any]) -> None:
    """Leave it to the server what a member is that a client left out.

    Generators take a default for what is always there, and so insist on it in requests; in a patch
    they would fill in what the client never read. What is answered is always whole.
    """
    for member in schema.get("properties", {}).values():
        member.pop("default", None)


def _add_headers(responses: dict[str, Any]) -> None:
    """Document the header fields of each answer."""
    for status, response in responses.items():
        names = ["X-Request-Id", *_HEADERS_OF_STATUS.get(status, ())]
        media_types = response.get("content", {}).values()
        for schema in (media_type.get("schema", {}) for media_type in media_types):
            if schema.get("$ref") in _VERSIONED:
                names.append("ETag")
            if schema.get("type") == "array":
                names += ["ETag", "Link", "Total-Count"]
        response["headers"] = {
            name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in names
        }


def _add_replayed(responses: dict[str, Any]) -> None:
    """Every answer to a write says when it is that of an earlier request."""
    name = "Idempotency-Replayed"
    field = {"description": _HEADERS[name], "schema": {"type": "string"}}
    for response in responses.values():
        response["headers"] = response["headers"] | {name: field}


def _asks_for(dependency: Callable[..., object], dependant: Dependant) -> bool:
    """Whether an endpoint, or one of its dependencies, has this dependency."""
    return dependant.call is dependency or any(
        _asks_for(dependency, each) for each in dependant.dependencies
    )
