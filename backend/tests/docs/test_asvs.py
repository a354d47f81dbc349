"""docs/asvs.md has every requirement of levels 1 and 2 once; each test that it names exists."""

import re
from collections import Counter
from typing import Final

from backend.tests.docs.markdown import DOCUMENTS
from backend.tests.docs.pages import ROOT

PAGE = DOCUMENTS["docs/asvs.md"]
ROWS = re.findall(r"^\| (V[\d.,V –]+?) \| (.+?) \| (\S+) \| (.*?)\s*\|$", PAGE, re.MULTILINE)

# How many requirements of these levels each section of ASVS 5.0.0 has; they are always its first.
SECTIONS: Final = {
    "V1": (2, 9, 11, 3, 2),
    "V2": (3, 3, 4, 1),
    "V3": (0, 2, 4, 6, 5, 0, 2),
    "V4": (3, 1, 2, 4),
    "V5": (1, 3, 2, 3),
    "V6": (3, 12, 4, 4, 5, 3, 0, 4),
    "V7": (3, 4, 2, 5, 2, 2),
    "V8": (2, 3, 1, 1),
    "V9": (3, 4),
    "V10": (2, 2, 4, 11, 5, 2, 3),
    "V11": (2, 3, 3, 4, 1, 1),
    "V12": (3, 2, 4),
    "V13": (1, 5, 2, 5),
    "V14": (2, 4, 3),
    "V15": (3, 3, 7),
    "V16": (1, 5, 4, 3, 3),
    "V17": (1, 4, 2),
}


def named(cell: str) -> list[str]:
    """The requirements of a cell, one by one: its ranges have a dash."""
    found = []
    for part in cell.split(", "):
        section, _, numbers = part.rpartition(".")
        first, _, last = numbers.partition("–")
        found += [f"{section}.{each}" for each in range(int(first), int(last or first) + 1)]
    return found


def test_every_requirement_is_there_once() -> None:
    expected = Counter(
        f"{chapter}.{section}.{number}"
        for chapter, sections in SECTIONS.items()
        for section, most in enumerate(sections, 1)
        for number in range(1, most + 1)
    )
    assert expected.total() == 253
    assert Counter(each for cell, *_ in ROWS for each in named(cell)) == expected


def test_every_test_that_is_named_exists() -> None:
    tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)
    assert len(tests) > 80
    missing = [
        f"{file}::{name}"
        for file, name in tests
        if f"def {name}(" not in (ROOT / "backend" / file).read_text("utf-8")
    ]
    assert missing == []


def test_what_is_met_says_how_and_what_is_not_says_why() -> None:
    assert {met for _, _, met, _ in ROWS} == {"yes", "part", "no", "operator", "frontend", "–"}
    assert [cell for cell, _, met, how in ROWS if met in {"yes", "part", "no"} and not how] == []
