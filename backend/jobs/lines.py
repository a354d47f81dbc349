"""The file of an export: JSON lines, the first of which says the format, the last one the end."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, Final, Literal, NamedTuple, Self, Union

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)
from sqlalchemy import inspect
from sqlmodel import SQLModel

from backend.jobs.failures import JobFailed
from backend.jobs.members import TYPES, check_row
from backend.models import List, SpaceSettings, Task
from backend.services.transfers import COLUMNS

VERSION: Final = 1
_BATCH: Final = 500  # lines of a transaction
_OCTETS: Final = 1_000_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Head(_Strict):
    """The first line."""

    format: Literal["duly"] = "duly"
    version: int = VERSION


class End(_Strict):
    """The last line: a file without it is not whole."""

    type: Literal["end"] = "end"
    lines: int


class _Row(_Strict):
    @model_validator(mode="after")
    def _check(self) -> Self:
        check_row(dict(self))
        return self


def _row(kind: str, model: type[SQLModel]) -> Any:
    """What a line of a kind may have: the columns, and what each may be."""
    columns = inspect(model).local_table.c
    members: dict[str, Any] = {"type": (Literal[kind], ...)}
    for name in COLUMNS[kind]:
        type_: Any = TYPES.get(name, model.model_fields[name].annotation)
        is_needed = not (columns[name].nullable or columns[name].server_default)
        # A task without a list is in the inbox.
        is_needed &= name != "list_id"
        members[name] = (type_, ...) if is_needed else (type_ | None, None)
    return create_model(kind, __base__=_Row, **members)


_MODELS: Final[dict[str, type[SQLModel]]] = {
    "settings": SpaceSettings,
    "inbox": List,
    "list": List,
    "task": Task,
}
_ROWS: Final[list[Any]] = [_row(kind, model) for kind, model in _MODELS.items()]
_ANY: Final[Any] = Annotated[Union[(*_ROWS, End)], Field(discriminator="type")]
_LINE: Final[TypeAdapter[Any]] = TypeAdapter(_ANY)


class Line(NamedTuple):
    """A row of an account.

    Attributes:
        number: Its place in the file, counted from 1.
        kind: What it is.
        text: The JSON.
    """

    number: int
    kind: str
    text: bytes


def read(stream: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a file.

    Raises:
        JobFailed: with the number of the first line that is none, or when the end is missing.
    """
    numbered = enumerate(stream, 1)
    _check_head(next((text for _, text in islice(numbered, 1)), b""))
    found = 0
    for number, text in numbered:
        if not text.strip():
            continue
        row = _parse(number, text)
        if isinstance(row, End):
            if row.lines != found:
                raise JobFailed(f"Line {number}: {row.lines} lines were written, not {found}.")
            return
        found += 1
        yield Line(number, row.type, text.strip())
    raise JobFailed("The file is not whole: its last line is missing.")


def batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines of one kind each that go into one transaction."""
    batch: list[Line] = []
    octets = 0
    for line in lines:
        if batch and (
            line.kind != batch[0].kind or len(batch) == _BATCH or octets + len(line.text) > _OCTETS
        ):
            yield batch
            batch, octets = [], 0
        batch.append(line)
        octets += len(line.text)
    if batch:
        yield batch


def _check_head(text: bytes) -> None:
    try:
        head = Head.model_validate_json(text)
    except ValidationError:
        raise JobFailed("Line 1: this is no export of Duly.") from None
    if head.version != VERSION:
        raise JobFailed(
            f"Line 1: this is version {head.version} of the format, and this program knows "
            f"{VERSION}: install the release that made it, or a newer one."
        )


def _parse(number: int, text: bytes) -> Any:
    try:
        return _LINE.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"][1:]))
        where = f"{place}: " if place else ""
        raise JobFailed(f"Line {number}: {where}{first['msg']}.") from None
