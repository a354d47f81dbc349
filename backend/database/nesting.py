"""One statement within another: what it gives becomes a name that the rest of the other may read.

PostgreSQL takes what writes in a `WITH` at the top of a statement only, so a `WITH` of the inner
one goes to the top of the outer one.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from backend.database.statements import Fragment, Parameter, Statement

# Text in quotes, a parenthesis, or what is neither: so a parenthesis in quotes counts for nothing.
_TOKEN: Final = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|[()]|[^'"()]+""")
_BEGINS_WITH: Final = re.compile(r"\s*WITH\b")
_GOES_ON: Final = re.compile(r"\s*(?:,|AS\b)")  # a further name, or the columns of this one
_GIVES_ROWS: Final = re.compile(r"\s*(?:SELECT|VALUES)\b|.*\bRETURNING\b", re.DOTALL)


class Nested(NamedTuple):
    """A statement as a part of another one.

    Attributes:
        start: The `WITH` by which the other one begins, without a comma behind it.
        gives_rows: Whether the name has columns, so that others may read it.
    """

    start: Fragment
    gives_rows: bool


def nested(statement: Statement, name: str) -> Nested:
    """`WITH …, name AS MATERIALIZED (statement)`; its parameters come first, in their order."""
    pieces = list(_pieces(statement))
    text = "".join(piece if isinstance(piece, str) else "?" for piece in pieces)
    at = _start_of_main(text) if _BEGINS_WITH.match(text) else 0
    before, main = _cut(pieces, at)
    opening = f", {name} AS MATERIALIZED (" if at else f"WITH {name} AS MATERIALIZED ("
    whole = Fragment.of(*before, opening, *main, ")")
    return Nested(whole, bool(_GIVES_ROWS.match(_outermost(text[at:]))))


def _pieces(statement: Statement) -> Iterator[str | Parameter]:
    for part in statement.parts:
        yield from (part,) if isinstance(part, str) else part.pieces


def _start_of_main(text: str) -> int:
    """Where the `WITH` of a statement ends, which ends with the parenthesis of its last name."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if token[0] == ")" and not depth and not _GOES_ON.match(text, token.end()):
            return token.end()
    raise ValueError(f"not a statement: {text}")


def _outermost(text: str) -> str:
    """What stands in no parenthesis and in no quotes."""
    depth, outermost = 0, ""
    for token in _TOKEN.finditer(text):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        outermost += token[0] if not depth and token[0][0] not in "'\"()" else " "
    return outermost


def _cut(
    pieces: list[str | Parameter], at: int
) -> tuple[list[str | Parameter], list[str | Parameter]]:
    """The pieces before and behind a place in the text, in which a parameter is one character."""
    before: list[str | Parameter] = []
    for place, piece in enumerate(pieces):
        length = len(piece) if isinstance(piece, str) else 1
        if at < length:
            if not isinstance(piece, str):
                return before, pieces[place:]
            return [*before, piece[:at]], [piece[at:], *pieces[place + 1 :]]
        before.append(piece)
        at -= length
    return before, []
