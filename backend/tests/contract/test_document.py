"""The OpenAPI document describes exactly the program."""

import json
import re
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from backend.core.problems import Problem
from backend.schemas.problem import ProblemDocument
from backend.tests.support.document import Document
from backend.tests.support.paths import operations
from backend.tests.support.people import Person
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
        assert operation["security"] == ([] if public[key] else [{"bearer": []}]), key


def test_every_header_field_that_a_route_takes_is_documented_by_its_name(
    document: Document, service: Service
) -> None:
    routes = {(each.method, each.path): each.route for each in operations(service.app)}
    for key, operation in document.operations().items():
        said = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        read = {name.lower() for name in said} - {"idempotency-key"}  # read before any route
        assert read == routes[key].takes_fields, key
    events = document.operations()["GET", "/api/events"]
    assert "Last-Event-ID" in {each["name"] for each in events["parameters"]}


def test_every_schema_is_a_json_schema(document: Document) -> None:
    for schema in document.content["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_says_what_it_does(document: Document) -> None:
    for key, operation in document.operations().items():
        assert operation["description"].endswith("."), key
        assert operation["summary"], key
        assert operation["tags"], key
    tags = {tag for operation in document.operations().values() for tag in operation["tags"]}
    assert tags == {tag["name"] for tag in document.content["tags"] if tag["description"]}
    ids = [operation["operationId"] for operation in document.operations().values()]
    assert len(set(ids)) == len(ids)


def test_every_error_is_documented_as_a_problem(document: Document) -> None:
    for key, operation in document.operations().items():
        [(kind, content)] = operation["responses"]["default"]["content"].items()
        assert kind == "application/problem+json", key
        assert content["schema"]["allOf"] == [{"$ref": "#/components/schemas/ProblemDocument"}], key
        assert "422" not in operation["responses"], "FastAPI's own shape is not ours"


def test_the_shape_of_errors_has_what_rfc_9457_asks_for(document: Document) -> None:
    schema = document.content["components"]["schemas"]["ProblemDocument"]
    assert set(schema["required"]) == {"type", "title", "status", "detail", "code", "request_id"}
    for kind in Problem.registry.values():
        if kind.code != "stale_version":  # it takes the current representation
            ProblemDocument.model_validate(kind().document("an-id"))


def test_every_code_of_an_error_is_known_beforehand(document: Document) -> None:
    schemas = document.content["components"]["schemas"]
    assert schemas["ProblemCode"]["enum"] == sorted(Problem.registry)
    for name in ("ProblemDocument", "ProblemExplanation"):
        assert schemas[name]["properties"]["code"] == {"$ref": "#/components/schemas/ProblemCode"}
    for name in ("ProblemDocument", "FieldProblem"):
        assert schemas[name]["additionalProperties"] is False


def test_no_member_has_a_default(document: Document) -> None:
    """Generators insist on what has one, in requests too; a patch would write what nobody read."""
    schemas: dict[str, Any] = document.content["components"]["schemas"]
    assert [
        (name, member)
        for name, schema in schemas.items()
        for member, said in schema.get("properties", {}).items()
        if "default" in said
    ] == []


def test_every_shape_of_a_body_has_a_name_of_its_own(document: Document) -> None:
    """A shape that is written out where it is used is called by generators whatever they like."""
    for key, operation in document.operations().items():
        for media_type in operation.get("requestBody", {}).get("content", {}).values():
            assert [*media_type["schema"]] == ["$ref"], key
        for status, response in operation["responses"].items():
            for media_type in response.get("content", {}).values():
                schema = media_type["schema"]
                assert "title" not in schema, (key, status)
                # Of an error it says besides which codes there are.
                [named] = schema.get("allOf", [schema.get("items", schema)])
                assert "$ref" in named or schema == {"type": "string"}, (key, status)


def test_every_operation_is_called_by_its_first_sentence(document: Document) -> None:
    for key, operation in document.operations().items():
        assert operation["description"].startswith(f"{operation['summary']}."), key
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), key


def test_nothing_is_said_of_the_inside(document: Document) -> None:
    """Readers of the document know neither PostgreSQL nor Python behind it."""
    text = json.dumps(document.content)
    for word in ("PostgreSQL", "pydantic", "FastAPI", "class", "SQL", "asyncio", "Frozen"):
        assert not re.search(rf"\b{word}\b", text), word


def test_every_shape_that_people_read_or_send_has_an_example_that_fits(document: Document) -> None:
    schemas = document.content["components"]["schemas"]
    shapes = ("TaskCreate", "TaskUpdate", "TaskComplete", "ListCreate", "ListUpdate", "ListMove")
    for name in (*shapes, "Me", "ProblemDocument"):
        validator = document.validator({"$ref": f"#/components/schemas/{name}"})
        assert schemas[name]["examples"], name
        for example in schemas[name]["examples"]:
            assert list(validator.iter_errors(example)) == [], name


def test_the_examples_of_requests_work_as_often_as_they_are_sent(
    document: Document, alice: Person
) -> None:
    schemas = document.content["components"]["schemas"]
    for _ in range(2):
        created = alice.client.post("/api/tasks", json=schemas["TaskCreate"]["examples"][0])
        assert created.status_code == 201
        path = created.headers["location"]
        patched = alice.client.patch(path, json=schemas["TaskUpdate"]["examples"][0])
        assert patched.status_code == 200
        completed = schemas["TaskComplete"]["examples"][0]
        assert alice.client.patch(f"{path}/complete", json=completed).status_code == 200


def test_inputs_refuse_and_outputs_promise_every_field(document: Document) -> None:
    schemas = document.content["components"]["schemas"]
    inputs = ("TaskCreate", "TaskUpdate", "TaskComplete", "ListCreate", "ListUpdate", "ListMove")
    for name in inputs:
        assert schemas[name]["additionalProperties"] is False
    for name in ("TaskRead", "ListRead", "Me", "ProblemExplanation", "Ready", "Live"):
        required = set(schemas[name].get("required", schemas[name]["properties"]))
        assert required == set(schemas[name]["properties"]), name


def test_the_conditions_of_a_request_are_declared_by_name(
    document: Document, service: Service
) -> None:
    """By the names of RFC 9110, with the answers that they lead to."""
    routes = {(each.method, each.path): each.route for each in operations(service.app)}
    names = {"If-Match", "If-None-Match"}
    declared = {
        key: names & {each["name"] for each in operation.get("parameters", [])}
        for key, operation in document.operations().items()
    }
    for key, operation in document.operations().items():
        writes, takes = routes[key].writes, routes[key].takes_fields
        assert declared[key] == {name for name in names if name.lower() in takes}, key
        assert ("412" in operation["responses"]) == (writes and bool(declared[key])), key
        assert ("304" in operation["responses"]) == (not writes and bool(declared[key])), key
    assert declared["POST", "/api/tasks"] == {"If-Match", "If-None-Match"}
    assert declared["PATCH", "/api/me"] == {"If-Match"}
    assert declared["GET", "/api/auth/me"] == {"If-None-Match"}
