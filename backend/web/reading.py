"""The parts of a request, read strictly."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.types import Receive, Scope

from backend.core.problems import (
    FieldError,
    MalformedRequest,
    NotAcceptable,
    UnsupportedMediaType,
)
from backend.web.fields import header
from backend.web.terms import JSON

_MAX_PARAMETERS = 50
MAX_ERRORS = 20
_LONGEST_NAME = 64
_NEVER = re.compile(r";\s*q=0(\.0*)?\s*$")

_UNKNOWN = "extra_forbidden"

# Pydantic's own sentences for these quote the refused value, or name no way out.
_OWN_WORDS = {
    _UNKNOWN: "This name is not known here.",
    "uuid_parsing": "Input should be a UUID.",
    "uuid_type": "Input should be a UUID.",
    "uuid_version": "Input should be a UUIDv7.",
    "string_unicode": "Text may not contain lone surrogates.",
    "union_tag_invalid": "There is no such kind.",
}


def check_accept(scope: Scope, offered: str) -> None:
    """Refuse a client that cannot take what the route offers (RFC 9110, section 12.5.1).

    Raises:
        NotAcceptable: when `Accept` is there and does not cover that media type.
    """
    accept = header(scope, b"accept")
    if accept is None or accept == "*/*":
        return
    accepted = [part for part in accept.lower().split(",") if not _NEVER.search(part)]
    ranges = {part.partition(";")[0].strip() for part in accepted}
    if not ranges & {"*/*", offered.partition("/")[0] + "/*", offered, ""}:
        raise NotAcceptable(f"Only {offered} is served here.")


def check_media_type(scope: Scope, taken: str) -> None:
    """Refuse a body that does not say it is what the route takes.

    Raises:
        UnsupportedMediaType: unless it is that media type, not compressed. Where it is
            `application/json`, some `application/…+json` will do as well.
    """
    if (header(scope, b"content-encoding") or "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding.")
    media_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    as_json = media_type.startswith("application/") and media_type.endswith("+json")
    if media_type != taken and not (as_json and taken == JSON):
        raise UnsupportedMediaType(f"Send the body as {taken}.")


async def read_body(receive: Receive) -> bytes:
    """The whole body, which `middleware/limits.py` bounds.

    Raises:
        MalformedRequest: when the client goes away in the middle.
    """
    message = await receive()
    pieces: list[bytes] = [message.get("body", b"")]
    while message.get("more_body", False):
        message = await receive()
        pieces.append(message.get("body", b""))
    if message["type"] != "http.request":
        raise MalformedRequest("The body ended early.")
    return b"".join(pieces)


def parse_query(
    raw: bytes, repeatable: frozenset[str], refused: list[FieldError]
) -> dict[str, str | list[str]]:
    """The parameters of a query string: those of `repeatable` as lists, the others as text.

    One of the others that is given twice is added to `refused`.

    Raises:
        MalformedRequest: for percent-encoding that is not UTF-8, or too many parameters.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except ValueError:
        raise MalformedRequest("The query string is not valid.") from None
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    detail = "Give this parameter once."
    refused += [
        _refusal("query", (name,), "repeated", detail)
        for name, values in given.items()
        if len(values) > 1 and name not in repeatable
    ]
    return {name: values if name in repeatable else values[-1] for name, values in given.items()}


def unknown(where: str, name: str) -> FieldError:
    """The refusal of something that nobody asked for."""
    return _refusal(where, (name,), _UNKNOWN, _OWN_WORDS[_UNKNOWN])


def condition(name: str, detail: str) -> FieldError:
    """The refusal of a condition in the header field `name`, which a write cannot judge."""
    return _refusal("header", (name,), "condition", detail)


def surplus(content: Any) -> list[FieldError]:
    """The refusal of what a body says where there is nothing to say."""
    if isinstance(content, dict):
        return [unknown("body", name) for name in islice(content, MAX_ERRORS)]
    return [_refusal("body", (), "no_content", "Send no body here, or an empty object.")]


def field_errors(where: str, value: Any, error: ValidationError) -> list[FieldError]:
    """What pydantic refused in the part `where` of a request, without the values.

    Args:
        where: Which part.
        value: The part, as it came.
        error: Pydantic's.
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        _refusal(
            where,
            _path(value, each["loc"], each["type"]),
            each["type"],
            _OWN_WORDS.get(each["type"], each["msg"]),
        )
        for each in found[:MAX_ERRORS]
    ]


def _path(value: Any, location: tuple[Any, ...], kind: str) -> Iterator[Any]:
    """The steps to what was refused; pydantic also names which of several models it tried."""
    for place, step in enumerate(location, start=1):
        if (isinstance(value, dict) and step in value) or (
            isinstance(value, list) and isinstance(step, int)
        ):
            value = value[step]
            yield step
        elif kind == "missing" and place == len(location):
            yield step


def _refusal(where: str, path: Iterable[Any], code: str, detail: str) -> FieldError:
    pointer = "".join(f"/{_escape(str(step))}" for step in (where, *path))
    return {"pointer": pointer, "code": code, "detail": detail}


def _escape(step: str) -> str:
    return step[:_LONGEST_NAME].replace("~", "~0").replace("/", "~1")
