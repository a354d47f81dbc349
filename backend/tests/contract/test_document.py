"""The OpenAPI document describes exactly the program."""

from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from backend.core.problems import Problem
from backend.schemas.problem import ProblemDocument
from backend.tests.support.document import Document
from backend.tests.support.paths import operations
from backend.tests.support.service import Service


def test_every_route_is_documented_and_nothing_else(document: Document, service: Service) -> None:
    served = {
        (operation.method, operation.path)
        for operation in operations(service.app)
        if operation.method != "HEAD" and not operation.names_user
    }
    assert set(document.operations()) == served
    assert "`/api/{user_id}/tasks`" in document.content["info"]["description"]


def test_exactly_the_routes_that_need_a_user_ask_for_a_token(
    document: Document, service: Service
) -> None:
    public = {(each.method, each.path): each.public for each in operations(service.app)}
    for key, operation in document.operations().items():
        needs_token = operation.get("security") == [{"bearer": []}]
        assert needs_token != public[key], key


def test_every_schema_is_a_json_schema(document: Document) -> None:
    for schema in document.content["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_says_what_it_does(document: Document) -> None:
    for key, operation in document.operations().items():
        assert operation["description"].endswith("."), key
        assert operation["summary"], key
        assert operation["tags"], key
    ids = [operation["operationId"] for operation in document.operations().values()]
    assert len(set(ids)) == len(ids)


def test_every_error_is_documented_as_a_problem(document: Document) -> None:
    for key, operation in document.operations().items():
        [content] = operation["responses"]["default"]["content"].items()
        assert content == (
            "application/problem+json",
            {"schema": {"$ref": "#/components/schemas/ProblemDocument"}},
        ), key
        assert "422" not in operation["responses"], "FastAPI's own shape is not ours"


def test_the_shape_of_errors_has_what_rfc_9457_asks_for(document: Document) -> None:
    schema = document.content["components"]["schemas"]["ProblemDocument"]
    assert set(schema["required"]) == {"type", "title", "status", "detail", "code", "request_id"}
    for kind in Problem.registry.values():
        if kind.code == "stale_version":  # it takes the current representation
            continue
        ProblemDocument.model_validate(kind().document("an-id"))


def test_what_a_patch_leaves_out_has_no_default(document: Document) -> None:
    """A generated client that fills defaults in would overwrite what it never read."""
    fields: dict[str, Any] = document.content["components"]["schemas"]["TaskUpdate"]["properties"]
    assert [name for name, field in fields.items() if "default" in field] == []


def test_inputs_refuse_and_outputs_promise_every_field(document: Document) -> None:
    schemas = document.content["components"]["schemas"]
    for name in ("TaskCreate", "TaskUpdate", "TaskComplete"):
        assert schemas[name]["additionalProperties"] is False
    for name in ("TaskRead", "Me", "ProblemExplanation", "Ready", "Live"):
        required = set(schemas[name].get("required", schemas[name]["properties"]))
        assert required == set(schemas[name]["properties"]), name
