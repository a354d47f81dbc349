"""Keyset paging: a cursor names the last row seen, so no page ever skips or counts rows."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from backend.core.ids import parse_id

_ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after which a page starts.

    Attributes:
        sort: The sort that the page was made with; a cursor is good for that one only.
        value: The last row's sort value, as text.
        id: The last row's id, which breaks ties.
    """

    sort: str
    value: str
    id: UUID

    def encode(self) -> str:
        """The opaque text that clients hand back: URL-safe, without padding."""
        packed = _ENCODER.encode([self.sort, self.value, str(self.id)])
        return urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The cursor that `encode` made `text` of; ValueError for anything else."""
        try:
            packed = json.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
        except RecursionError:
            packed = None
        match packed:
            case [str(sort), str(value), str(last)] if "\0" not in value and (
                identifier := parse_id(last)
            ):
                value.encode()  # a lone surrogate is a ValueError too
                return cls(sort, value, identifier)
        raise ValueError("not a cursor")
