"""Whether a text shows anything: blanks and invisible characters alone are as good as nothing.

Unicode has no property "visible". General categories (UAX 44, table 12) say most of it; the rest
are letters and symbols that are blank by design. Characters that this Python's Unicode does not
know count as invisible, but where a coming version can only put pictographs or ideographs.
"""

from typing import Final
from unicodedata import category

# Letters, numbers, punctuation, symbols. Not: marks, which need something to stand on, separators,
# controls, formats (zero-width and bidirectional ones), surrogates, private use, unassigned.
_SHOWING: Final = frozenset("LNPS")
# Fillers of Hangul (default ignorable), the empty pattern of Braille, a note without a head, and
# the blanks of hieroglyphs.
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159\U00013441\U00013442")
_COMING: Final = (range(0x1F000, 0x1FB00), range(0x20000, 0x2FFFE), range(0x30000, 0x3FFFE))


def is_visible(character: str) -> bool:
    """Whether one character, alone, shows."""
    kind = category(character)
    if kind == "Cn":
        return any(ord(character) in block for block in _COMING)
    return kind[0] in _SHOWING and character not in _BLANK


def shows_something(text: str) -> bool:
    """Whether a text has a visible character."""
    return any(map(is_visible, text))
