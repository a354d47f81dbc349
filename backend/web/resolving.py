"""The dependencies of a route, as one list of calls in their order."""

from collections.abc import Callable
from types import CoroutineType
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.dependencies.models import Dependant

from backend.web.fields import header

Arguments = dict[str, Any]


class _Step(NamedTuple):
    """One dependency: the function, and what gives its arguments from the earlier results."""

    call: Callable[..., Any]
    arguments: Callable[[Request, list[Any]], Arguments]


def resolver(dependant: Dependant) -> Callable[[Request], Arguments]:
    """A function that gives the arguments of an endpoint, the models left out.

    A dependency that is named twice is called once, unless it says `use_cache=False`.

    Args:
        dependant: The endpoint, as FastAPI read its signature; `guards` has checked it.
    """
    steps: list[_Step] = []
    own = _arguments(dependant, steps, {})

    def resolve(request: Request) -> Arguments:
        results: list[Any] = []
        for call, arguments in steps:
            result = call(**arguments(request, results))
            if type(result) is CoroutineType:  # of a function that does not look like one
                result.close()
                raise TypeError(f"{call.__qualname__}() must be awaited, so it guards nothing here")
            results.append(result)
        return own(request, results)

    return resolve


def _arguments(
    dependant: Dependant, steps: list[_Step], places: dict[Callable[..., Any], int]
) -> Callable[[Request, list[Any]], Arguments]:
    """What gives the arguments of one function; the steps that come before it are added."""
    request_name = dependant.request_param_name
    paths = [(field.name, field.alias) for field in dependant.path_params]
    headers = [
        (field.name, field.alias.lower().encode(), field.default)
        for field in dependant.header_params
    ]
    given = [(each.name, _place(each, steps, places)) for each in dependant.dependencies]
    # The dependencies of the route itself have no name: nobody takes what they give.
    taken = [(name, place) for name, place in given if name is not None]

    def arguments(request: Request, results: list[Any]) -> Arguments:
        values: Arguments = {}
        for name, place in taken:
            values[name] = results[place]
        if request_name:
            values[request_name] = request
        for name, alias in paths:
            values[name] = request.path_params[alias]
        for name, field, default in headers:
            value = header(request.scope, field)
            values[name] = default if value is None else value
        return values

    return arguments


def _place(dependant: Dependant, steps: list[_Step], places: dict[Callable[..., Any], int]) -> int:
    """Where among the results that of this dependency will be."""
    call = dependant.call
    assert call is not None  # noqa: S101 - only FastAPI's own notes have none
    if not dependant.use_cache or call not in places:
        arguments = _arguments(dependant, steps, places)
        steps.append(_Step(call, arguments))
        places[call] = len(steps) - 1
        return len(steps) - 1
    return places[call]
