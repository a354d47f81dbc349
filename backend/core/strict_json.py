"""JSON as RFC 8259 and I-JSON (RFC 7493) have it: what Python lets through is refused here."""

import json
from typing import Any, NoReturn

from backend.core.problems import InvalidJson


def _refuse_constant(_name: str) -> NoReturn:
    raise InvalidJson("NaN and Infinity are not JSON numbers.")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise InvalidJson("An object names the same member twice.")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)


def loads(body: bytes) -> Any:
    """The value of one JSON text in UTF-8.

    Raises:
        InvalidJson: for bytes that are not UTF-8, a byte order mark, a syntax error, a member
            named twice, NaN or Infinity, numbers beyond 4 300 digits, nesting beyond the stack.
    """
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidJson("The body is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        raise InvalidJson(f"Syntax error at character {error.pos}.") from None
    except RecursionError:
        raise InvalidJson("The body nests too deep.") from None
    except ValueError:
        raise InvalidJson("The body has a number with too many digits.") from None
