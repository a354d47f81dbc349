"""JSON as RFC 8259 and I-JSON (RFC 7493) have it: what Python lets through is refused here.

Lenient parsers differ from each other, and every difference is a way to show one text to the
checker and another to the reader.
"""

import json
import math
import re
from itertools import accumulate
from typing import Any, NoReturn

MAX_DEPTH = 64
"""Arrays and objects inside each other; not left to the interpreter's stack, which varies."""

# One that does not end takes the rest: looking for its end again and again would take minutes.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = b"[{]}"
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))
_STEPS = bytes.maketrans(_BRACKETS, b"\x01\x01\xff\xff")  # one down or, as a signed byte, one up


class NotStrictJson(ValueError):  # noqa: N818 - a property of the text, not a fault of the program
    """The text is not strict JSON; the message says why, without repeating any of it."""


def loads(text: bytes) -> Any:
    """The value of one JSON text in UTF-8.

    Raises:
        NotStrictJson: for bytes that are not UTF-8, a byte order mark, a syntax error, a member
            named twice, NaN or Infinity, a number too large for a double or of more than 4 300
            digits, nesting deeper than `MAX_DEPTH`.
    """
    try:
        decoded = text.decode("utf-8")
        if _has_many_brackets(text):
            _check_depth(text)
        return _DECODER.decode(decoded)
    except UnicodeDecodeError:
        raise NotStrictJson("It is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"There is a syntax error at character {error.pos}.") from None
    except NotStrictJson:
        raise
    except ValueError:  # Python's own bound on the digits of an integer
        raise NotStrictJson("A number has too many digits.") from None


def _has_many_brackets(text: bytes) -> bool:
    """Whether it can nest too deep; `find` costs a fiftieth of `count` where there are few."""
    found = 0
    for bracket in (b"[", b"{"):
        at = text.find(bracket)
        while at >= 0 and found <= MAX_DEPTH:
            found += 1
            at = text.find(bracket, at + 1)
    return found > MAX_DEPTH


def _check_depth(text: bytes) -> None:
    """Refuse what nests too deep; where brackets do not match, the parser goes no further."""
    steps = _STRING.sub(b"", text).translate(_STEPS, _OTHERS)
    if max(accumulate(memoryview(steps).cast("b")), default=0) > MAX_DEPTH:
        raise NotStrictJson("It nests too deep.")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise NotStrictJson("An object names the same member twice.")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotStrictJson("A number is too large.")
    return number


def _refuse_constant(_name: str) -> NoReturn:
    raise NotStrictJson("NaN and Infinity are not JSON numbers.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_finite, parse_constant=_refuse_constant
)
