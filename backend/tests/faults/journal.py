"""What writers were told, beside what the database has in the end.

What was acknowledged is stored, and what is stored was acknowledged or is unknown: a 201 is a
promise, a 503 and a lost connection say nothing, everything else says that nothing was done.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from backend.tests.faults.wires import LOST, SILENT
from backend.tests.support.private_cluster import PrivateCluster

_UNKNOWN = {LOST, SILENT, 503}  # which the contract calls unknown


class Entry(NamedTuple):
    """One write: whose, its title, which no other has, and the status it got."""

    space: str
    title: str
    status: int

    @property
    def acknowledged(self) -> bool:
        return self.status == 201

    @property
    def possible(self) -> bool:
        """Whether the task may be there."""
        return self.acknowledged or self.status in _UNKNOWN


Row = tuple[str, str, int]
"""Space, title and version of a task."""


class Findings(NamedTuple):
    """What is wrong; all empty or 0 when the promises are kept."""

    lost: int  # acknowledged, and not there
    invented: int  # there, though the client was told that nothing was done
    doubled: int  # titles that are there more than once
    same_version: int  # tasks of a space that share a number
    idle_in_transaction: int = 0


def examine(entries: Sequence[Entry], cluster: PrivateCluster) -> Findings:
    """Compare the journal with the database, once nobody writes any more."""
    spaces = ",".join(sorted({f"'{entry.space}'" for entry in entries})) or "''"
    rows: list[Row] = cluster.execute(
        f"select space_id, title, version from duly.tasks where space_id in ({spaces})"
        " and starts_with(title, space_id || ' ')",  # others were there before
        database="duly",
    )
    [[idle]] = cluster.execute(
        "select count(*) from pg_stat_activity where state like 'idle in transaction%'"
        " and datname = 'duly' and state_change < now() - interval '0.5 s'"
    )
    return compare(entries, rows)._replace(idle_in_transaction=idle)


def compare(entries: Sequence[Entry], rows: Sequence[Row]) -> Findings:
    """The same of rows that were read already."""
    stored = Counter((space, title) for space, title, _ in rows)
    numbers = Counter((space, version) for space, _, version in rows)
    acknowledged = {entry[:2] for entry in entries if entry.acknowledged}
    possible = {entry[:2] for entry in entries if entry.possible}
    return Findings(
        lost=len(acknowledged - stored.keys()),
        invented=len(stored.keys() - possible),
        doubled=sum(number - 1 for number in stored.values()),
        same_version=sum(number - 1 for number in numbers.values()),
    )
