"""The journal notices each way in which a write can go wrong; part of `make test`."""

import pytest

from backend.tests.faults.journal import Entry, Findings, Row, compare

TOLD = [
    Entry("alice", "acknowledged", 201),
    Entry("alice", "unknown", 503),
    Entry("alice", "cut off", 0),
    Entry("alice", "refused", 422),
    Entry("alice", "never connected", -1),
]
KEPT: list[Row] = [("alice", "acknowledged", 1), ("alice", "cut off", 2)]
RIGHT = Findings(lost=0, invented=0, doubled=0, same_version=0)


@pytest.mark.parametrize(
    ("rows", "findings"),
    [
        (KEPT, RIGHT),
        ([*KEPT, ("alice", "unknown", 3)], RIGHT),
        (KEPT[1:], RIGHT._replace(lost=1)),
        ([*KEPT, ("alice", "refused", 3)], RIGHT._replace(invented=1)),
        ([*KEPT, ("alice", "never connected", 3)], RIGHT._replace(invented=1)),
        ([*KEPT, ("bob", "unknown", 3)], RIGHT._replace(invented=1)),
        ([*KEPT, ("alice", "cut off", 3)], RIGHT._replace(doubled=1)),
        ([*KEPT, ("alice", "unknown", 2)], RIGHT._replace(same_version=1)),
    ],
)
def test_what_is_stored_is_compared_with_what_was_told(rows: list[Row], findings: Findings) -> None:
    assert compare(TOLD, rows) == findings
