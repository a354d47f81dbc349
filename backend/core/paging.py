"""Keyset paging: a cursor names the last row seen, so no page ever skips or counts rows."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from backend.core.ids import parse_id

_BETWEEN = "\0"  # which no text in the database can hold


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after which a page starts.

    Attributes:
        sort: The sort that the page was made with; a cursor is good for that one only.
        value: The last row's sort value, as text; None for null.
        id: The last row's id in canonical form, which breaks ties.
    """

    sort: str
    value: str | None
    id: str

    def encode(self) -> str:
        """The opaque text that clients hand back: URL-safe, without padding."""
        known = [] if self.value is None else [self.value]
        packed = _BETWEEN.join((self.sort, self.id, *known))
        return urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The cursor that `encode` made `text` of; ValueError for anything else."""
        packed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode()
        match packed.split(_BETWEEN):
            case [sort, last, value] if parse_id(last):
                return cls(sort, value, last)
            case [sort, last] if parse_id(last):
                return cls(sort, None, last)
        raise ValueError("not a cursor")
