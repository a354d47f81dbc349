"""Tags as clients send and receive them."""

from typing import Annotated
from unicodedata import normalize

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from backend.schemas.scalars import WITH_MARK, Storable, Visible, WithMark


def _each_once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


def _fit_for_a_path(tag: str) -> str:
    if tag in {".", ".."}:
        raise PydanticCustomError("tag", "No URL could name this tag.")
    return tag


def _composed(tag: str) -> str:
    return normalize("NFC", tag)


MAX_TAGS = 20
Tag = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=50),
    AfterValidator(_composed),
    Storable,
    Visible,
    AfterValidator(_fit_for_a_path),
    WithMark,
]
Tags = Annotated[
    tuple[Tag, ...],  # whose default pydantic need not copy
    Field(max_length=MAX_TAGS),
    AfterValidator(_each_once),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 50} | WITH_MARK,
            "maxItems": MAX_TAGS,
        }
    ),
]


class TagRead(BaseModel):
    """A tag."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "home", "count": 3}]})

    name: str
    count: int = Field(description="How many tasks outside the trash have it.")


class TagUpdate(BaseModel):
    """Another name for a tag."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "house"}]})

    name: Tag = Field(
        description="Without the blanks around it. Of a tag that is there: the two become one."
    )
