"""The OpenAPI document as a judge of answers."""

import json
import re
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import httpx2
from jsonschema import (  # type: ignore[import-untyped]  # it ships no types
    Draft202012Validator,
    FormatChecker,
)

_CONTRACT = Path(__file__).parents[3] / "specs/001-backend-api-integration/contracts/openapi.json"
PROBLEM = "application/problem+json"
# The one form of all answers: clients may read it by a pattern.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")


def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or bool(_INSTANT.fullmatch(value))


formats = FormatChecker(formats=["uuid"])
formats.checks("date-time")(_is_instant)


class Document:
    """The document that the service serves.

    Args:
        content: The parsed JSON of `/openapi.json`.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        """Templates, those without parameters first."""
        templates = sorted(self.content["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in templates]

    def operations(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every documented operation by method and path."""
        return {
            (method.upper(), path): operation
            for path, item in self.content["paths"].items()
            for method, operation in item.items()
        }

    def faults(self, answer: httpx2.Response) -> list[str]:
        """What of an answer contradicts the document; nothing, if all is well."""
        template = self._template(answer.request.url.path)
        if template is None:
            return [] if answer.status_code in {404, 401} else ["the path is not documented"]
        documented = self.content["paths"][template].get(answer.request.method.lower())
        if documented is None:
            return [] if answer.status_code == 405 else ["the method is not documented"]
        responses = documented["responses"]
        expected = responses.get(str(answer.status_code))
        if expected is None and answer.is_error:
            expected = responses.get("default")
        if expected is None:
            return [f"{answer.status_code} is not documented"]
        return self._body_faults(answer, expected.get("content", {}))

    def codes(self, answer: httpx2.Response) -> set[str] | None:
        """Which codes a problem may have there; None for what is no documented operation."""
        path = answer.request.url.path
        template = self._template(path) or ""
        method = answer.request.method.lower().replace("head", "get")
        operation = self.content["paths"].get(template, {}).get(method)
        if operation is None:
            return None
        responses = operation["responses"]
        said = responses.get(str(answer.status_code), responses["default"])
        shape = said["content"][PROBLEM]["schema"]
        # Who is named in a path may be nobody, with whatever is behind.
        nobody = {"not_found"} if path.count("/") > template.count("/") else set()
        return {*shape["properties"]["code"]["enum"]} | nobody

    def _template(self, path: str) -> str | None:
        bare = path.removesuffix("/")
        if not any(known.fullmatch(bare) for known, _ in self._paths):
            # What is documented once answers under a user's id as well.
            bare = re.sub(r"^/api/[^/]+/", "/api/", bare)
        return next((template for known, template in self._paths if known.fullmatch(bare)), None)

    def _body_faults(self, answer: httpx2.Response, content: dict[str, Any]) -> list[str]:
        if not content:
            return ["there is a body"] if answer.content else []
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if media_type not in content:
            return [f"{media_type} is not documented"]
        if not media_type.endswith("json"):
            return []
        validator = self._validator_of(json.dumps(content[media_type]["schema"]))
        return [
            f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer.json())
        ]

    @lru_cache(maxsize=64)  # noqa: B019 - there is one document, and it lives as long as the tests
    def _validator_of(self, schema: str) -> Draft202012Validator:
        return self.validator(json.loads(schema))

    def validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        """Validates against a schema of the document, formats and references included."""
        rooted = {**schema, "components": self.content["components"]}
        return Draft202012Validator(rooted, format_checker=formats)


@cache
def _published() -> Document:
    return Document(json.loads(_CONTRACT.read_text("utf-8")))


def check_code(answer: httpx2.Response) -> None:
    """Fail for a problem of which the document does not say that it may be answered there."""
    is_problem = answer.headers.get("content-type") == PROBLEM and answer.read()
    if is_problem and answer.status_code != 405:  # which says that there is no such operation
        allowed = _published().codes(answer)
        code = answer.json()["code"]
        assert allowed is None or code in allowed, (answer.request, code)
