"""What `StrictRoute` refuses at import, because it would not do it: nothing that is set is ignored.

FastAPI takes many declarations that only its own resolver obeys. Each stands here, with what to do
instead; a test compares the tables with FastAPI, so that a new one is decided on and not lost
(docs/decisions/0007-strict-routes.md).
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from fastapi import params
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, RootModel
from starlette.responses import Response

from backend.web.terms import JSON

ACTS: Final = ""  # it is done, or it is what the OpenAPI document says
_ENDPOINT_ANSWERS = "answer with exactly what is to go out"
_NAMED = "the name of the function is the operation's id; give `name=`"

OPTIONS: Final[Mapping[str, str]] = {
    "path": ACTS,
    "endpoint": ACTS,
    "response_model": ACTS,
    "status_code": ACTS,
    "tags": ACTS,
    "dependencies": ACTS,
    "summary": ACTS,
    "description": ACTS,
    "response_description": ACTS,
    "responses": ACTS,
    "deprecated": ACTS,
    "name": ACTS,
    "methods": ACTS,
    "include_in_schema": ACTS,
    "openapi_extra": ACTS,
    "operation_id": _NAMED,
    "generate_unique_id_function": _NAMED,
    "response_model_include": _ENDPOINT_ANSWERS,
    "response_model_exclude": _ENDPOINT_ANSWERS,
    "response_model_by_alias": _ENDPOINT_ANSWERS,
    "response_model_exclude_unset": _ENDPOINT_ANSWERS,
    "response_model_exclude_defaults": _ENDPOINT_ANSWERS,
    "response_model_exclude_none": _ENDPOINT_ANSWERS,
    "response_class": "return that Response; the terms of the route say what it offers",
    "dependency_overrides_provider": "pass what a test replaces to `create_app`",
    "callbacks": "describe them in `openapi_extra=`",
    "strict_content_type": "the terms of the route say what it takes",
    "max_body_size": "declare it in the terms of the route",
    "form_limits": "declare one pydantic model as the body; there are no forms",
}
"""Each parameter of `APIRoute.__init__`, and what to do instead of giving it."""

_READ = "read"  # by a function of this module
_BOOKKEEPING = "bookkeeping"  # FastAPI's own notes
_FROM_REQUEST = "declare `request: Request` instead"

PARTS: Final[Mapping[str, str]] = {
    "path_params": _READ,
    "query_params": _READ,
    "header_params": _READ,
    "body_params": _READ,
    "dependencies": _READ,
    "call": _READ,
    "request_param_name": _READ,
    "use_cache": _READ,
    "name": _BOOKKEEPING,
    "path": _BOOKKEEPING,
    "concurrency": _BOOKKEEPING,
    "cookie_params": "cookies are not read; declare a header parameter",
    "websocket_param_name": "there are no WebSockets; answer with a stream",
    "http_connection_param_name": _FROM_REQUEST,
    "response_param_name": "put the fields on the Response that the endpoint returns",
    "background_tasks_param_name": "give the returned Response its `background=`",
    "security_scopes_param_name": "check the scopes in a dependency of the request",
    "own_oauth_scopes": "use `Depends` on a function that checks",
    "parent_oauth_scopes": "use `Depends` on a function that checks",
    "scope": _READ,
}
"""Each field of a `Dependant`, and what to do instead when it is set."""


def check_declaration(path: str, endpoint: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Refuse an endpoint that is none, and options of a route that would be ignored.

    Raises:
        TypeError: naming the route, the endpoint or the option, and what to do.
    """
    here = f"{path}: {_name(endpoint)}"
    if not (inspect.isfunction(endpoint) and inspect.iscoroutinefunction(endpoint)):
        raise TypeError(f"{here}: an endpoint is a coroutine function; write `async def`.")
    answer = get_type_hints(endpoint).get("return")
    if not (inspect.isclass(answer) and issubclass(answer, Response)):
        raise TypeError(f"{here}: return a Response, and annotate it with `-> Response`.")
    known = inspect.signature(APIRoute.__init__).parameters
    for name, value in options.items():
        remedy = OPTIONS.get(name, "decide in backend/web/guards.py what it does")
        default = known[name].default if name in known else None
        # A router hands on empty lists where nothing was given.
        if remedy and value != default and (value or default):
            raise TypeError(f"{path}: `{name}=` would be ignored here; {remedy}.")


def check_route(route: APIRoute, taken: str) -> None:
    """Refuse a path or a parameter, of the endpoint or its dependencies, that would be ignored.

    Args:
        route: As FastAPI has read it.
        taken: The media type of its bodies.

    Raises:
        TypeError: naming the route, the function, the parameter and what to do.
    """
    here = f"{route.path}: {_name(route.endpoint)}"
    if route.path.endswith("/") and route.path != "/":
        raise TypeError(f"{here}: requests come without a trailing slash; take it off the path.")
    if "HEAD" in (route.methods or ()):
        raise TypeError(f"{here}: HEAD is answered as GET; declare that alone.")
    for name, kind in route.param_convertors.items():
        if type(kind).__name__ != "StringConvertor":
            raise TypeError(f"{here}: the path parameter `{name}` has a convertor; take it off.")
    _check_models(here, route.dependant, taken)
    named = frozenset(route.param_convertors)
    _check(here, named, route.dependant)
    for dependency in route.dependant.dependencies:
        _check_dependency(route.path, named, dependency)


def _check_dependency(path: str, named: frozenset[str], dependant: Dependant) -> None:
    call = dependant.call
    here = f"{path}: {_name(call)}"
    if not inspect.isfunction(call):
        raise TypeError(f"{here}: a dependency is a plain function; wrap this in one.")
    for function in (call, inspect.unwrap(call)):
        if (
            inspect.iscoroutinefunction(function)
            or inspect.isgeneratorfunction(function)
            or inspect.isasyncgenfunction(function)
        ):
            raise TypeError(
                f"{here}: dependencies are never awaited and never resumed; make it a plain "
                "function, and wait or open and close in the endpoint or its service."
            )
    if dependant.scope is not None:
        raise TypeError(f"{here}: a plain function has nothing to close; take `scope=` off.")
    for parameter in (*dependant.query_params, *dependant.body_params):
        raise TypeError(f"{here}: `{parameter.name}`: only the endpoint has a query or a body.")
    _check(here, named, dependant)
    for each in dependant.dependencies:
        _check_dependency(path, named, each)


def _check(here: str, named: frozenset[str], dependant: Dependant) -> None:
    """What holds for an endpoint and its dependencies alike; `named` are the path's parameters."""
    for name, remedy in PARTS.items():
        if remedy not in {_READ, _BOOKKEEPING} and (found := getattr(dependant, name)):
            which = found[0].name if name == "cookie_params" else found
            raise TypeError(f"{here}: `{which}` ({name}) would be ignored; {remedy}.")
    for field in dependant.path_params:
        if field.alias not in named:
            raise TypeError(f"{here}: `{field.name}` is not in the path; put `{{…}}` there.")
        if field.field_info.annotation is not str or _is_refined(field):
            raise TypeError(
                f"{here}: the path parameter `{field.name}` is plain `str`; check it in the route, "
                "and answer 404 for what names nothing."
            )
    for field in dependant.header_params:
        _check_header(f"{here}: the header parameter `{field.name}`", field)


def _check_header(here: str, field: ModelField) -> None:
    info = field.field_info
    if info.annotation not in {str, str | None} or _is_refined(field):
        raise TypeError(f"{here} is plain `str` or `str | None`; a function may read it further.")
    if info.is_required() or info.default_factory or not isinstance(info.default, str | None):
        raise TypeError(f"{here} needs a default, text or None; refuse what is missing yourself.")


def _check_models(here: str, dependant: Dependant, taken: str) -> None:
    """The query model and the body model of an endpoint."""
    for kind, fields in (("query", dependant.query_params), ("body", dependant.body_params)):
        if len(fields) > 1:
            names = ", ".join(f"`{field.name}`" for field in fields)
            raise TypeError(f"{here}: {names}: put them into one {kind} model.")
    for field in dependant.query_params:
        _check_query(f"{here}: the query model `{field.name}`", field)
    for field in dependant.body_params:
        _check_body(f"{here}: the body `{field.name}`", field, taken)


def _check_query(here: str, field: ModelField) -> None:
    config = _model_of(here, field, field.field_info.annotation).model_config
    if config.get("extra") != "forbid":
        raise TypeError(f"{here} lets unknown names through; set `extra='forbid'`.")
    if not config.get("frozen"):
        raise TypeError(f"{here} is kept for the next request; set `frozen=True`.")


def _check_body(here: str, field: ModelField, taken: str) -> None:
    info = field.field_info
    if isinstance(info, params.Form) or getattr(info, "embed", None):
        raise TypeError(f"{here}: the body is no form and not embedded.")
    if getattr(info, "media_type", None) != taken:
        raise TypeError(f"{here}: the terms say {taken}; give `Body(media_type=…)` the same.")
    if not info.is_required() and (info.default is not None or info.default_factory):
        raise TypeError(f"{here}: without a body it is None; give it no other default.")
    if taken != JSON:
        if info.annotation not in {bytes, bytes | None} or _is_refined(field):
            raise TypeError(f"{here}: of {taken} the endpoint gets plain `bytes`.")
        return
    kinds = [kind for kind in get_args(info.annotation) if kind is not type(None)]
    optional = len(kinds) == 1 and not info.is_required()
    model = _model_of(here, field, kinds[0] if optional else info.annotation)
    if any("extra" not in form.model_config for form in _forms(model)):
        raise TypeError(f"{here} lets unknown members through unasked; set `extra=`.")


def _forms(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models that a body may be of: one, unless it is a `RootModel` of several."""
    if not issubclass(model, RootModel):
        yield model
        return
    for form in get_args(model.model_fields["root"].annotation):
        yield from _forms(get_args(form)[0] if get_origin(form) is Annotated else form)


def _model_of(here: str, field: ModelField, annotation: Any) -> type[BaseModel]:
    if not (inspect.isclass(annotation) and issubclass(annotation, BaseModel)):
        raise TypeError(f"{here} is not a pydantic model; declare one.")
    if _is_refined(field):
        raise TypeError(f"{here}: put validators and aliases into the model.")
    return annotation


def _is_refined(field: ModelField) -> bool:
    """Whether a parameter has constraints, validators or several names."""
    info = field.field_info
    several = info.validation_alias not in {None, info.alias}
    return bool(info.metadata) or several


def _name(function: Callable[..., Any] | None) -> str:
    return f"{getattr(function, '__qualname__', repr(function))}()"
