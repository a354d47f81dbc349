"""JSON as RFC 8259 and I-JSON (RFC 7493) have it: what Python lets through is refused here.

Lenient parsers differ from each other, and every difference is a way to show one text to the
checker and another to the reader.
"""

import json
import math
from typing import Any, NoReturn


class NotStrictJson(ValueError):  # noqa: N818 - a property of the text, not a fault of the program
    """The text is not strict JSON; the message says why, without repeating any of it."""


def loads(text: bytes) -> Any:
    """The value of one JSON text in UTF-8.

    Raises:
        NotStrictJson: for bytes that are not UTF-8, a byte order mark, a syntax error, a member
            named twice, NaN or Infinity, a number too large for a double or of more than 4 300
            digits, nesting beyond the stack.
    """
    try:
        return _DECODER.decode(text.decode("utf-8"))
    except UnicodeDecodeError:
        raise NotStrictJson("It is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"There is a syntax error at character {error.pos}.") from None
    except RecursionError:
        raise NotStrictJson("It nests too deep.") from None
    except NotStrictJson:
        raise
    except ValueError:  # Python's own bound on the digits of an integer
        raise NotStrictJson("A number has too many digits.") from None


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
