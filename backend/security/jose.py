"""The compact serialisation of a signed token, taken apart strictly (RFC 7515, section 7.1).

Lenient parsers differ from each other, and every difference is a way to show one token to the
checker and another to the reader. So there is one spelling of each token here: no padding, no
spare bits, no duplicate names, no number that JSON cannot carry.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from backend.core import strict_json
from backend.security.refusals import RefusedToken

LONGEST_TOKEN: Final = 8192
"""Characters; a longer token is refused before anything is decoded."""

_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Jws:
    """A token in its parts; nothing of it is verified."""

    header: dict[str, object]
    payload: dict[str, object]
    signed: bytes
    signature: bytes


def parse(token: str) -> Jws:
    """Take a compact token apart.

    Raises:
        RefusedToken: `too_long` or `malformed`.
    """
    if len(token) > LONGEST_TOKEN:
        raise RefusedToken("too_long")
    if not _COMPACT.fullmatch(token):
        raise RefusedToken("malformed")
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    try:
        return Jws(
            read_object(decode_segment(header)),
            read_object(decode_segment(payload)),
            signed.encode("ascii"),
            decode_segment(signature),
        )
    except ValueError:
        raise RefusedToken("malformed") from None


def decode_segment(text: str) -> bytes:
    """Decode base64url without padding (RFC 7515, section 2), in its one canonical spelling.

    Raises:
        ValueError: A foreign character, padding, an impossible length or spare bits that are set.
    """
    segment = text.encode("ascii")
    try:
        decoded = urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if urlsafe_b64encode(decoded).rstrip(b"=") != segment:
        raise ValueError("not canonical base64url")
    return decoded


def encode_segment(data: bytes) -> str:
    """Encode as base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def read_object(data: bytes) -> dict[str, object]:
    """Read one strict JSON object in UTF-8.

    Raises:
        ValueError: Not that: see `strict_json`; or an array, or a scalar.
    """
    value = strict_json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what arrived is a wrong value
    return value
