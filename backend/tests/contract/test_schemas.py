"""What the document says of a body is what the service takes; what it cannot say is listed here.

Of each difference the descriptions in the document tell people.
"""

import json
import os
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from backend.schemas.batch import Batch
from backend.schemas.list import ListCreate, ListMove, ListUpdate
from backend.schemas.tag import TagUpdate
from backend.schemas.task import TaskComplete, TaskCreate, TaskMove, TaskUpdate
from backend.schemas.user import MeUpdate
from backend.tests.support.document import Document

EXAMPLES: Final = int(os.environ.get("SCHEMA_EXAMPLES", "20"))
BODIES: Final[list[type[BaseModel]]] = [
    *(TaskCreate, TaskUpdate, TaskComplete, TaskMove, Batch),
    *(ListCreate, ListUpdate, ListMove, TagUpdate, MeUpdate),
]
# What JSON Schema has no words for: what a text means, and what one member means for another that
# may be null.
NOT_SAID: Final = {
    *("recurrence", "time_zone", "needs_date", "nothing_visible", "tag", "occurrence"),
    *("date_parsing", "date_or_instant", "string_unicode"),
}
BOTH_WAYS: Final = ("tags", "A tag cannot be both added and removed.")
# What is taken besides, and answered in the one form.
TAKEN_BESIDES: Final = {
    *("due_date", "priority", "id", "list_id", "parent_id", "before", "after"),
    *("occurrence", "due_before", "due_after", "ids", "title", "name"),
    *("due_time", "due_time_zone", "recurrence"),  # an empty text, as forms send it, is null
}
often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        *(HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow)
    ],
)

_FORMATS: Final[dict[str, Callable[[], st.SearchStrategy[str]]]] = {
    "uuid": lambda: st.uuids(version=4).map(str) | st.just("01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"),
    "date": lambda: st.dates().map(str),
    "date-time": lambda: st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
}
_WORDS: Final = st.sampled_from(["FREQ=DAILY", "Europe/Berlin", "UTC", "x", "2026-03-01", "09:30"])


def values(schema: dict[str, Any], schemas: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema, as far as its members say; rules over several members come after."""
    if "$ref" in schema:
        return values(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if several := schema.get("oneOf") or schema.get("anyOf"):
        return st.one_of([values(each, schemas) for each in several])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    return _KINDS[schema["type"]](schema, schemas)


def objects(schema: dict[str, Any], schemas: dict[str, Any]) -> st.SearchStrategy[Any]:
    members = {name: values(each, schemas) for name, each in schema.get("properties", {}).items()}
    needed = {name: members.pop(name) for name in schema.get("required", [])}
    return st.fixed_dictionaries(needed, optional=members)


def arrays(schema: dict[str, Any], schemas: dict[str, Any]) -> st.SearchStrategy[Any]:
    items = values(schema["items"], schemas)
    return st.lists(items, min_size=schema.get("minItems", 0), max_size=3)


def texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if "format" in schema:
        return _FORMATS[schema["format"]]()
    most = min(60, schema.get("maxLength", 60))
    drawn = st.text(min_size=schema.get("minLength", 0), max_size=most) | _WORDS
    if pattern := schema.get("pattern"):
        matching = st.from_regex(pattern, alphabet=st.characters(codec="utf-8"))
        drawn = drawn.filter(lambda text: bool(re.search(pattern, text))) | matching
    # A newline at the end is before the end for Python alone, not for ECMA 262.
    return drawn.filter(lambda text: len(text) <= most and not text.endswith("\n"))


_KINDS: Final[dict[str, Callable[[dict[str, Any], dict[str, Any]], st.SearchStrategy[Any]]]] = {
    "object": objects,
    "array": arrays,
    "string": lambda schema, _: texts(schema),
    "integer": lambda schema, _: st.integers(
        int(schema.get("minimum", -99)), int(schema.get("maximum", 99))
    ),
    "boolean": lambda _, __: st.booleans(),
    "null": lambda _, __: st.none(),
}


def refusals(model: type[BaseModel], body: Any) -> list[tuple[str, str]]:
    """Why the service refuses a body: codes and sentences."""
    try:
        model.model_validate(json.loads(json.dumps(body)))
    except ValidationError as error:
        return [(each["type"], each["msg"]) for each in error.errors()]
    return []


@pytest.mark.parametrize("model", BODIES)
def test_nothing_is_refused_that_the_document_allows_and_could_forbid(
    model: type[BaseModel], document: Document
) -> None:
    schemas = document.content["components"]["schemas"]
    validator = document.validator(schemas[model.__name__])
    taken = 0

    @often
    @given(body=values(schemas[model.__name__], schemas))
    def check(body: Any) -> None:
        nonlocal taken
        assume(validator.is_valid(body))
        found = refusals(model, body)
        taken += not found
        assert [each for each in found if each[0] not in NOT_SAID and each != BOTH_WAYS] == []

    check()
    assert taken, "what is drawn should be taken now and then"


_ANYTHING: Final = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | _WORDS
    | st.uuids().map(str)
    | st.lists(st.text(max_size=60) | st.none() | st.uuids().map(str), max_size=22)
    | st.dictionaries(st.text(max_size=5), st.none(), max_size=2)
)


@pytest.mark.parametrize("model", BODIES)
def test_nothing_is_taken_that_the_document_forbids_but_what_it_tells_of(
    model: type[BaseModel], document: Document
) -> None:
    schemas = document.content["components"]["schemas"]
    schema = schemas[model.__name__]
    validator = document.validator(schema)
    members = sorted(schema.get("properties", {"operations": {}, "filter": {}, "change": {}}))

    @often
    @given(body=values(schema, schemas), name=st.sampled_from([*members, "more"]), value=_ANYTHING)
    def check(body: Any, name: str, value: Any) -> None:
        changed = {**body, name: value}
        if not refusals(model, changed):
            wrong = {str(error.path[-1]) for error in validator.iter_errors(changed) if error.path}
            wrong |= {error.message for error in validator.iter_errors(changed) if not error.path}
            assert wrong <= TAKEN_BESIDES, changed

    check()
