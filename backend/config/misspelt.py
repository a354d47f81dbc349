"""Variables that look like a setting with its name misspelt; never those of other programs."""

import re
from collections.abc import Collection, Iterable
from typing import Final

_SHORTEST: Final = 8  # letters: what is shorter is like too many other names
_LONG: Final = 12
# What other programs call it. Only names that say whom they are meant for.
_ALSO_CALLED: Final = {
    "CORSALLOWEDORIGIN": "cors_origins",
    "CORSALLOWORIGIN": "cors_origins",
    "BETTERAUTHJWKSURL": "auth_jwks_url",
    "BETTERAUTHISSUER": "auth_issuer",
    "BETTERAUTHAUDIENCE": "auth_audience",
}


def find_misspelt(
    variables: Iterable[str], known: Collection[str], given: Collection[str]
) -> list[str]:
    """A sentence for each variable that is probably meant for a setting which is not set.

    Args:
        variables: Names that are no setting.
        known: The settings, in lower case.
        given: Those that have a value.
    """
    wanted = {name: _letters(name) for name in sorted(known) if name not in given}
    found = ((variable, _meant(variable, wanted)) for variable in sorted(variables))
    return [
        f"{variable} is no setting: did you mean {name.upper()}?"
        for variable, name in found
        if name
    ]


def _meant(variable: str, wanted: dict[str, str]) -> str | None:
    """The setting that the variable is meant for."""
    bare = re.sub(r"^(EXPORT |\$ENV:|DULY_)", "", variable.upper())
    named = bare != variable.upper()
    letters = _letters(bare.removesuffix("_FILE"))
    if (other := _ALSO_CALLED.get(letters)) in wanted:
        return other
    near = ((_distance(letters, each), name) for name, each in wanted.items())
    distance, name = min(near, default=(99, ""))
    shorter = min(len(letters), len(wanted.get(name, "")))
    if shorter < _SHORTEST:
        return name if named and distance == 0 else None
    return name if distance <= (1 if shorter < _LONG else 2) else None


def _letters(name: str) -> str:
    """A name without what is easily written otherwise: underscores, case, plural."""
    letters = re.sub(r"[^A-Z0-9]", "", name.upper())
    return re.sub(r"IES$", "Y", letters).removesuffix("S")


def _distance(one: str, other: str) -> int:
    """Letters added, left out, changed or swapped with their neighbour (optimal alignment).

    Names of different beginnings or lengths are far apart, whatever else: few typos are there.
    """
    if one[:1] != other[:1] or abs(len(one) - len(other)) > 2:  # noqa: PLR2004 - as `_meant`
        return 99
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, their in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != their)))
            if i > 1 and j > 1 and letter == other[j - 2] and their == one[i - 2]:
                row[-1] = min(row[-1], last[j - 2] + 1)
    return row[-1]
